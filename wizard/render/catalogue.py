"""Which keys a runner's version knows in config.toml, and a chart's version in its values.

Both ignore unknown keys without a word, so none may be written. The tables in `assets/` hold for
each key the first and, where it is gone again, the last version that has it (`18.11.0..19.2.0`);
`*` stands for keys of the user's own choice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from wizard.core.problems import did_you_mean
from wizard.core.shipped import asset

_ANY = "*"
_Path = tuple[str | int, ...]


def version_key(version: str) -> tuple[int, ...]:
    """`18.11.0` as numbers, so that it comes after `18.9.0`."""
    return tuple(int(part) for part in version.split("."))


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something in the data that its reader would ignore or refuse, and the way out."""

    path: _Path
    what: str
    fix: str


@dataclass(frozen=True)
class Catalogue:
    """The keys that one version knows."""

    reader: str
    """Who reads them, in words: `runner 19.3.1`."""
    read_as: str
    """The catalogued version that stands for it: the same, or the nearest lower one.

    Keys are added with minor releases and hardly ever taken away, so a patch release has the keys
    of its minor, and a newer release at least those of the newest one read.
    """
    tree: Mapping[str, Any]
    has_null: bool
    """Whether null can be written: in YAML it can, in TOML it cannot."""

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
            elif node is not None and _ANY not in node and not self._has(node.get(key)):
                yield Complaint(here, f"{self.reader} knows no {key!r}", self._way_out(key, node))
            else:
                child = node.get(key, _ANY) if node is not None else _ANY
                yield from self._value(value, child, here)

    def _value(self, value: Any, node: Any, path: _Path) -> Iterator[Complaint]:
        """One value against its node: a table of keys, a span of versions, or `*` for anything."""
        keys = node if isinstance(node, Mapping) else None
        if value is None and not self.has_null:
            yield Complaint(path, "is empty", "give it a value, or remove it")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._value(item, node, (*path, index))
        elif isinstance(value, Mapping):
            if keys is None and node != _ANY:
                yield Complaint(path, "takes a value, not keys of its own", "")
            else:
                yield from self._keys(value, keys, path)
        elif keys is not None and value is not None:
            yield Complaint(path, "takes keys of its own, not a value", "write it as a mapping")

    def _way_out(self, key: str, node: Mapping[str, Any]) -> str:
        since, until = _span(node.get(key))
        if since and version_key(self.read_as) < version_key(since):
            return f"it came with {since}"
        if until:
            return f"{until} was the last with it; remove it"
        known = {name for name, child in node.items() if name and self._has(child)}
        return did_you_mean(key, known) or "remove it"

    def _has(self, node: Any) -> bool:
        if node is None:
            return False
        since, until = _span(node)
        at = version_key(self.read_as)
        return (not since or version_key(since) <= at) and (not until or at <= version_key(until))


def _span(node: Any) -> tuple[str, str]:
    text = node.get("", "") if isinstance(node, Mapping) else node or ""
    since, _, until = text.partition("..")
    return since, until


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(asset(name).read_text(encoding="utf-8"))
    return document


def _catalogue(name: str, reader: str, version: str, *, has_null: bool) -> Catalogue:
    document = _document(name)
    lower = [v for v in document["versions"] if version_key(v) <= version_key(version)]
    read_as = lower[-1] if lower else document["versions"][0]
    return Catalogue(f"{reader} {version}", read_as, document["keys"], has_null)


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
