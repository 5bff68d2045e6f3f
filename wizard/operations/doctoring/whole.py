"""Everything that can be asked about a profile, held against what is known to fail."""

from __future__ import annotations

import asyncio
from functools import partial

from wizard.checks import CHECKS, Connected, Pending
from wizard.core.errors import StoppedError, WizardError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.run import RunOptions
from wizard.operations.doctoring.operators import of_operators
from wizard.operations.doctoring.report import Report, of_texts
from wizard.operations.explaining import (
    Evidence,
    of_events,
    of_job_pods,
    of_manager,
)
from wizard.operations.status import Reached, State, look_at, reach
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.systems import Systems
from wizard.systems.kubernetes import Cluster

_BAD = {State.BROKEN, State.DIFFERS}


async def examine(file: ProfileFile, systems: Systems, run: RunOptions | None = None) -> Report:
    """What is wrong with a profile's runners, as far as anything shows it. Writes nothing.

    Raises: StoppedError, when someone ended a wait; WizardError, for a file of knowledge that
        cannot be used.
    """
    run = run or RunOptions()
    reached = await reach(file, systems, run)
    status, checks, evidence = await asyncio.gather(
        look_at(file, reached),
        asyncio.to_thread(_checks, file, systems, run, reached),
        asyncio.to_thread(_evidence, file.profile, reached.cluster),
    )
    remarks = [remark for _, remark in status.all_remarks]
    findings = [remark.finding for remark in remarks if remark.state in _BAD]
    wrong = {Verdict.FAIL, Verdict.WARN}
    findings += [one.finding for one in checks if one.verdict in wrong and one.finding]
    unseen = [_sentence(remark.finding) for remark in remarks if remark.state is State.UNSEEN]
    unseen += [_sentence(one.finding) for one in checks if _is_unseen(one) and one.finding]
    report = of_texts(evidence.texts, findings)
    looked = tuple(dict.fromkeys([*unseen, *evidence.unseen]))
    return Report(report.findings, report.diagnosis, looked)


def _checks(file: ProfileFile, systems: Systems, run: RunOptions, reached: Reached) -> list[Check]:
    """Every check that needs no change, as if all of the profile were to be applied."""
    gitlab = reached.gitlab
    try:
        identity = gitlab.whoami() if gitlab else None
    except StoppedError:
        raise
    except WizardError:
        identity = None  # the status has said that GitLab does not answer
    connected = Connected(
        file, systems, run, gitlab, reached.backend, reached.cluster, identity
    ).with_pending(Pending(runners=tuple(file.profile.runners)))
    found: list[Check] = []
    for check in CHECKS:
        if not check.applies_to(connected):
            continue
        try:
            found += check.answer(connected)
        except StoppedError:
            raise
        except WizardError as error:
            found.append(Check(check.asks, Verdict.UNSEEN, error.finding, check.id))
    return found


def _is_unseen(check: Check) -> bool:
    return check.verdict is Verdict.UNSEEN


def _sentence(finding: Finding) -> str:
    return " ".join(filter(None, (finding.problem, finding.cause)))


def _evidence(profile: Profile, cluster: Cluster | None) -> Evidence:
    evidence = Evidence()
    if cluster is None:
        return evidence
    for runner in profile.runners:
        evidence.take(f"the log of {runner.release}", partial(of_manager, profile, runner, cluster))
    for namespace in profile.namespaces:
        evidence.take(f"the events of {namespace}", partial(of_events, namespace, cluster))
    for namespace in {profile.job_namespace(runner) for runner in profile.runners}:
        evidence.take(f"the pods of {namespace}", partial(of_job_pods, namespace, cluster))
    evidence.take("what the operators say", partial(of_operators, profile, cluster))
    return evidence
