"""Which keys a runner's version knows in config.toml, and a chart's version in its values.

Both ignore unknown keys without a word, so none may be written; a value of the wrong kind keeps a
runner from starting. The tables in `assets/` hold for each key its kind, where it is known, and the
first and, where it is gone again, the last version that has it (`flag 18.11.0..19.2.0`); `*` stands
for keys of the user's own choice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import isfinite
from typing import Any, NamedTuple

from wizard.core.problems import did_you_mean, short
from wizard.core.shipped import asset
from wizard.core.units import parse_quantity

_ANY = "*"
_Path = tuple[str | int, ...]


@lru_cache(1024)
def version_key(version: str) -> tuple[int, ...]:
    """`18.11.0` as numbers, so that it comes after `18.9.0`."""
    return tuple(int(part) for part in version.split("."))


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something in the data that its reader would ignore or refuse, and the way out."""

    path: _Path
    what: str
    fix: str
    certain: bool = True
    """False: the very version was never read, so its reader may know better."""
    is_unknown: bool = False
    """Whether the key itself is not known; else its value does not fit."""


@dataclass(frozen=True)
class Catalogue:
    """The keys that one version knows."""

    reader: str
    """Who reads them, in words: `runner 19.3.1`."""
    version: str
    read_as: str
    """The catalogued version that stands for it: the same, or the nearest lower one.

    Keys are added with minor releases and hardly ever removed, so a patch release has the keys
    of its minor, and a newer release at least those of the newest one read.
    """
    tree: Mapping[str, Any]
    has_null: bool
    """Whether null can be written: Helm takes a default away for it, TOML has none.

    Only in mappings: Helm does not look into lists, so a null in one is an empty entry.
    """

    @property
    def judged_by(self) -> str:
        """The version whose keys are taken for this one's, where it is of another minor release."""
        same = version_key(self.read_as)[:2] == version_key(self.version)[:2]
        return "" if same else self.read_as

    def knows(self, path: str) -> bool:
        """Whether a key, such as `runners.kubernetes.seccomp_profile`, is known."""
        node: Any = self.tree
        for part in path.split("."):
            if not isinstance(node, Mapping):
                return False
            if part not in node:
                return _ANY in node
            node = node[part]
            if not self._has(node):
                return False
        return True

    def paths(self) -> Iterator[str]:
        """Every key that is known, with its tables: `runners.kubernetes.seccomp_profile`."""
        yield from self._paths(self.tree, "")

    def _paths(self, node: Mapping[str, Any], above: str) -> Iterator[str]:
        for name, child in node.items():
            if name and self._has(child):
                yield f"{above}{name}"
                if isinstance(child, Mapping):
                    yield from self._paths(child, f"{above}{name}.")

    def complaints(self, data: Mapping[str, Any], below: str = "") -> Iterator[Complaint]:
        """Everything wrong with `data`, which stands at the known key `below`."""
        node: Any = self.tree
        for part in below.split(".") if below else ():
            node = node[part]
        yield from self._keys(data, node, ())

    def _keys(self, data: Mapping[Any, Any], node: Any, path: _Path) -> Iterator[Complaint]:
        for key, value in data.items():
            here = (*path, key)
            if not isinstance(key, str):
                yield Complaint(here, f"{key!r} is not text", f'write "{key}"')
                continue
            # The empty key of a table in `assets/` says of what kind and age the table itself is.
            child = node.get(key, node.get(_ANY)) if key else node.get(_ANY)
            if child is None or not self._has(child):
                yield self._unknown(key, node, here)
            else:
                yield from self._value(value, child, here)

    def _value(self, value: Any, node: Any, path: _Path) -> Iterator[Complaint]:
        kind = _entry(node).kind
        if kind == "quantity" and not isinstance(value, str):
            kind = "text"
        if value is None:
            if not self.has_null:
                yield Complaint(path, "is empty", "give it a value, or remove it")
        elif kind == "tables" and isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._item(item, node, (*path, index))
        elif kind:
            if not _KINDS[kind].fits(value):
                yield Complaint(path, f"takes {_KINDS[kind].words}", _in_quotes(kind, value))
        elif isinstance(node, Mapping):
            yield from self._table(value, node, path)
        else:
            yield from self._anything(value, path)

    def _item(self, item: Any, node: Any, path: _Path) -> Iterator[Complaint]:
        """An entry of a list, where no null means anything."""
        strict = replace(self, has_null=False)
        if item is None or not isinstance(node, Mapping):
            yield from strict._value(item, "", path)  # noqa: SLF001 - its own copy
        else:
            yield from strict._table(item, node, path)  # noqa: SLF001

    def _table(self, value: Any, node: Mapping[str, Any], path: _Path) -> Iterator[Complaint]:
        if isinstance(value, Mapping):
            yield from self._keys(value, node, path)
        else:
            yield Complaint(path, "takes keys of its own, not a value", "write it as a mapping")

    def _anything(self, value: Any, path: _Path) -> Iterator[Complaint]:
        """What no table describes must still be something that can be written."""
        if isinstance(value, Mapping):
            yield from self._keys(value, _FREE, path)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._item(item, "", (*path, index))
        elif isinstance(value, int) and not _is_number(value) and not isinstance(value, bool):
            yield Complaint(path, "is a number too large to be read", "put it in quotes")

    def _unknown(self, key: str, node: Mapping[str, Any], path: _Path) -> Complaint:
        fix, shown = self._way_out(key, node), repr(short(key))
        if self.was_read:
            what = f"{self.reader} knows no {shown}"
            return Complaint(path, what, fix or "remove it", is_unknown=True)
        what = f"{self.reader} was not read, and {self.read_as} knows no {shown}"
        return Complaint(path, what, fix or "see that it does", certain=False, is_unknown=True)

    @property
    def was_read(self) -> bool:
        """Whether the table has this minor release, or only newer ones, which have all its keys."""
        return version_key(self.version)[:2] <= version_key(self.read_as)[:2]

    def _way_out(self, key: str, node: Mapping[str, Any]) -> str:
        entry = _entry(node.get(key))
        if entry.since and version_key(self.version) < version_key(entry.since):
            return f"it came with {entry.since}"
        if entry.until:
            return f"{entry.until} was the last with it; remove it"
        known = {name for name, child in node.items() if name and self._has(child)}
        return did_you_mean(key, known)

    def _has(self, node: Any) -> bool:
        entry = _entry(node)
        began = not entry.since or version_key(entry.since) <= version_key(self.version)
        return began and (not entry.until or version_key(self.read_as) <= version_key(entry.until))


