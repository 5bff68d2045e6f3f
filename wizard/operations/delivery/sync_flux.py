"""How far a runner's files have come where Flux reads them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from wizard.core.errors import NotAllowedError, NotFoundError
from wizard.core.manifest import ObjectRef
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.gitops.flux import (
    KUSTOMIZE,
    applied_commit,
    kustomization_ref,
    lacks_ready,
    reads_kustomizations,
    reconcile_now,
    release_ref,
    source_ref,
)
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster, Json


@dataclass(frozen=True, slots=True)
class FluxSync:
    """An `Arrival`: the runner's Kustomization says what it has applied, and if all is ready."""

    profile: Profile
    runner: Runner
    cluster: Cluster
    git: Checkout | None

    @staticmethod
    def reports(profile: Profile, cluster: Cluster) -> tuple[ObjectRef, ...]:
        delivery = profile.delivery
        return (
            source_ref(delivery),
            *_parents(profile, cluster),
            *(kustomization_ref(delivery, name) for name in profile.delivered_names),
            *(release_ref(delivery, runner.release) for runner in profile.runners),
        )

    def not_started(self) -> str:
        if self.cluster.get(self._kustomization) is None:
            return f"Flux has no {self._kustomization} yet"
        return ""

    def behind(self) -> str:
        return self.awaited()

    def awaited(self) -> str:
        found = self.cluster.get(self._kustomization)
        if found is None:
            return lacks_ready(self._kustomization, None)
        git = self.git
        if git and git.revision and not git.holds(applied_commit(found)):
            lacks = lacks_ready(self._kustomization, found)
            return lacks or f"Flux has not applied commit {git.revision[:8]} yet"
        release = release_ref(self.profile.delivery, self.runner.release)
        return lacks_ready(self._kustomization, found) or lacks_ready(
            release, self.cluster.get(release)
        )

    def look_now(self) -> None:
        delivery = self.profile.delivery
        for ref in (
            source_ref(delivery),
            *_parents(self.profile, self.cluster),
            self._kustomization,
            release_ref(delivery, self.runner.release),
        ):
            with suppress(NotFoundError):
                self.cluster.annotate(ref, reconcile_now())

    @property
    def _kustomization(self) -> ObjectRef:
        return kustomization_ref(self.profile.delivery, self.runner.release)


def _parents(profile: Profile, cluster: Cluster) -> list[ObjectRef]:
    """The Kustomizations that read the folder of ours; none where they may not be seen."""
    delivery, found = profile.delivery, list[Json]()
    with suppress(NotAllowedError):
        found = cluster.find(KUSTOMIZE, "Kustomization", delivery.flux.namespace)
    return [
        kustomization_ref(delivery, one["metadata"]["name"])
        for one in found
        if reads_kustomizations(one, delivery)
    ]
