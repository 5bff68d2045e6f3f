"""What was looked at and what it showed: the words of `verify`, `doctor` and the preflight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def findings_text(findings: Iterable[Finding]) -> Iterator[str]:
    """Each finding as a few lines: symptom, evidence, cause, fix."""
    for finding in findings:
        yield f"- {finding.symptom}"
        for word, text in (
            ("seen", finding.evidence),
            ("why", finding.cause),
            ("fix", finding.fix),
        ):
            if text:
                yield f"    {word}: {text}"
