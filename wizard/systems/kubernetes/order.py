"""The order in which objects are created, and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

_CREATED_FIRST = (
    "Namespace",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "ClusterSecretStore",
    "SecretStore",
    "ExternalSecret",
    "SealedSecret",
    "Service",
    "PodDisruptionBudget",
)
_CREATED_LAST = ("Deployment", "HelmRepository", "HelmRelease", "Kustomization", "Application")
# Kinds unknown here stand between the two: whatever runs comes after everything it reads.
_RANKS = {kind: rank for rank, kind in enumerate(_CREATED_FIRST, start=-len(_CREATED_FIRST))} | {
    kind: rank for rank, kind in enumerate(_CREATED_LAST, start=1)
}


class _Kinded(Protocol):
    @property
    def kind(self) -> str: ...


T = TypeVar("T", bound=_Kinded)


def in_order(things: Iterable[T]) -> list[T]:
    """Manifests or references so that each comes after what it needs; otherwise as they were."""
    return sorted(things, key=lambda thing: _RANKS.get(thing.kind, 0))


def in_reverse(things: Iterable[T]) -> list[T]:
    """The order of deletion: what runs goes first, namespaces last."""
    return in_order(things)[::-1]
