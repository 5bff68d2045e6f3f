"""Marks of what was looked at, that read without colour."""

from __future__ import annotations

from wizard.core.findings import Check, Verdict

MARKS = {Verdict.OK: "[x]", Verdict.WARN: "[-]", Verdict.FAIL: "[!]", Verdict.UNSEEN: "[?]"}


def marked(check: Check) -> str:
    """A check on one line, and below it what to do where it failed."""
    finding = check.finding
    if finding is None:
        return f"{MARKS[check.verdict]} {check.name}"
    details = [part for part in (finding.evidence, finding.cause, finding.fix) if part]
    lines = [f"{MARKS[check.verdict]} {check.name} ({finding.problem})", *details]
    return "\n    ".join(lines)
