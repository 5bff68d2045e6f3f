"""Deleting what is ours, and leaving a namespace in which somebody else has things."""

from __future__ import annotations

from wizard.core.events import Left
from wizard.core.manifest import MANAGED_BY, ObjectRef
from wizard.systems.kubernetes import Cluster, Json, Owned

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


def delete_object(cluster: Cluster, owned: Owned) -> Left | None:
    """Delete one of our objects; returns what was left instead, and why.

    Raises: WizardError, from the cluster.
    """
    if owned.ref.kind == "Namespace" and (others := _things_of_others(cluster, owned.ref)):
        shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        return Left(str(owned.ref), f"it still holds {shown}")
    cluster.delete(owned.ref, uid=owned.uid)
    return None


def _things_of_others(cluster: Cluster, namespace: ObjectRef) -> list[str]:
    return [
        f"{kind} {thing['metadata']['name']}"
        for api_version, kind in _KEPT_BY_PEOPLE
        for thing in cluster.find(api_version, kind, namespace.name)
        if not _is_transient(kind, thing)
    ]


def _is_transient(kind: str, thing: Json) -> bool:
    metadata = thing["metadata"]
    return (
        "deletionTimestamp" in metadata
        or (kind, metadata["name"]) in _MADE_BY_KUBERNETES
        or metadata.get("labels", {}).get(MANAGED_BY) == "runner-wizard"
    )
