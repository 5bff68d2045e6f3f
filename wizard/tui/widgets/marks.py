"""Marks of what was looked at, that read without colour."""

from __future__ import annotations

from wizard.core.findings import Check, Verdict
from wizard.tui.look import signs


def mark(verdict: Verdict) -> str:
    """The sign of a verdict."""
    return {
        Verdict.OK: signs().done,
        Verdict.WARN: signs().needs_you,
        Verdict.FAIL: signs().failed,
        Verdict.UNSEEN: signs().skipped,
    }[verdict]


def marked(check: Check) -> str:
    """A check on one line, and below it what to do where it failed."""
    finding = check.finding
    if finding is None:
        return f"{mark(check.verdict)} {check.name}"
    details = [part for part in (finding.evidence, finding.cause, finding.fix) if part]
    lines = [f"{mark(check.verdict)} {check.name} ({finding.problem})", *details]
    return "\n    ".join(lines)
