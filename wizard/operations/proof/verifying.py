"""The proof alone, as often as someone likes: it changes no runner, no object and no file.

While a smoke job runs, the runner carries a tag of its own; what was proven is noted in its
maintenance note, as by `apply`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from wizard.checks import Connected, connect, refuse_failed
from wizard.core.errors import WizardError
from wizard.core.events import Event, StepStarted
from wizard.core.run import RunOptions
from wizard.operations.fleet import Fleet, side_by_side
from wizard.operations.proof.probe import Probe
from wizard.operations.proof.verification import RunnerVerifier
from wizard.operations.runners.observe import ObservedRunner, observe
from wizard.operations.runners.truth import why_not_running, with_truth
from wizard.operations.streams import titled
from wizard.profile.file import ProfileFile
from wizard.systems import Systems

_APPLY = "Run apply, which repairs it and proves it"


async def verify(file: ProfileFile, systems: Systems, run: RunOptions) -> AsyncIterator[Event]:
    """Prove every runner, some at once; a failure of one does not keep the others from it.

    Raises: RefusedError, where a system says no; WizardError, at the end, with all that failed.
    """
    yield StepStarted("Look")
    connected = await connect(file, systems, run)
    refuse_failed(connected.refusals)
    proving = RunnerVerifier.of(connected, mends=False)
    seen = await observe(connected.profile, connected.signed_in, connected.opened_backend)
    fleet = Fleet(tuple(one.runner.name for one in seen.runners))
    proofs = [
        fleet.guarded(
            one.runner.name, titled(f"Proof of {one.runner.name}", _prove(one, connected, proving))
        )
        for one in seen.runners
    ]
    async for event in side_by_side(proofs):
        yield event
    for summary in fleet.summary():
        yield summary
    fleet.raise_failures()


async def _prove(
    one: ObservedRunner, connected: Connected, proving: RunnerVerifier
) -> AsyncIterator[Event]:
    profile, cluster = connected.profile, connected.cluster
    one = await with_truth(profile, one, connected.signed_in, cluster)
    if why := _why_not_whole(one):
        raise WizardError(f"{one.runner.name} cannot be proven.", why, _APPLY)
    lacks = await asyncio.to_thread(
        why_not_running, profile, one, connected.opened_backend, cluster
    )
    if lacks:
        raise WizardError(f"{one.runner.name} does not run as it should.", lacks, _APPLY)
    if connected.run.probe and cluster:
        async for event in Probe(profile, one.runner, cluster, connected.run).look():
            yield event
    await proving.remember_managers(one)
    async for event in proving.prove(one.runner):
        yield event


def _why_not_whole(one: ObservedRunner) -> str:
    if one.info is None:
        return "it is not in GitLab"
    return one.why_new_token
