"""Kubernetes: what we need of a cluster. `adapter.connect` reaches one over its REST API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Any, Protocol

from wizard.core.changes import Change
from wizard.core.facts import ClusterFacts
from wizard.core.manifest import Manifest, ObjectRef
from wizard.systems.kubernetes.creation import created_by
from wizard.systems.kubernetes.nouns import (
    Applied,
    Contents,
    Contexts,
    Json,
    Lease,
    Outcome,
    Owned,
    Permission,
    RunningSetup,
    ServiceAccountRef,
    SetupText,
)
from wizard.systems.kubernetes.order import in_order, in_reverse
from wizard.systems.kubernetes.owners import owner_of, profile_of

__all__ = [
    "Applied",
    "Cluster",
    "Contents",
    "Contexts",
    "Json",
    "Lease",
    "Outcome",
    "Owned",
    "Permission",
    "RunningSetup",
    "ServiceAccountRef",
    "SetupText",
    "created_by",
    "in_order",
    "in_reverse",
    "owner_of",
    "profile_of",
]


class Cluster(Protocol):
    """One cluster, reached as one user. Synchronous: operations run each call in a thread.

    Every method may raise `NotReachedError` (refused, timed out, throttled for too long, cut,
    nonsense), `NotAllowedError` (unknown to the cluster, or forbidden by RBAC), `NotFoundError`
    (also: the cluster does not serve this kind), `ConflictError`, or a plain `WizardError` with the
    server's own words. Only reads are retried; a write that raises `NotReachedError` says in
    `maybe_done` whether it may have
    taken effect. All methods may be called from several threads at once.
    """

    @property
    def context(self) -> str:
        """The kubeconfig's context in use, or `in-cluster`."""
        ...

    def uid(self) -> str:
        """The cluster's identity: the uid of its namespace kube-system. Asked once."""
        ...

    def version(self) -> str:
        """The server's version: `v1.32.0`."""
        ...

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the cluster knows this kind. Asked once per API version."""
        ...

    def get(self, ref: ObjectRef) -> Json | None:
        """One object, or None where there is none (a kind that is not served has none either)."""
        ...

    def find(
        self,
        api_version: str,
        kind: str,
        namespace: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> list[Json]:
        """Objects of a kind by labels; an empty namespace means all. Reads page by page."""
        ...

    def secret_fingerprint(self, ref: ObjectRef, key: str) -> str | None:
        """`core.secrets.fingerprint` of one value of a Secret; None where it is not there."""
        ...

    def apply(self, manifest: Manifest, *, force: bool = False) -> Applied:
        """Server-side apply as field manager `runner-wizard`, with strict field validation.

        What is not there is created, and only created: nothing that others make meanwhile is
        taken for ours. A namespace that the profile did not create stays as it is.

        Args:
            force: take over fields of other field managers, and objects that Helm, Argo CD, Flux
                or OLM look after.

        Raises: ConflictError, naming the other owner and the fields, unless forced.
        """
        ...

    def annotate(self, ref: ObjectRef, annotations: Mapping[str, str]) -> None:
        """Set annotations of an object that is there, whoever looks after it; nothing else of it.

        Raises: NotFoundError, where it is not there.
        """
        ...

    def enforce(self, namespace: str, level: str, *, dry_run: bool) -> tuple[str, ...]:
        """Set the Pod Security level of a namespace, whoever made it, and nothing else of it.

        Args:
            dry_run: only ask what the cluster would say.

        Returns: the server's warnings, which name the pods that run there and would be refused.
        """
        ...

    def diff(self, manifest: Manifest, *, force: bool = False) -> Change:
        """What `apply` would change, from a server-side dry-run; nothing is written.

        Secret values are compared and shown as SHA-256. A namespaced object whose namespace is not
        there yet is a create that the server could not judge; `why` says so.
        """
        ...

    def diff_by_reading(self, manifest: Manifest) -> Change:
        """The same for who may only read: what is there, compared without the server's judgment."""
        ...

    def owned(self, profile_id: str, within: Sequence[str] = ()) -> list[Owned]:
        """Everything of a profile: our labels, and written by our field manager.

        Objects that a GitOps controller applied from our files are that controller's, not listed.

        Args:
            within: look in these namespaces only, and at nothing outside of them.
        """
        ...

    def contents(self, namespace: str) -> Contents:
        """All objects of a namespace, over every served kind that can be listed, but for events."""
        ...

    def delete(self, ref: ObjectRef, *, uid: str) -> bool:
        """Delete exactly this incarnation; False where it is gone already.

        Raises: ConflictError, when the name now belongs to an object with another uid.
        """
        ...

    def lease(self, ref: ObjectRef) -> Lease | None:
        """A Lease as it is now; None where there is none, or no namespace for it."""
        ...

    def write_lease(self, lease: Lease) -> Lease:
        """Create a Lease that was not there, or change one that is still as it was read.

        Raises: ConflictError, where another has created or changed it since; NotFoundError, where
        its namespace is not there.
        """
        ...

    def now(self) -> datetime:
        """The API server's clock, as of its newest answer; aware, in whole seconds."""
        ...

    def may(self, permission: Permission, account: ServiceAccountRef | None = None) -> bool:
        """Whether we, or a ServiceAccount, may do something (SelfSubjectAccessReview, 1.32)."""
        ...

    def refused(
        self, permissions: list[Permission], account: ServiceAccountRef | None = None
    ) -> list[Permission]:
        """Those of the permissions that are not given, in their order; asked side by side."""
        ...

    def admit(self, pod: Mapping[str, Any]) -> tuple[str, ...]:
        """Ask whether a pod would be admitted (Pod Security, quota, webhooks); a dry-run create.

        A namespace that does not exist cannot judge: Pod Security reads the namespace's labels
        and a dry-run leaves no namespace behind. Apply the Namespace and the pod's ServiceAccount
        (it is looked up too) first, then ask, and only then create anything else.

        Returns: the server's warnings.
        Raises: RefusedError, with the server's words; NotFoundError, when the namespace is not
        there.
        """
        ...

    def watch_rollout(
        self, deployment: ObjectRef, *, deadline: float, cancel: Event, grace: float = 30
    ) -> Iterator[str]:
        """Wait until the newest ReplicaSet of a Deployment is available; yields what happens.

        Args:
            deadline: seconds, for the whole wait.
            cancel: ends the wait early, without an error, within a second or two.
            grace: seconds that one trouble (unschedulable, image pull, crash loop, missing key,
                quota) may last before the wait is given up.

        Raises: WizardError, with the trouble in words, the evidence (scheduler's message, image,
            last 20 log lines, redacted) and a way out.
        """
        ...

    def restart_pods(
        self, namespace: str, labels: Mapping[str, str], *, deadline: float, cancel: Event
    ) -> Iterator[str]:
        """Delete the pods one by one, each time waiting for a ready replacement; yields progress.

        Args:
            deadline: seconds for each replacement.

        Raises: WizardError, as `watch_rollout`; pods not yet deleted are left alone.
        """
        ...

    def logs(self, namespace: str, pod: str, container: str = "", *, lines: int = 20) -> str:
        """The last lines of a container's log, redacted."""
        ...

    def service_get(self, namespace: str, service: str, path: str) -> str:
        """Read plain text from a Service's HTTP port, through the API server's proxy."""
        ...

    def discover(self) -> ClusterFacts:
        """What there is: version, nodes with free room, operators, stores, namespaces.

        What may not be seen is left empty and named in `trouble`; never raises.
        """
        ...
