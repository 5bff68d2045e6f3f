"""What an examination found: from looking, and from what was printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from wizard.core.findings import Finding
from wizard.doctor import Diagnosis, Text, diagnose


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, what is not explained, and what was looked at."""

    findings: tuple[Finding, ...]
    """What GitLab, the cluster, the backend and the files show."""
    diagnosis: Diagnosis
    """What the logs show."""
    unseen: tuple[str, ...] = ()
    """Sentences: what could not be looked at, and why."""

    @property
    def is_well(self) -> bool:
        """Whether nothing was found, explained or not."""
        return not (self.findings or self.diagnosis.found or self.diagnosis.unexplained)

    def record(self) -> dict[str, Any]:
        """The report as plain data."""
        diagnosis = self.diagnosis
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "known": [asdict(found) for found in diagnosis.found],
            "unexplained": [asdict(line) for line in diagnosis.unexplained],
            "looked_at": list(diagnosis.looked_at),
            "failures_known": diagnosis.failures,
            "unseen": list(self.unseen),
        }


def of_texts(texts: Iterable[Text], findings: Iterable[Finding] = ()) -> Report:
    """What shows in some texts, beside what was found elsewhere.

    Raises: WizardError, for a file of knowledge that cannot be used.
    """
    return Report(tuple(dict.fromkeys(findings)), diagnose(texts))
