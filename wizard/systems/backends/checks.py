"""How a backend tells what it can do: step by step, until one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wizard.core.errors import WizardError
from wizard.core.findings import Check, Finding, Verdict


def checked(steps: Iterable[tuple[str, Callable[[], list[Check]]]]) -> list[Check]:
    """The checks of every step; one that raises fails under its name, and is the last.

    Args:
        steps: what the step is about, and what finds it out.
    """
    checks: list[Check] = []
    for name, find_out in steps:
        try:
            checks += find_out()
        except WizardError as error:
            finding = Finding(error.problem, cause=error.cause, fix=error.fix)
            return [*checks, failed(name, finding)]
    return checks


def failed(name: str, finding: Finding) -> Check:
    return Check(name, Verdict.FAIL, finding)
