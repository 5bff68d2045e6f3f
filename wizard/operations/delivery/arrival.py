"""Whether a runner's files have reached the cluster, which every packaging shows in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wizard.core.manifest import ObjectRef
from wizard.operations.delivery.released import unlike
from wizard.operations.delivery.sync_argocd import ArgoCdSync
from wizard.operations.delivery.sync_flux import FluxSync
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manifests
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster


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
        """No one is there to look."""

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
    "flux": FluxSync,
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


def _made_of(deployment: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What shows in a Deployment of its runner's configuration: a checksum, and the images."""
    template = deployment["spec"]["template"]
    annotations = template["metadata"].get("annotations") or {}
    images = [container["image"] for container in template["spec"]["containers"]]
    return annotations.get("checksum/config", ""), images
