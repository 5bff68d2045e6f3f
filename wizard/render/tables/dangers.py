"""What a key of `extra_config` or `extra_values` opens: one table, for `check` and for imports.

`assets/dangerous-keys.json` holds the keys, each with the values that matter: `on` and `off` of a
flag, `set` (whatever is not empty), `wide` (a pattern that matches everything) and `narrow` (any
other pattern); for a list of tables, the name of a key that an entry has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from wizard.core.shipped import asset

RefusedError = Literal["", "shared", "always"]
"""For whom it is an error: no one, runners whose jobs come from several projects, everybody."""


@dataclass(frozen=True, slots=True)
class Danger:
    """A key that weakens what the wizard sets up."""

    path: tuple[str, ...]
    opens: str
    """What someone may do because of it, as the second half of a sentence."""
    instead: str
    refused: RefusedError


@dataclass(frozen=True, slots=True)
class _Row:
    danger: Danger
    when: str


def dangers(data: Mapping[str, Any], of: Literal["config", "values"]) -> Iterator[Danger]:
    """The dangers in keys that someone wrote beside what the wizard writes.

    Args:
        data: a `[[runners]]` table, or values of GitLab's chart; of any shape.
        of: which of the two.
    """
    for row in _rows()[of]:
        value: Any = data
        for part in row.danger.path:
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None and _applies(row.when, value):
            yield row.danger


@cache
def _rows() -> dict[str, tuple[_Row, ...]]:
    table = json.loads(asset("dangerous-keys.json").read_text(encoding="utf-8"))
    return {
        of: tuple(
            _Row(
                Danger(
                    tuple(row["key"].split(".")),
                    row["opens"],
                    row["instead"],
                    row.get("refused", ""),
                ),
                row["when"],
            )
            for row in table[of]
        )
        for of in ("config", "values")
    }


def _is_wide(value: Any) -> bool:
    """Whether a pattern, or one of several, lets through names that no one can have meant."""
    if isinstance(value, list):
        return any(map(_is_wide, value))
    if not isinstance(value, str) or not value:
        return False
    if set(value) <= set("*/"):  # a glob, as of images
        return True
    try:
        found = [bool(re.search(value, probe)) for probe in _PROBES]
    except (re.error, RecursionError):  # Go's dialect: no one here can say what it lets through
        return True
    return all(found)


_PROBES = ("x7q-nobody-9", "kubernetes.io/zz=Q", "default")
_WHEN: dict[str, Callable[[Any], bool]] = {
    "on": lambda value: value is True,
    "off": lambda value: value is False,
    "set": lambda value: value not in ("", [], {}, False),
    "wide": _is_wide,
    "narrow": lambda value: isinstance(value, str) and bool(value) and not _is_wide(value),
}


def _applies(when: str, value: Any) -> bool:
    test = _WHEN.get(when)
    if test:
        return test(value)
    entries = value if isinstance(value, list) else []
    return any(isinstance(entry, Mapping) and when in entry for entry in entries)
