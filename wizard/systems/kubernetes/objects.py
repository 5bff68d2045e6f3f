"""Small readings of Kubernetes objects that several modules need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def condition(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of that type from an object's status; empty where there is none."""
    for entry in (body.get("status") or {}).get("conditions") or ():
        if entry.get("type") == kind:
            found: Mapping[str, Any] = entry
            return found
    return {}


def is_true(body: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition is there and says `True`."""
    return condition(body, kind).get("status") == "True"


def selecting(labels: Mapping[str, str]) -> dict[str, str | int]:
    """The query of a list or watch for objects that carry all these labels."""
    wanted = ",".join(f"{key}={value}" for key, value in labels.items())
    return {"labelSelector": wanted} if wanted else {}


def controlled_by(body: Mapping[str, Any], uid: str) -> bool:
    """Whether an object's controller is the object with this uid."""
    owners = body["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == uid and owner.get("controller") for owner in owners)
