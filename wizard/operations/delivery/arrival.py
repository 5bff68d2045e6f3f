"""Whether a runner's files have reached the cluster, which every packaging shows in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from wizard.core.errors import NotAllowedError
from wizard.core.manifest import ObjectRef
from wizard.operations.delivery.released import unlike
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manifests
from wizard.systems.gitops.argocd import API, REFRESH, application_ref, reads_applications
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster, Json


class Arrival(Protocol):
    """How far one runner's files have come. Each answer is in words, and empty for nothing."""

    def __init__(
        self, profile: Profile, runner: Runner, cluster: Cluster, git: Checkout | None
    ) -> None: ...

    @staticmethod
    def reports(profile: Profile, cluster: Cluster) -> tuple[ObjectRef, ...]:
        """The objects on which an operator says how all the files of a profile fare.

        What brings them comes first: the Application that reads the folder of ours.
        """
        ...

    def not_started(self) -> str:
        """Why there is nothing yet to wait for."""
        ...

    def behind(self) -> str:
        """How what runs is not what the files say.

        Raises: NotAllowedError, where it cannot be told.
        """
        ...

    def awaited(self) -> str:
        """What has to happen in the cluster, by itself, before the runner is what they say."""
        ...

    def look_now(self) -> None:
        """Have what brings the files look at once, and not when its interval ends.

        Raises: NotAllowedError; NotFoundError.
        """
        ...


@dataclass(frozen=True, slots=True)
class ArgoCdSync:
    """Argo CD reads the repository: its Application says what it has synced."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    git: Checkout | None

    @staticmethod
    def reports(profile: Profile, cluster: Cluster) -> tuple[ObjectRef, ...]:
        releases = (runner.release for runner in profile.runners)
        ours = (_application(profile, name) for name in (profile.shared, *releases))
        return (*_parents(profile, cluster), *ours)

    def look_now(self) -> None:
        if self.cluster.get(self._application) is not None:
            self.cluster.annotate(self._application, REFRESH)
        for parent in _parents(self.profile, self.cluster):
            self.cluster.annotate(parent, REFRESH)

    def not_started(self) -> str:
        if self.cluster.get(self._application) is None:
            return f"Argo CD has no {self._application} yet"
        return ""

    def behind(self) -> str:
        return self.awaited()

    def awaited(self) -> str:
        found = self.cluster.get(self._application)
        if found is None:
            return f"Argo CD has no {self._application} yet"
        status = found.get("status", {})
        sync, health = status.get("sync", {}), status.get("health", {})
        revisions = [*sync.get("revisions", []), sync.get("revision", "")]
        if self.git and self.git.revision and not any(map(self.git.holds, revisions)):
            return f"Argo CD has not synced commit {self.git.revision[:8]} yet"
        if sync.get("status") != "Synced":
            return f"{self._application} is {sync.get('status', 'not synced')}{_said(status)}"
        if health.get("status") != "Healthy":
            return f"{self._application} is {health.get('status', 'not healthy')}{_said(health)}"
        return ""

    @property
    def _application(self) -> ObjectRef:
        return _application(self.profile, self.runner.release)


@dataclass(frozen=True, slots=True)
class AppliedByHand:
    """The wizard or a person applies the files: the Deployment shows what it was made of."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    git: Checkout | None

    @staticmethod
    def reports(profile: Profile, cluster: Cluster) -> tuple[ObjectRef, ...]:  # noqa: ARG004
        return ()  # there is no operator to say anything

    def look_now(self) -> None:
        """Nobody is there to look."""

    def not_started(self) -> str:
        if self.cluster.get(self._deployment) is None:
            return f"the cluster has no {self._deployment} yet"
        return ""

    def behind(self) -> str:
        if self.profile.delivery.spec.uses_chart:
            why = unlike(self.profile, self.runner, self.cluster)
            return (
                f"the release {self.runner.release} is older than the files: {why}" if why else ""
            )
        only = self.profile.model_copy(update={"runners": [self.runner]})
        wanted = next(one.body for one in manifests(only) if one.ref == self._deployment)
        found = self.cluster.get(self._deployment)
        if found is None or _made_of(found) != _made_of(wanted):
            return f"{self._deployment} is not yet what the files say"
        return ""

    def awaited(self) -> str:
        return ""

    @property
    def _deployment(self) -> ObjectRef:
        namespace = self.profile.cluster.namespace
        return ObjectRef("apps/v1", "Deployment", namespace, self.runner.release)


_ARRIVALS: Mapping[str, type[Arrival]] = {
    "argocd": ArgoCdSync,
    "helm": AppliedByHand,
    "manifests": AppliedByHand,
}


def arrival_of(profile: Profile, runner: Runner, cluster: Cluster, git: Checkout | None) -> Arrival:
    """What shows how far the files of a runner have come.

    Args:
        git: what Git says of the folder they are in; None where they are in no work tree.
    """
    return _ARRIVALS[profile.delivery.packaging](profile, runner, cluster, git)


def operator_reports(profile: Profile, cluster: Cluster) -> tuple[ObjectRef, ...]:
    """The objects on which an operator says how a profile's files fare; none without one."""
    return _ARRIVALS[profile.delivery.packaging].reports(profile, cluster)


def _parents(profile: Profile, cluster: Cluster) -> list[ObjectRef]:
    """The Applications that read the folder of ours; none where they may not be seen."""
    repository, namespace = profile.delivery.repository, profile.delivery.argocd.namespace
    if repository is None:
        return []
    found: list[Json] = []
    with suppress(NotAllowedError):
        found = cluster.find(API, "Application", namespace)
    return [
        application_ref(namespace, one["metadata"]["name"])
        for one in found
        if reads_applications(one, repository)
    ]


def _application(profile: Profile, name: str) -> ObjectRef:
    return application_ref(profile.delivery.argocd.namespace, name)


def _made_of(deployment: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What shows in a Deployment of its runner's configuration: a checksum, and the images."""
    template = deployment["spec"]["template"]
    annotations = template["metadata"].get("annotations") or {}
    images = [container["image"] for container in template["spec"]["containers"]]
    return annotations.get("checksum/config", ""), images


def _said(status: Mapping[str, Any]) -> str:
    said = status.get("message") or status.get("operationState", {}).get("message") or ""
    return f": {said}" if said else ""
