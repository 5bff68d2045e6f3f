"""What was found on a cluster. A fact shapes a rendering only once it is in the profile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One node, and what is left on it for new pods; CPU in millicores, memory in bytes."""

    name: str
    architecture: str
    cpu_free: int
    memory_free: int
    cpu: int
    memory: int
    schedulable: bool = True
    """Whether an ordinary pod, one without tolerations, may land here now."""
    ready: bool = True
    """Ready and not cordoned; taints are another matter."""
    system: str = "linux"
    """Its operating system, as Kubernetes calls it."""
    labels: tuple[tuple[str, str], ...] = ()
    taints: tuple[tuple[str, str, str], ...] = ()
    """Key, value and effect of each."""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """A SecretStore or ClusterSecretStore of External Secrets."""

    kind: str
    name: str
    namespace: str
    provider: str
    ready: bool


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """A cluster as it was found; `uid` is the uid of the namespace kube-system."""

    context: str
    reachable: bool
    uid: str = ""
    server: str = ""
    version: str = ""
    nodes: tuple[NodeFacts, ...] = ()
    namespaces: tuple[str, ...] = ()
    operators: tuple[tuple[str, str], ...] = ()
    """Found operators, each with the API version it serves: `("external-secrets", "v1")`."""
    stores: tuple[StoreFacts, ...] = ()
    service_cidrs: tuple[str, ...] = ()
    """The ranges of its services and of its pods; empty where it does not say."""
    pod_cidrs: tuple[str, ...] = ()
    platform: str = "kubernetes"
    """`kubernetes`, or `openshift`, which has rules of its own for the users of pods."""
    trouble: str = ""
    """Why it could not be reached, in words."""
    warning: str = ""
    """What is unsafe on the way there; empty for nothing."""

    @property
    def architectures(self) -> tuple[str, ...]:
        return tuple(sorted({node.architecture for node in self.nodes}))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a GitLab token is and what it may do."""

    username: str
    scopes: tuple[str, ...]
    expires_at: str = ""
    """ISO date, or empty where the token does not say."""
    is_admin: bool = False
    known: bool = True
    """False where GitLab would not tell (an OAuth or fine-grained token): trying is the test."""
    user_id: int = 0
    """0 where the token's scopes do not reach as far as its own user."""

    def may(self, scope: str) -> bool | None:
        """Whether the token has a scope; None where GitLab would not say."""
        if not self.known:
            return None
        return scope in self.scopes or "api" in self.scopes


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a runner may be created: a project, a group, or the instance."""

    kind: str
    path: str
    id: int = 0
    name: str = ""
    access_level: int = 0
    """What the token's user is there, as GitLab counts (40 Maintainer, 50 Owner); 0: not known."""