class _Entry(NamedTuple):
    kind: str
    since: str
    until: str


def _entry(node: Any) -> _Entry:
    return _read_entry(node.get("", "") if isinstance(node, Mapping) else node or "")


@cache
def _read_entry(text: str) -> _Entry:
    kind, _, span = text.rpartition(" ") if text[-1:].isdigit() else (text, "", "")
    since, _, until = span.partition("..")
    return _Entry(kind, since, until)


def _is_whole(value: Any) -> bool:
    # Readers of TOML and JSON keep whole numbers in 64 bits.
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and isfinite(value))


def _is_quantity(value: Any) -> bool:
    if value == "":  # the runner's own way to say none
        return True
    try:
        return isinstance(value, str) and parse_quantity(value) >= 0
    except ValueError:
        return False


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class _Kind(NamedTuple):
    words: str
    fits: Callable[[Any], bool]


_FREE = {_ANY: ""}
# Go's time.ParseDuration; a whole number is read as nanoseconds.
_DURATION = re.compile(r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_KINDS = {
    "text": _Kind("text", lambda value: isinstance(value, str)),
    "flag": _Kind("true or false", lambda value: isinstance(value, bool)),
    "number": _Kind("a number", _is_whole),
    "fraction": _Kind("a number", _is_number),
    "quantity": _Kind('an amount in quotes, such as "500m" or "2Gi"', _is_quantity),
    "duration": _Kind(
        'a duration, such as "90s"',
        lambda value: _is_whole(value) if not isinstance(value, str) else _is_duration(value),
    ),
    "texts": _Kind("a list of texts", _is_texts),
    "texts-or-text": _Kind("a list of texts", lambda v: isinstance(v, str) or _is_texts(v)),
    "numbers": _Kind(
        "a list of numbers", lambda v: isinstance(v, list) and all(map(_is_number, v))
    ),
    "number-or-text": _Kind("a number or text", lambda v: isinstance(v, str) or _is_number(v)),
    "tables": _Kind("a list of mappings", lambda _value: False),
}


def _is_duration(text: str) -> bool:
    return bool(_DURATION.fullmatch(text))


def _in_quotes(kind: str, value: Any) -> str:
    return f'write "{value}"' if kind == "text" and _is_number(value) else ""


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(asset(name).read_text(encoding="utf-8"))
    return document


def _catalogue(name: str, reader: str, version: str, *, has_null: bool) -> Catalogue:
    document = _document(name)
    lower = [v for v in document["versions"] if version_key(v) <= version_key(version)]
    read_as = lower[-1] if lower else document["versions"][0]
    return Catalogue(f"{reader} {version}", version, read_as, document["keys"], has_null)


@cache
def runner_keys(version: str) -> Catalogue:
    """What a GitLab Runner knows in config.toml, as read in its source at each release's tag."""
    return _catalogue("runner-config-keys.json", "runner", version, has_null=False)


@cache
def chart_keys(version: str) -> Catalogue:
    """What GitLab's chart knows in its values, as read in its templates."""
    return _catalogue("chart-value-keys.json", "chart", version, has_null=True)


def runner_versions() -> tuple[str, ...]:
    """The runner's versions whose source was read, oldest first."""
    return tuple(_document("runner-config-keys.json")["versions"])
