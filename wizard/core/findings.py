"""What was looked at and what it showed: the one record that errors, checks and imports share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    """It works, but not as someone who reads the profile expects; `apply` goes on."""
    FAIL = "fail"
    """`apply` refuses."""
    UNSEEN = "unseen"
    """Could not be looked at: not a failure, but not a proof either."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: the problem, the evidence for it, its cause, and the fix."""

    problem: str
    evidence: str = ""
    cause: str = ""
    fix: str = ""

    def sentence(self) -> str:
        """All of it in one line, for where there is no room for more."""
        parts = "; ".join(filter(None, (self.evidence, self.cause)))
        return " ".join(filter(None, (self.problem, parts and f"({parts})", self.fix)))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, with its verdict."""

    name: str
    """What was asked, for people."""
    verdict: Verdict
    finding: Finding | None = None
    id: str = ""
    """Which check of the list gave it, for machines: `gitlab.role`."""

    def record(self) -> dict[str, Any]:
        """The check as plain data."""
        found = self.finding or Finding("")
        return {
            "id": self.id,
            "name": self.name,
            "verdict": self.verdict.value,
            "problem": found.problem,
            "evidence": found.evidence,
            "cause": found.cause,
            "fix": found.fix,
        }


def with_verdict(checks: Iterable[Check], verdict: Verdict) -> list[Check]:
    """Those of the checks that have one verdict, in their order."""
    return [check for check in checks if check.verdict is verdict]


def details(finding: Finding) -> Iterator[str]:
    """What a finding says beside its problem, line by line and indented."""
    for word, text in (("seen", finding.evidence), ("why", finding.cause), ("fix", finding.fix)):
        if text:
            first, *rest = text.splitlines()
            yield f"    {word}: {first}"
            yield from (f"      {line}" for line in rest)
