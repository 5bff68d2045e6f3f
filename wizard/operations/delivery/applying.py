"""`apply`, wherever it goes: one algorithm, and a reconciler for what differs.

Everything that can be asked is asked before the first write, which is of the profile's id. Killed
at any point and run again, it goes on where it was. A run that changes nothing writes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from wizard.checks import Connected, connect, refuse_failed
from wizard.core.changes import Plan
from wizard.core.events import Event, Planned, StepStarted, Waiting
from wizard.core.manifest import Manifest
from wizard.core.run import RunOptions
from wizard.operations.cluster.reader_credential import asked_for
from wizard.operations.fleet import Fleet, side_by_side
from wizard.operations.lease import Turn, turn_at
from wizard.operations.plan.discovered_facts import save_found
from wizard.operations.plan.survey import Survey, survey, warnings
from wizard.operations.proof.verification import RunnerVerifier
from wizard.operations.runners.observe import ObservedState
from wizard.operations.streams import titled
from wizard.profile.file import ProfileFile
from wizard.profile.runner import Runner
from wizard.systems import Systems

Parts = Sequence[AsyncIterator[Event]]


@dataclass(slots=True)
class Work:
    """One run, once everything has been looked at and nothing prevents it."""

    file: ProfileFile
    surveyed: Survey
    credential: Manifest | None
    """What the store signs in with; None where the one that is there is kept."""
    verifier: RunnerVerifier
    fleet: Fleet = field(init=False)

    def __post_init__(self) -> None:
        self.fleet = Fleet(tuple(one.runner.name for one in self.seen.runners))

    @property
    def plan(self) -> Plan:
        return self.surveyed.plan

    @property
    def seen(self) -> ObservedState:
        return self.surveyed.known


class Reconciler(Protocol):
    """What `apply` does in one way to deliver, around the runners and their tokens."""

    def settled(self, connected: Connected) -> AsyncIterator[Event]:
        """Wait for what has to end before anything can be compared. Raises: RefusedError."""
        ...

    async def begin(self, work: Work) -> bool:
        """Take the work; returns whether there is any."""
        ...

    def before_tokens(self) -> Parts:
        """What has to be there before a runner gets its token."""
        ...

    def after_tokens(self) -> Parts:
        """Bring everything else to its place."""
        ...

    async def due(self) -> list[Runner]:
        """The runners to be proven now."""
        ...

    def arrival(self, runner: Runner) -> AsyncIterator[Event]:
        """Follow a runner into the cluster; a `Waiting` among the events leaves it unproven."""
        ...


async def apply(
    file: ProfileFile, systems: Systems, run: RunOptions, reconciler: Reconciler
) -> AsyncIterator[Event]:
    """Carry out what `plan` shows, then prove every runner; yields each fact as it happens.

    Raises: WizardError; `RefusedError`, with everything that prevents it, before anything
    has changed.
    """
    yield StepStarted("Look")
    connected = await connect(file, systems, run)
    async with turn_at(file, connected.cluster, run.verb) as turn:
        async for event in turn.while_ours(_apply(file, connected, reconciler, turn)):
            yield event


async def _apply(
    file: ProfileFile, connected: Connected, reconciler: Reconciler, turn: Turn
) -> AsyncIterator[Event]:
    async for event in reconciler.settled(connected):
        yield event
    surveyed = await survey(connected, new=True)
    refuse_failed(surveyed.plan.checks)
    credential = await asked_for(surveyed.reader)
    file, saved = await save_found(file, surveyed.found)
    for event in saved:
        yield event
    work = Work(file, surveyed, credential, RunnerVerifier.of(surveyed.connected))
    yield Planned(work.plan)
    for warning in warnings(surveyed):
        yield warning
    work.verifier.expect(work.plan)
    if await reconciler.begin(work):
        async for event in _carry_out(work, reconciler, turn):
            yield event


async def _carry_out(work: Work, reconciler: Reconciler, turn: Turn) -> AsyncIterator[Event]:
    profile = work.file.profile
    for parts in (reconciler.before_tokens, lambda: [_settled(work)], reconciler.after_tokens):
        for part in parts():
            async for event in turn.take(profile, work.plan):
                yield event
            async for event in part:
                yield event
    if due := [runner for runner in await reconciler.due() if work.fleet.has(runner.name)]:
        async for event in turn.take(profile):
            yield event
        proofs = [
            work.fleet.guarded(runner.name, _proven(work, reconciler, runner)) for runner in due
        ]
        async for event in side_by_side(proofs):
            yield event
    for summary in work.fleet.summary():
        yield summary
    work.fleet.raise_failures()


async def _settled(work: Work) -> AsyncIterator[Event]:
    """Each runner in GitLab, with its token stored. Raises: WizardError, where none came to it."""
    settling = [
        work.fleet.guarded(
            one.runner.name,
            titled(f"Runner {one.runner.name} and its token", work.verifier.settle(one)),
        )
        for one in work.seen.runners
    ]
    async for event in side_by_side(settling):
        yield event
    if len(work.fleet.failed) == len(work.fleet.names):
        work.fleet.raise_failures()


async def _proven(work: Work, reconciler: Reconciler, runner: Runner) -> AsyncIterator[Event]:
    waits = False
    async for event in reconciler.arrival(runner):
        waits = waits or isinstance(event, Waiting)
        yield event
    if not waits:
        async for event in titled(f"Proof of {runner.name}", work.verifier.prove(runner)):
            yield event
