"""The failures that are known, each read from its own file in `assets/doctor/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from wizard.core.errors import WizardError
from wizard.core.shipped import asset
from wizard.doctor.texts import Kind

_REQUIRED = {"problem", "match", "cause", "fix", "sure", "source", "sample"}
_OPTIONAL = {"where", "evidence", "explains"}


class Sureness(StrEnum):
    """How far a matched line proves the failure."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure: by what it is recognised, what it means, and the way out.

    Args:
        id: the name of its file.
        problem: what it is; `{name}` is replaced by what a named group of the match found.
        patterns: any of them, in one line of a text, shows it.
        where: the kinds of text that can show it; empty for every kind.
        evidence: what else would confirm it.
        explains: failures that are only its consequence.
        sample: lines that show it, as someone would paste them.
    """

    id: str
    problem: str
    patterns: tuple[re.Pattern[str], ...]
    cause: str
    fix: str
    sure: Sureness
    sources: tuple[str, ...]
    sample: str
    where: frozenset[Kind] = frozenset()
    evidence: str = ""
    explains: frozenset[str] = frozenset()

    def can_be_in(self, kind: Kind) -> bool:
        return not self.where or kind is Kind.UNKNOWN or kind in self.where


@cache
def known_failures() -> tuple[Failure, ...]:
    """All of them, by name. Raises: WizardError, naming a file that cannot be used."""
    return tuple(read_failure(file) for file in sorted(asset("doctor").glob("*.yaml")))


def read_failure(file: Path) -> Failure:
    """One failure. Raises: WizardError, with what is wrong with its file."""
    import yaml

    from wizard.core import libyaml

    try:
        data = yaml.load(file.read_text("utf-8"), libyaml.SafeLoader)  # noqa: S506 - a safe one, but in C
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _unusable(file, str(error)) from None
    if not isinstance(data, Mapping):
        raise _unusable(file, "it holds no mapping")
    if missing := _REQUIRED - data.keys():
        raise _unusable(file, f"it lacks {', '.join(sorted(missing))}")
    if unknown := data.keys() - _REQUIRED - _OPTIONAL:
        raise _unusable(file, f"{', '.join(sorted(unknown))} is not known here")
    try:
        return _failure(file.stem, data)
    except (ValueError, TypeError, re.error) as error:
        raise _unusable(file, str(error)) from None


def _failure(name: str, data: Mapping[str, Any]) -> Failure:
    return Failure(
        name,
        str(data["problem"]),
        tuple(re.compile(pattern, re.IGNORECASE) for pattern in data["match"]),
        str(data["cause"]),
        str(data["fix"]),
        Sureness(data["sure"]),
        tuple(map(str, data["source"])),
        str(data["sample"]),
        frozenset(map(Kind, data.get("where", ()))),
        str(data.get("evidence", "")),
        frozenset(map(str, data.get("explains", ()))),
    )


def _unusable(file: Path, why: str) -> WizardError:
    return WizardError(
        f"{file.name} describes no failure that the doctor can use.",
        why,
        "Correct the file; docs/doctor.md says what belongs into it",
    )
