"""Namespaces: leaving one in which somebody else has things, and waiting until one is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from wizard.core.errors import NotAllowed, Refused, WizardError
from wizard.core.events import Event, Left, Progress
from wizard.core.manifest import FIELD_MANAGER, MANAGED_BY, OWNER_ID, ObjectRef
from wizard.operations.wish import Run
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster, Json, Owned
from wizard.systems.kubernetes.owners import by_wizard

_POLL = 1.0

# What people keep in a namespace. Deleting the namespace would delete these without a question.
_KEPT_BY_PEOPLE = (
    ("v1", "Pod"),
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
)
_MADE_BY_KUBERNETES = {("ConfigMap", "kube-root-ca.crt")}


async def until_gone(
    profile: Profile, cluster: Cluster, run: Run, otherwise: type[WizardError]
) -> AsyncIterator[Event]:
    """Wait for namespaces of the profile that are being deleted: nothing can be made in them.

    Raises: `otherwise`, when the deadline passes.
    """
    end = time.monotonic() + run.deadline
    told: list[str] = []
    while leaving := await asyncio.to_thread(_leaving, profile, cluster):
        if run.cancel.is_set() or time.monotonic() > end:
            raise _still_leaving(leaving, otherwise)
        if (names := [str(ref) for ref, _ in leaving]) != told:
            yield Progress(f"waiting until {names[0]} is gone")
            told = names
        await asyncio.sleep(_POLL)


def refuse_leaving(profile: Profile, cluster: Cluster) -> None:
    """Raises: Refused, where a namespace of the profile is being deleted. Blocking."""
    if leaving := _leaving(profile, cluster):
        raise _still_leaving(leaving, Refused)


def _leaving(profile: Profile, cluster: Cluster) -> list[tuple[ObjectRef, Json]]:
    names = {profile.cluster.namespace, profile.cluster.job_namespace}
    refs = [ObjectRef("v1", "Namespace", "", name) for name in sorted(names)]
    try:
        found = [(ref, cluster.get(ref) or {}) for ref in refs]
    except NotAllowed:  # who may not look at namespaces learns it from what is made in them
        return []
    return [(ref, live) for ref, live in found if "deletionTimestamp" in live.get("metadata", {})]


def _still_leaving(leaving: list[tuple[ObjectRef, Json]], kind: type[WizardError]) -> WizardError:
    reasons = [
        condition["message"]
        for _, live in leaving
        for condition in live.get("status", {}).get("conditions", ())
        if condition["status"] == "True" and condition.get("message")
    ]
    name = leaving[0][0].name
    return kind(
        f"{leaving[0][0]} is still being deleted.",
        "\n".join(reasons) or "its pods have not ended yet, or a finalizer holds something in it",
        f"kubectl get namespace {name} -o yaml shows what is left; run this again once it is gone",
    )


def delete_object(cluster: Cluster, owned: Owned) -> Left | None:
    """Delete one of our objects; returns what was left instead, and why.

    Raises: WizardError, from the cluster.
    """
    if owned.ref.kind == "Namespace" and (others := _things_of_others(cluster, owned)):
        shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        return Left(str(owned.ref), f"it still holds {shown}")
    cluster.delete(owned.ref, uid=owned.uid)
    return None


def _things_of_others(cluster: Cluster, namespace: Owned) -> list[str]:
    profile_id = namespace.labels.get(OWNER_ID, "")
    kept = [
        f"{kind} {thing['metadata']['name']}"
        for api_version, kind in _KEPT_BY_PEOPLE
        for thing in cluster.find(api_version, kind, namespace.ref.name)
        if not _is_transient(kind, thing, profile_id)
    ]
    # Where jobs run, a runner of another profile may have no more than its accounts and rights.
    accounts = cluster.find("v1", "ServiceAccount", namespace.ref.name, {MANAGED_BY: FIELD_MANAGER})
    return kept + [
        f"ServiceAccount {account['metadata']['name']}"
        for account in accounts
        if account["metadata"]["labels"].get(OWNER_ID, profile_id) != profile_id
    ]


def _is_transient(kind: str, thing: Json, profile_id: str) -> bool:
    metadata = thing["metadata"]
    labels = metadata.get("labels") or {}
    return (
        "deletionTimestamp" in metadata
        or (kind, metadata["name"]) in _MADE_BY_KUBERNETES
        or (by_wizard(thing) and labels.get(OWNER_ID, profile_id) == profile_id)
    )
