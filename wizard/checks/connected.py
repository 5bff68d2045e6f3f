"""What a check is given: one profile, the systems it names, and how it is run."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from wizard.core.facts import ClusterFacts, Identity, Scope
from wizard.core.findings import Check
from wizard.core.manifest import Manifest, ObjectRef
from wizard.core.run import RunOptions
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems import Systems
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Cluster, Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pending:
    """What `apply` would write, as far as looking has shown."""

    manifests: tuple[Manifest, ...] = ()
    """Objects of the cluster that `apply` itself would create or update."""
    runners: tuple[Runner, ...] = ()
    """Runners that GitLab has not, or has otherwise, or whose managers change."""
    tokens: bool = False
    """Whether a token is to be stored."""

    @property
    def anything(self) -> bool:
        return bool(self.manifests or self.runners or self.tokens)


@dataclass(frozen=True, slots=True)
class Connected:
    """The one context of checks and verbs; what several of them look at is asked once.

    Args:
        file: the profile, and where it is written.
        systems: how each part was reached; asked for credentials only.
        run: how the operation is run.
        gitlab: None where it refused to be reached.
        backend: None where it refused to be reached.
        cluster: None where it cannot be seen, or refused to be reached.
        identity: who the GitLab token is; None where GitLab does not accept it.
        unseen: why the cluster cannot be seen; empty where it can.
        refusals: what kept parts from being reached.
        pending: what `apply` would write.
    """

    file: ProfileFile
    systems: Systems
    run: RunOptions
    gitlab: GitLab | None = None
    backend: Backend | None = None
    cluster: Cluster | None = None
    identity: Identity | None = None
    unseen: str = ""
    refusals: tuple[Check, ...] = ()
    pending: Pending = field(default_factory=Pending)
    _known: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    """What was asked already; a copy made by `replace` knows it too."""

    @property
    def profile(self) -> Profile:
        return self.file.profile

    @property
    def to_cluster(self) -> bool:
        return not self.profile.delivery.writes_files

    @property
    def signed_in(self) -> GitLab:
        """GitLab, for what is only asked where it was reached."""
        if self.gitlab is None:
            raise RuntimeError("GitLab was not reached")
        return self.gitlab

    @property
    def seen_cluster(self) -> Cluster:
        """The cluster, for what is only asked where it can be seen."""
        if self.cluster is None:
            raise RuntimeError("the cluster was not reached")
        return self.cluster

    @property
    def opened_backend(self) -> Backend:
        """The secret backend, for what is only asked where it was reached."""
        if self.backend is None:
            raise RuntimeError("the backend was not reached")
        return self.backend

    def with_pending(self, pending: Pending) -> Connected:
        """The same, once it is known what would be written."""
        return replace(self, pending=pending)

    def facts(self) -> ClusterFacts:
        """What there is on the cluster."""
        return self._once("facts", self.seen_cluster.discover)

    def scope(self, runner: Runner) -> Scope:
        """Where a runner is offered. Raises: WizardError, from GitLab."""
        kind, path = runner.scope.kind, runner.scope.path
        return self._once((kind, path), lambda: self.signed_in.resolve(kind, path))

    def object(self, ref: ObjectRef) -> Json | None:
        """One object of the cluster; None where there is none.

        Raises: NotAllowedError, and all that `Cluster.get` raises.
        """
        return self._once(ref, lambda: self.seen_cluster.get(ref))

    def namespace(self, name: str) -> Json | None:
        """A namespace; None where there is none. Raises: as `object`."""
        return self.object(ObjectRef("v1", "Namespace", "", name))

    def _once(self, question: Hashable, ask: Callable[[], T]) -> T:
        if question not in self._known:
            self._known[question] = ask()
        return cast("T", self._known[question])
