"""What Flux's own objects say: which Kustomizations read a folder, and of which repository.

Only of bodies that were read already. Flux 2.7: source-controller 1.9, kustomize-controller 1.9,
helm-controller 1.6.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wizard.core.manifest import ObjectRef
from wizard.profile.delivery import Delivery

KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
_REQUESTED = "reconcile.fluxcd.io/requestedAt"

Body = Mapping[str, Any]


def kustomization_ref(delivery: Delivery, name: str) -> ObjectRef:
    """A Kustomization of Flux's own namespace."""
    return ObjectRef(KUSTOMIZE, "Kustomization", delivery.flux.namespace, name)


def release_ref(delivery: Delivery, name: str) -> ObjectRef:
    """A HelmRelease of that namespace."""
    return ObjectRef("helm.toolkit.fluxcd.io/v2", "HelmRelease", delivery.flux.namespace, name)


def source_ref(delivery: Delivery) -> ObjectRef:
    """The GitRepository that the Kustomizations read."""
    namespace, name = delivery.flux.namespace, delivery.flux.source
    return ObjectRef("source.toolkit.fluxcd.io/v1", "GitRepository", namespace, name)


def reconcile_now() -> dict[str, str]:
    """The annotations that have Flux look at an object now; it looks at each new value once."""
    return {_REQUESTED: datetime.now(UTC).isoformat()}


def reads_kustomizations(kustomization: Body, delivery: Delivery) -> bool:
    """Whether a Kustomization reads the folder that those of a profile are in.

    Flux takes in what is below its path as well, unless a kustomization.yaml there says otherwise,
    which cannot be seen from here.
    """
    spec = kustomization.get("spec") or {}
    source, repository = spec.get("sourceRef") or {}, delivery.repository
    if repository is None or source.get("kind") != "GitRepository":
        return False
    place = source.get("namespace") or kustomization["metadata"].get("namespace", "")
    if (source.get("name"), place) != (delivery.flux.source, delivery.flux.namespace):
        return False
    top = posixpath.normpath(str(spec.get("path") or "."))
    return top in {".", repository.apps_path} or repository.apps_path.startswith(f"{top}/")


def applied_commit(kustomization: Body) -> str:
    """The commit that was applied last; empty where none was (`main@sha1:0123...`)."""
    revision = str((kustomization.get("status") or {}).get("lastAppliedRevision") or "")
    return revision.rpartition(":")[2]


def lacks_ready(ref: ObjectRef, body: Body | None) -> str:
    """Why an object is not ready, in words; empty where it is, as it is written now."""
    if body is None:
        return f"Flux has no {ref} yet"
    status = body.get("status") or {}
    conditions = status.get("conditions") or ()
    ready: Body = next((one for one in conditions if one.get("type") == "Ready"), {})
    generation = body["metadata"].get("generation")
    if not ready or status.get("observedGeneration", generation) != generation:
        return f"Flux has not looked at {ref} yet"
    if ready.get("status") != "True":
        said = " ".join(str(ready.get("message", "")).split())
        return f"{ref} is {ready.get('reason', 'not ready')}: {said}".removesuffix(": ")
    return ""
