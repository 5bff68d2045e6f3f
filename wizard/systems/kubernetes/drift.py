"""Which fields of an object are not as we rendered them, and who wrote them. Pure.

The server notes in `managedFields` who has written which fields, and when (structure of
`fieldsV1` as of Kubernetes 1.22). What we leave unsaid is the server's, or another's: only
what a manifest says is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wizard.core.manifest import FIELD_MANAGER
from wizard.core.units import parse_quantity
from wizard.systems.kubernetes.nouns import Json

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """A field that differs from what was rendered; None where it is not there."""

    path: str
    wanted: Any
    found: Any
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Hand:
    """A field manager, when it last wrote, and what of the object below here it looks after."""

    name: str
    at: datetime | None
    fields: Mapping[str, Any]

    def below(self, part: str) -> _Hand | None:
        found = self.fields.get(part)
        return _Hand(self.name, self.at, found) if isinstance(found, Mapping) else None


def field_drift(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> list[FieldDrift]:
    """The fields of a manifest that an object does not have as it says."""
    return list(_walk("", _essence(wanted), live, _hands(live)))


def _essence(wanted: Mapping[str, Any]) -> Json:
    metadata = wanted["metadata"]
    kept = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
    rest = {k: v for k, v in wanted.items() if k not in {"metadata", "apiVersion", "kind"}}
    return {"metadata": kept, **rest}


def _hands(live: Mapping[str, Any]) -> list[_Hand]:
    return [
        _Hand(str(entry.get("manager", "")), _time(entry.get("time")), entry["fieldsV1"])
        for entry in live["metadata"].get("managedFields") or ()
        if isinstance(entry.get("fieldsV1"), Mapping)
    ]


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _walk(path: str, wanted: Any, found: Any, hands: list[_Hand]) -> Iterator[FieldDrift]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            place = f"{path}.{key}" if path else str(key)
            yield from _walk(place, value, found.get(key, _ABSENT), _below(hands, f"f:{key}"))
    elif _is_named(wanted) and _is_named(found):
        there = {item["name"]: item for item in found}
        for item in wanted:
            name = item["name"]
            own = _of_item(hands, name)
            yield from _walk(f"{path}[{name}]", item, there.get(name, _ABSENT), own)
    elif not _same(wanted, found):
        yield _drift(path, wanted, found, hands)


def _drift(path: str, wanted: Any, found: Any, hands: list[_Hand]) -> FieldDrift:
    shown = None if found is _ABSENT else found
    others = [hand for hand in hands if hand.name != FIELD_MANAGER] or hands
    latest = max((hand for hand in others if hand.at), key=lambda hand: str(hand.at), default=None)
    if latest is None:
        return FieldDrift(path, wanted, shown)
    return FieldDrift(path, wanted, shown, latest.name, latest.at)


def _below(hands: list[_Hand], part: str) -> list[_Hand]:
    return [below for hand in hands if (below := hand.below(part))]


def _of_item(hands: list[_Hand], name: str) -> list[_Hand]:
    """Who looks after one item of a list whose items are told apart by name."""
    return [
        below
        for hand in hands
        for part in hand.fields
        if part.startswith("k:") and _name_in(part) == name and (below := hand.below(part))
    ]


def _name_in(part: str) -> str:
    try:
        key = json.loads(part.removeprefix("k:"))
    except ValueError:
        return ""
    return str(key.get("name", "")) if isinstance(key, dict) else ""


def _is_named(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Mapping) and "name" in item for item in value)
    )


def _same(wanted: Any, found: Any) -> bool:
    """Whether both say the same, though the server may write it otherwise: `1000m` is `1`."""
    if wanted == found or (found is _ABSENT and wanted in ("", [], {}, None, False)):
        return True  # what is empty is often not stored
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return all(_says(one, other) for one, other in zip(wanted, found, strict=True))
    if isinstance(wanted, str) and isinstance(found, str):
        return _is_same_quantity(wanted, found)
    return False


def _says(wanted: Any, found: Any) -> bool:
    """Whether an item of a list says all that is wanted; the server may have filled in more."""
    return not list(_walk("", wanted, found, []))


def _is_same_quantity(one: str, other: str) -> bool:
    try:
        return parse_quantity(one) == parse_quantity(other)
    except ValueError:
        return False
