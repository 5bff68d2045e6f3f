"""Findings as lines for people and as data for machines."""

from __future__ import annotations

from dataclasses import asdict

from wizard.core.findings import Finding, findings_text

__all__ = ["finding_data", "findings_text"]


def finding_data(finding: Finding) -> dict[str, str]:
    """A finding as plain data."""
    return asdict(finding)
