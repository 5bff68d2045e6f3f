"""Which keys a runner's version knows in config.toml, and a chart's version in its values.

Both ignore unknown keys without a word, so none may be written. The tables in `assets/` hold for
each key the first and, where it is gone again, the last version that has it (`18.11.0..19.2.0`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from wizard.core.shipped import asset

_ANY = "*"


def version_key(version: str) -> tuple[int, ...]:
    """`18.11.0` as numbers, so that it comes after `18.9.0`."""
    return tuple(int(part) for part in version.split("."))


@dataclass(frozen=True, slots=True)
class Unknown:
    """A key that a version does not know; `nearby` are the keys it has in the same place."""

    path: tuple[str | int, ...]
    nearby: tuple[str, ...]
    since: str = ""
    """The first version that knows it, where a later one does."""
    until: str = ""
    """The last version that knew it, where it is gone."""


@dataclass(frozen=True)
class Catalogue:
    """The keys that one version knows."""

    version: str
    """The version looked up."""
    read_as: str
    """The catalogued version that stands for it: the same, or the nearest lower one.

    Keys are added with minor releases and hardly ever taken away, so a patch release has the keys
    of its minor, and a newer release at least those of the newest one read.
    """
    tree: Mapping[str, Any]

    def knows(self, path: str) -> bool:
        """Whether a key, such as `runners.kubernetes.seccomp_profile`, is known."""
        node: Any = self.tree
        for part in path.split("."):
            if not isinstance(node, Mapping):
                return False
            if part not in node and _ANY in node:
                return True
            node = node.get(part)
            if node is None or not self._has(node):
                return False
        return True

    def unknown(self, data: Mapping[str, Any], below: str = "") -> Iterator[Unknown]:
        """Every key of `data`, which stands at `below`, that is not known."""
        node: Any = self.tree
        for part in below.split(".") if below else ():
            node = node[part]
        yield from self._unknown(data, node, ())

    def _unknown(self, data: Any, node: Any, path: tuple[str | int, ...]) -> Iterator[Unknown]:
        if isinstance(data, list):
            for index, item in enumerate(data):
                yield from self._unknown(item, node, (*path, index))
        elif isinstance(data, Mapping) and isinstance(node, Mapping) and _ANY not in node:
            for key, value in data.items():
                here = (*path, key)
                child = node.get(key) if key else None
                if child is None or not self._has(child):
                    since, until = _span(child) if child is not None else ("", "")
                    yield Unknown(here, tuple(self._names(node)), since, until)
                else:
                    yield from self._unknown(value, child, here)

    def _names(self, node: Mapping[str, Any]) -> Iterator[str]:
        return (name for name, child in node.items() if name and self._has(child))

    def _has(self, node: Any) -> bool:
        since, until = _span(node)
        at = version_key(self.read_as)
        return (not since or version_key(since) <= at) and (not until or at <= version_key(until))


def _span(node: Any) -> tuple[str, str]:
    text = node.get("", "") if isinstance(node, Mapping) else node
    since, _, until = str(text).partition("..")
    return since, until


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(asset(name).read_text(encoding="utf-8"))
    return document


def _catalogue(name: str, version: str) -> Catalogue:
    document = _document(name)
    lower = [v for v in document["versions"] if version_key(v) <= version_key(version)]
    read_as = lower[-1] if lower else document["versions"][0]
    return Catalogue(version, read_as, document["keys"])


@cache
def runner_keys(version: str) -> Catalogue:
    """What a GitLab Runner knows in config.toml, as read in its source at each release's tag."""
    return _catalogue("runner-config-keys.json", version)


@cache
def chart_keys(version: str) -> Catalogue:
    """What GitLab's chart knows in its values, as read in its templates."""
    return _catalogue("chart-value-keys.json", version)


def runner_versions() -> tuple[str, ...]:
    """The runner's versions whose source was read, oldest first."""
    return tuple(_document("runner-config-keys.json")["versions"])
