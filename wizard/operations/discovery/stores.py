"""Stores of External Secrets that a cluster has, as ways for it to read the runner's token."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.core.facts import ClusterFacts, StoreFacts
from wizard.profile.backends import BACKENDS

_WRITERS = {spec.provider: spec.name for spec in BACKENDS.values() if spec.provider}
"""The backend that writes where a provider of External Secrets (v1) reads."""
_YOURS = next(spec.name for spec in BACKENDS.values() if spec.any_store)
"""Where it reads is written by you, whatever the provider."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A store, by its key `secrets.store` in the profile."""

    store: StoreFacts
    backend: str
    """The backend that writes where it reads."""
    refusal: str
    """Why it cannot be used; empty where it can."""

    @property
    def name(self) -> str:
        """`NAME`, or `NAMESPACE/NAME`."""
        store = self.store
        return f"{store.namespace}/{store.name}" if store.namespace else store.name

    @property
    def about(self) -> str:
        state = "ready" if self.store.ready else "not ready: see why before you rely on it"
        return f"reads {self.store.provider or 'an unknown provider'}; {state}"

    @property
    def value(self) -> dict[str, str]:
        """`secrets.store`, as plain data."""
        return {"kind": self.store.kind, "name": self.store.name}


def offers(facts: ClusterFacts | None, namespace: str) -> list[Offer]:
    """Every store there is; those that can be used and are ready come first.

    Args:
        namespace: the managers', where the ExternalSecret will be.
    """
    found = [
        Offer(store, _WRITERS.get(store.provider, _YOURS), _refusal(store, namespace))
        for store in (facts.stores if facts else ())
    ]
    return sorted(found, key=lambda one: (bool(one.refusal), not one.store.ready, one.name))


def _refusal(store: StoreFacts, namespace: str) -> str:
    if store.namespace in {"", namespace}:
        return ""
    return f"serves only the namespace {store.namespace}, not {namespace}"
