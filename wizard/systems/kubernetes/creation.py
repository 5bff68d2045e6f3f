"""Whether the wizard created an object, as the object itself remembers it.

The annotation `CREATED_BY` is only ever part of a request that creates, so it cannot be found on
what was there before. Releases that did not write it yet are known by `managedFields`: the server
notes there who wrote which fields, and when (structure as of Kubernetes 1.22).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from wizard.core.manifest import CREATED_BY, FIELD_MANAGER, MANAGED_BY, OWNER_ID
from wizard.systems.kubernetes.nouns import Json

ABSENT = "1"
"""The resourceVersion of an apply that may only create: no stored object has it.

With a resourceVersion the server refuses (409) to change any other version of an object; where
there is no object it creates one (`GuaranteedUpdate` with `forceAllowCreate`;
tried on a real kube-apiserver). Versions are revisions of etcd, whose first write has the number 2.
"""
ANNOTATOR = "runner-wizard-annotations"
"""Another field manager, so that an annotated object does not count as written by us."""

_BEFORE = "before-first-apply"
"""The manager that the server makes up for fields that are older than its bookkeeping."""
_MAY_BE_EMPTY = frozenset({"Namespace", "ServiceAccount"})
"""Kinds that can be created without a field that anyone is noted for."""


def field_managers(live: Mapping[str, Any]) -> set[str]:
    """The names of all who have written fields of an object."""
    return {entry.get("manager", "") for entry in live["metadata"].get("managedFields") or ()}


def created_by(live: Mapping[str, Any], profile_id: str | None) -> bool:
    """Whether this profile created an object, and not merely labelled or changed it.

    A copy made with kubectl carries the annotation too, but our field manager did not write it.
    """
    metadata = live["metadata"]
    labels = metadata.get("labels") or {}
    if not profile_id or labels.get(OWNER_ID) != profile_id:
        return False
    if labels.get(MANAGED_BY) != FIELD_MANAGER or FIELD_MANAGER not in field_managers(live):
        return False
    mark = (metadata.get("annotations") or {}).get(CREATED_BY)
    return mark == profile_id if mark else _created_without_mark(live)


def marked(body: Mapping[str, Any], live: Mapping[str, Any] | None) -> Json:
    """The body to apply: it creates with the mark, and leaves the mark as it is on what is there.

    What one apply leaves out of its fields is removed, so the mark is sent again each time.
    """
    metadata = dict(body["metadata"])
    if live is None:
        mark = (metadata.get("labels") or {}).get(OWNER_ID)
        metadata["resourceVersion"] = ABSENT
    else:
        mark = (live["metadata"].get("annotations") or {}).get(CREATED_BY)
    if mark:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), CREATED_BY: mark}
    return {**body, "metadata": metadata}


def _created_without_mark(live: Mapping[str, Any]) -> bool:
    """The same of an object by a release without marks; where in doubt, no."""
    metadata = live["metadata"]
    born = _time(metadata.get("creationTimestamp", ""))
    entries = metadata.get("managedFields") or ()
    ours = [one for one in entries if one.get("manager") == FIELD_MANAGER]
    others = [
        one
        for one in entries
        if one.get("manager") not in {FIELD_MANAGER, ANNOTATOR} and not one.get("subresource")
    ]
    if any(one.get("manager") == _BEFORE or _time(one.get("time", "")) <= born for one in others):
        return False
    since = min(_time(one.get("time", "")) for one in ours)
    if since <= born + timedelta(seconds=1):
        return True
    # We have changed it since, so its first entry is lost; who creates is noted for some field.
    return live.get("kind") not in _MAY_BE_EMPTY


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat("0001-01-01T00:00:00+00:00")
