"""Stores of External Secrets, by their objects: whether one can be used, and what is wrong."""

from __future__ import annotations

from wizard.core.findings import Finding
from wizard.core.manifest import ObjectRef
from wizard.core.secrets import redact
from wizard.systems.kubernetes.nouns import Json
from wizard.systems.kubernetes.objects import condition

EXTERNAL_SECRETS = "external-secrets.io/v1"
"""Served since 0.16, and alone since 0.17."""


def store_finding(found: Json | None, ref: ObjectRef, namespace: str) -> Finding | None:
    """What keeps a namespace from reading through a store; None where nothing does.

    Args:
        found: the store as the cluster has it; None where there is none.
    """
    if found is None:
        return Finding(f"there is no {ref}", fix="correct secrets.store")
    ready = condition(found, "Ready")
    if ready.get("status") != "True":
        return Finding(
            f"{ref} is not ready",
            redact(f"{ready.get('reason', '')}: {ready.get('message', '')}"),
            fix=f"kubectl describe {ref.kind} {ref.name} shows the cause",
        )
    if not _admits(found, namespace):
        return Finding(
            f"{ref} does not let namespace {namespace} use it",
            f"spec.conditions: {found['spec']['conditions']}",
            fix=f"add {namespace} to its conditions",
        )
    return None


def _admits(store: Json, namespace: str) -> bool:
    """Whether its conditions let a namespace in, as far as names can tell."""
    conditions = store["spec"].get("conditions") or ()
    by_name = [one.get("namespaces") for one in conditions]
    return not conditions or None in by_name or any(namespace in (n or ()) for n in by_name)
