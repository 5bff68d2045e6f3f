"""What runners inherit from `defaults`, and where a problem with it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wizard.core.problems import Key, Problems

SHORTHAND = {"builds": "strategy"}
"""Mappings that may be written as one word: the word is the value of this key."""

_OWN = {
    "name": "every runner has a name of its own",
    "adopt": "a runner of GitLab can be taken over by only one runner",
}
"""Keys that runners cannot share."""

_WHOLE = frozenset({"scope"})
"""Mappings whose keys exclude each other: the runner's own stands in for the inherited one."""


def merged(data: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The document with `defaults` laid under every runner.

    Mappings merge key by key, at any depth; a list or a scalar of the runner replaces the
    inherited one.
    """
    document = dict(data)
    defaults = document.pop("defaults", None)
    if defaults is None:
        return document
    if not isinstance(defaults, dict):
        problems.at("defaults").add(
            "must hold keys of a runner", "indent below it what all runners share"
        )
        return document
    for key, why in _OWN.items():
        if key in defaults:
            problems.at("defaults", key).add(why, "move it to the runner")
    inherited = {key: value for key, value in _in_full(defaults).items() if key not in _OWN}
    runners = document.get("runners")
    if isinstance(runners, list):
        document["runners"] = [
            _under(inherited, _in_full(runner, beside=inherited))
            if isinstance(runner, dict)
            else runner
            for runner in runners
        ]
    return document


def _under(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(inherited)
    for key, value in own.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, dict) and key not in _WHOLE:
            result[key] = _under(below, value)
        else:
            result[key] = value
    return result


def _in_full(
    runner: Mapping[str, Any], *, beside: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A runner with what is written in short written in full, so that it merges.

    What is merged with nothing (`beside` does not have it) stays as its author wrote it.
    """
    expanded = dict(runner)
    for key, inner in SHORTHAND.items():
        if isinstance(runner.get(key), str) and (beside is None or key in beside):
            expanded[key] = {inner: runner[key]}
    return expanded


def settle(problems: Problems, data: Mapping[str, Any]) -> None:
    """Move each problem of an inherited value to `defaults`, where it is told once.

    Args:
        problems: found in the merged document.
        data: the document before merging.
    """
    if not isinstance(data.get("defaults"), dict):
        return
    moved = {
        (problem.message, problem.severity, key): replace(problem, key=key)
        for problem in problems.found
        for key in [_written_at(problem.key, data)]
    }
    problems.found[:] = moved.values()


def _written_at(key: Key, data: Mapping[str, Any]) -> Key:
    if len(key) < 3 or key[0] != "runners":
        return key
    runners, index = data["runners"], key[1]
    own = runners[index] if isinstance(runners, list) and isinstance(index, int) else None
    if not isinstance(own, dict):
        return key
    inherited = _depth(_in_full(data["defaults"]), key[2:])
    return ("defaults", *key[2:]) if inherited > _depth(_in_full(own), key[2:]) else key


def _depth(value: Any, key: Key) -> int:
    """How many parts of a key are written below a value."""
    for depth, part in enumerate(key):
        try:
            value = value[part]
        except (LookupError, TypeError):
            return depth
    return len(key)
