"""Running the checks side by side, and refusing once over all that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from wizard.checks.connected import Connected
from wizard.checks.connecting import NO_ANSWER
from wizard.core.changes import System
from wizard.core.errors import NotAllowedError, RefusedError, WizardError
from wizard.core.findings import Check, Finding, Verdict, with_verdict


@dataclass(frozen=True, slots=True)
class Declared:
    """One check of the list.

    Args:
        id: for machines; never changes.
        asks: what it finds out, for people.
        look: finds it out; blocking. What it raises as `NotAllowedError` was not for us to see.
        of: the system that answers; where that cannot be seen, it is left out.
        only_to_cluster: whether only an apply to the cluster needs it.
        always: also where nothing is to be changed.
    """

    id: str
    asks: str
    look: Callable[[Connected], Iterable[Check]]
    of: System
    only_to_cluster: bool = False
    always: bool = False

    def applies_to(self, connected: Connected) -> bool:
        """Whether a delivery needs the answer, and there is something to ask."""
        there = {
            System.GITLAB: connected.gitlab and connected.identity,
            System.SECRETS: connected.backend,
            System.CLUSTER: connected.cluster,
            System.FILES: True,
        }
        wanted = self.always or connected.pending.anything
        fits = connected.to_cluster or not self.only_to_cluster
        return bool(wanted and fits and there[self.of])

    def answer(self, connected: Connected) -> list[Check]:
        """Its checks; blocking. Raises: NotReachedError, when the system does not answer at all."""
        try:
            found = list(self.look(connected))
        except NotAllowedError as refused:
            # To look is a right of its own, which `apply` may do without.
            finding = Finding(refused.problem, cause=refused.cause)
            found = [Check(self.asks, Verdict.UNSEEN, finding)]
        except NO_ANSWER:
            raise
        except WizardError as refused:
            found = [Check(self.asks, Verdict.FAIL, refused.finding)]
        return [replace(check, id=self.id) for check in found]


async def run_checks(checks: Sequence[Declared], connected: Connected) -> list[Check]:
    """What every check that applies has found, in the order of the list.

    Raises: NotReachedError, when a system does not answer at all.
    """
    asked = [check for check in checks if check.applies_to(connected)]
    answers = await asyncio.gather(*(asyncio.to_thread(check.answer, connected) for check in asked))
    return [check for found in answers for check in found]


def refuse_failed(checks: Iterable[Check]) -> None:
    """Raises: RefusedError, once, with everything that failed."""
    if refused := refusal_of(checks):
        raise refused


def refusal_of(checks: Iterable[Check]) -> RefusedError | None:
    """The one refusal over all that failed; None where nothing did."""
    failed = [check.finding for check in with_verdict(checks, Verdict.FAIL) if check.finding]
    findings = list(dict.fromkeys(failed))  # two checks may meet the same wall
    return RefusedError.because_of(findings) if findings else None
