"""What was looked at and what it showed: the words of `verify`, `doctor` and the preflight."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNSEEN = "unseen"
    """Could not be looked at: not a failure, but not a proof either."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: symptom, the evidence for it, its cause, and the fix."""

    symptom: str
    evidence: str = ""
    cause: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, with its verdict."""

    name: str
    verdict: Verdict
    finding: Finding | None = None
