"""Findings as lines for people and as data for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from wizard.core.findings import Finding


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


def finding_data(finding: Finding) -> dict[str, str]:
    """A finding as plain data."""
    return asdict(finding)
