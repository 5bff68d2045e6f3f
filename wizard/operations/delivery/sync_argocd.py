"""How far a runner's files have come where Argo CD reads them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wizard.core.errors import NotAllowedError
from wizard.core.manifest import ObjectRef
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.gitops.argocd import API, REFRESH, application_ref, reads_applications
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster, Json


@dataclass(frozen=True, slots=True)
class ArgoCdSync:
    """Argo CD reads the repository: its Application says what it has synced."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    git: Checkout | None

    @staticmethod
    def reports(profile: Profile, cluster: Cluster) -> tuple[ObjectRef, ...]:
        ours = (_ref(profile, name) for name in profile.delivered_names)
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
        return _ref(self.profile, self.runner.release)


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


def _ref(profile: Profile, name: str) -> ObjectRef:
    return application_ref(profile.delivery.argocd.namespace, name)


def _said(status: Mapping[str, Any]) -> str:
    said = status.get("message") or status.get("operationState", {}).get("message") or ""
    return f": {said}" if said else ""
