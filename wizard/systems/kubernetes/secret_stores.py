"""External Secrets, by its objects: whether a store works, what is wrong, and forcing a sync."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wizard.core.errors import WizardError
from wizard.core.findings import Finding
from wizard.core.manifest import ObjectRef
from wizard.core.secrets import redact
from wizard.profile.model import Profile
from wizard.systems.kubernetes.nouns import Json
from wizard.systems.kubernetes.objects import condition

if TYPE_CHECKING:
    from wizard.systems.kubernetes import Cluster

EXTERNAL_SECRETS = "external-secrets.io/v1"
"""Served since 0.16, and alone since 0.17."""


def named_store(profile: Profile) -> ObjectRef:
    """The store that a profile names as `secrets.store`."""
    store = profile.secrets.store
    namespace = profile.cluster.namespace if store.kind == "SecretStore" else ""
    return ObjectRef(EXTERNAL_SECRETS, store.kind, namespace, store.name or "")


def force_sync(cluster: Cluster, ref: ObjectRef) -> None:
    """Have an object looked at now and not when its interval ends: its documented way.

    Raises: NotAllowedError; NotFoundError.
    """
    cluster.annotate(ref, {"force-sync": str(time.time_ns())})


def last_warning(cluster: Cluster, ref: ObjectRef) -> str:
    """Its own words about an object, from events: causes stand there, and not in the object (2.9).

    Empty where there are none, or they are not for us to see.
    """
    try:
        events = cluster.find("v1", "Event", ref.namespace or "default")
    except WizardError:
        return ""
    warnings = [event for event in events if _warns_of(ref, event)]
    latest = max(warnings, key=lambda event: event.get("lastTimestamp") or "", default={})
    return redact(" ".join(str(latest.get("message", "")).split()))


def _warns_of(ref: ObjectRef, event: Json) -> bool:
    about = event.get("involvedObject", {})
    same = (about.get("kind"), about.get("name")) == (ref.kind, ref.name)
    return same and event.get("type") == "Warning"


def store_finding(found: Json | None, ref: ObjectRef, namespace: str) -> Finding | None:
    """What keeps a namespace from reading through a store; None where nothing does.

    Args:
        found: the store as the cluster has it; None where there is none.
    """
    if found is None:
        return Finding(f"there is no {ref}", fix="Correct secrets.store")
    ready = condition(found, "Ready")
    if ready.get("status") != "True":
        return Finding(
            f"{ref} is not ready",
            redact(f"{ready.get('reason', '')}: {ready.get('message', '')}"),
            fix=f"Run kubectl describe {ref.kind} {ref.name}: it shows the cause",
        )
    if not _admits(found, namespace):
        return Finding(
            f"{ref} does not let namespace {namespace} use it",
            f"spec.conditions: {found['spec']['conditions']}",
            fix=f"Add {namespace} to its conditions",
        )
    return None


def _admits(store: Json, namespace: str) -> bool:
    """Whether its conditions let a namespace in, as far as names can tell."""
    conditions = (store.get("spec") or {}).get("conditions") or ()
    by_name = [one.get("namespaces") for one in conditions]
    return not conditions or None in by_name or any(namespace in (n or ()) for n in by_name)
