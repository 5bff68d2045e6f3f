"""Field by field, what differs between two versions of an object."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.changes import FieldChange
from wizard.core.manifest import FIELD_MANAGER
from wizard.systems.kubernetes.nouns import Json

_BOOKKEEPING = {
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "selfLink",
}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")
_ABSENT = object()


def field_changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields that differ, by path (`spec.template.spec.containers[0].image`).

    What the server keeps for itself (status, versions, uids, times, managers) does not count.
    Values of a Secret are replaced by their SHA-256. A field that is not there is None.

    Args:
        before: the stored object; None where there is none, which lists every field of `after`.
    """
    left, right = _essence(before or {}), _essence(after)
    return list(_walk("", left, right))


def overlaid(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> Json:
    """What an apply would leave behind, as far as that can be told without the server."""
    result = dict(live)
    for key, value in wanted.items():
        result[key] = _overlaid(result.get(key), value)
    return result


def _overlaid(live: Any, wanted: Any) -> Any:
    if isinstance(live, dict) and isinstance(wanted, dict):
        return overlaid(live, wanted)
    if isinstance(live, list) and isinstance(wanted, list) and _named(live) and _named(wanted):
        there = {item["name"]: item for item in live}
        return [_overlaid(there.get(item["name"], {}), item) for item in wanted]
    return wanted


def same_ownership(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether our field manager looks after the same fields in both."""
    return _our_fields(before) == _our_fields(after)


def _our_fields(body: Mapping[str, Any]) -> list[Any]:
    return [
        (entry.get("apiVersion"), entry.get("fieldsV1"))
        for entry in body["metadata"].get("managedFields") or ()
        if entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
    ]


def _essence(body: Mapping[str, Any]) -> Json:
    kept = {key: value for key, value in body.items() if key != "status"}
    metadata = {k: v for k, v in body.get("metadata", {}).items() if k not in _BOOKKEEPING}
    annotations = dict(metadata.get("annotations") or {})
    if annotations.pop(_LAST_APPLIED, None) is not None:  # may hold a Secret's values in plain
        metadata["annotations"] = annotations
    if metadata:
        kept["metadata"] = metadata
    if body.get("kind") == "Secret":
        kept = _hashed(kept)
    return kept


def _hashed(secret: Json) -> Json:
    hashed = {
        key: f"sha256:{hashlib.sha256(_decoded(value)).hexdigest()}"
        for key, value in (secret.get("data") or {}).items()
    }
    plain = {
        key: f"sha256:{hashlib.sha256(str(value).encode()).hexdigest()}"
        for key, value in (secret.get("stringData") or {}).items()
    }
    rest = {key: value for key, value in secret.items() if key not in ("data", "stringData")}
    return rest | ({"data": hashed | plain} if hashed or plain else {})


def _decoded(value: Any) -> bytes:
    try:
        return base64.standard_b64decode(str(value))
    except binascii.Error:
        return str(value).encode()


def _walk(path: str, before: Any, after: Any) -> Iterator[FieldChange]:
    if isinstance(before, list) and isinstance(after, list):
        yield from _walk_lists(path, before, after)
    elif _branches(before, after):
        left, right = _mapping(before), _mapping(after)
        for key in [*left, *(key for key in right if key not in left)]:
            yield from _walk(_join(path, key), left.get(key, _ABSENT), right.get(key, _ABSENT))
    elif before != after:
        yield FieldChange(path, _shown(before), _shown(after))


def _branches(before: Any, after: Any) -> bool:
    """Whether to go deeper: both are mappings, or one is and the other is not there."""
    sides = [side for side in (before, after) if side is not _ABSENT]
    return any(sides) and all(isinstance(side, dict) for side in sides)


def _mapping(side: Any) -> dict[str, Any]:
    return {} if side is _ABSENT else side


def _walk_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[FieldChange]:
    if _named(before) and _named(after):
        yield from _walk_named(path, before, after)
        return
    if len(before) != len(after) or not all(isinstance(item, dict) for item in before + after):
        if before != after:
            yield FieldChange(path, before, after)
        return
    for index, (left, right) in enumerate(zip(before, after, strict=True)):
        yield from _walk(f"{path}[{index}]", left, right)


def _walk_named(path: str, before: list[Any], after: list[Any]) -> Iterator[FieldChange]:
    """Elements are told apart by name, so that one more container does not change all others."""
    left = {item["name"]: item for item in before}
    right = {item["name"]: item for item in after}
    aligned = list(left) == list(right)
    if not aligned and left.keys() == right.keys():
        yield FieldChange(path, list(left), list(right))
    for index, name in enumerate(left | right):
        # An index says which element only as long as both lists have the same ones.
        place = f"{path}[{index if aligned else name}]"
        yield from _walk(place, left.get(name, _ABSENT), right.get(name, _ABSENT))


def _named(items: list[Any]) -> bool:
    names = [item.get("name") for item in items if isinstance(item, dict)]
    return len(names) == len(items) == len(set(names)) and None not in names


def _join(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{key!r}]"
    return f"{path}.{key}" if path else key


def _shown(value: Any) -> Any:
    return None if value is _ABSENT else value
