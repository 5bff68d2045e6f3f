"""Leases (coordination.k8s.io/v1): who is at work on something, for all who can see the cluster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wizard.core.errors import NotFoundError
from wizard.core.manifest import CREATED_BY, FIELD_MANAGER, OWNER_ID, ObjectRef, own_labels
from wizard.systems.kubernetes.api import Api
from wizard.systems.kubernetes.nouns import Json, Lease

_DOING = "runner-wizard/doing"


def read_lease(api: Api, ref: ObjectRef) -> Lease | None:
    """A Lease as it is now; None where there is none, or no namespace for it."""
    try:
        return _lease(ref, api.get(_path(ref)))
    except NotFoundError:
        return None


def write_lease(api: Api, lease: Lease) -> Lease:
    """Create a Lease that was not there, or change one that is as it was read.

    Raises: ConflictError, where another has created or changed it since; NotFoundError, where its
    namespace is not there.
    """
    spec = {
        "holderIdentity": lease.holder or None,
        "leaseDurationSeconds": lease.seconds,
        "acquireTime": _written(lease.since),
        "renewTime": _written(lease.renewed),
        "leaseTransitions": lease.turns,
    }
    metadata: Json = {"annotations": {_DOING: lease.doing or None}}
    if lease.version:
        metadata["resourceVersion"] = lease.version
        patch = {"metadata": metadata, "spec": spec}
        answer, _ = api.merge(_path(lease.ref), patch, FIELD_MANAGER)
    else:
        answer, _ = api.create(_path(lease.ref._replace(name="")), _new(lease, spec))
    return _lease(lease.ref, answer)


def _new(lease: Lease, spec: Json) -> Json:
    return {
        "apiVersion": lease.ref.api_version,
        "kind": lease.ref.kind,
        "metadata": {
            "name": lease.ref.name,
            "namespace": lease.ref.namespace,
            "labels": own_labels(lease.profile),
            "annotations": {CREATED_BY: lease.profile, _DOING: lease.doing},
        },
        "spec": spec,
    }


def _path(ref: ObjectRef) -> str:
    # Served by every cluster since 1.14, so discovery is not asked.
    path = f"/apis/{ref.api_version}/namespaces/{ref.namespace}/leases"
    return f"{path}/{ref.name}" if ref.name else path


def _lease(ref: ObjectRef, live: Json) -> Lease:
    metadata, spec = live["metadata"], live.get("spec") or {}
    return Lease(
        ref,
        profile=(metadata.get("labels") or {}).get(OWNER_ID, ""),
        holder=spec.get("holderIdentity") or "",
        doing=(metadata.get("annotations") or {}).get(_DOING, ""),
        since=_read(spec.get("acquireTime")),
        renewed=_read(spec.get("renewTime")),
        seconds=spec.get("leaseDurationSeconds") or 0,
        turns=spec.get("leaseTransitions") or 0,
        version=str(metadata.get("resourceVersion", "")),
    )


def _written(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if time else None


def _read(time: Any) -> datetime | None:
    if not time:
        return None
    read = datetime.fromisoformat(time)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
