"""Plan, apply and destroy, for wherever the profile delivers to: what the front ends call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

from wizard.core.changes import Plan
from wizard.core.errors import ConflictError, NotAllowedError, RefusedError, WizardError
from wizard.core.events import Event
from wizard.core.run import RunOptions
from wizard.operations.cluster import namespaces
from wizard.operations.cluster.namespaces import LevelQuestion
from wizard.operations.day_two import pausing
from wizard.operations.delivery import delivery_of
from wizard.operations.delivery.files_only import FilesOnly
from wizard.operations.lock import only_run
from wizard.operations.proof import verifying as proof
from wizard.profile.file import ProfileFile
from wizard.systems import Systems

_FAREWELL = 0.4
"""Seconds in which the sessions may be ended once someone has interrupted."""


async def plan(
    file: ProfileFile, systems: Systems, run: RunOptions | None = None, *, files_only: bool = False
) -> Plan:
    """What `apply` would change, and over what it would refuse; writes nothing.

    Args:
        run: how `apply` would be run; unattended where nothing is said.
        files_only: only its files, where there is no GitLab token or no cluster.

    Raises: NotReachedError, UsageError: what could not be asked; what would refuse is in the plan.
    """
    async with _looking(systems):
        if files_only:
            return await FilesOnly(file).plan()
        return await delivery_of(file, systems, run or RunOptions()).plan()


def apply(
    file: ProfileFile, systems: Systems, run: RunOptions, *, files_only: bool = False
) -> AsyncIterator[Event]:
    """Make it so, then prove it; every fact as it happens. With a renewal: rotate.

    Raises: WizardError.
    """
    events = FilesOnly(file).apply() if files_only else delivery_of(file, systems, run).apply()
    return _only_run(file, run.verb, _followed(events, systems))


def verify(file: ProfileFile, systems: Systems, run: RunOptions) -> AsyncIterator[Event]:
    """Prove every runner again; nothing is changed. Raises: WizardError."""
    return _only_run(file, "verify", _followed(proof.verify(file, systems, run), systems))


def pause(
    file: ProfileFile, systems: Systems, names: Collection[str], why: str = ""
) -> AsyncIterator[Event]:
    """Let runners take no new jobs. Raises: WizardError."""
    return _only_run(file, "pause", _followed(pausing.pause(file, systems, names, why), systems))


def drain(
    file: ProfileFile, systems: Systems, run: RunOptions, names: Collection[str], why: str = ""
) -> AsyncIterator[Event]:
    """The same, and wait for the end of the jobs that run. Raises: WizardError."""
    events = pausing.drain(file, systems, run, names, why)
    return _only_run(file, "drain", _followed(events, systems))


def unpause(
    file: ProfileFile, systems: Systems, names: Collection[str], *, anyones: bool
) -> AsyncIterator[Event]:
    """Let runners take jobs again. Raises: WizardError."""
    events = pausing.unpause(file, systems, names, anyones=anyones)
    return _only_run(file, "unpause", _followed(events, systems))


async def level_questions(file: ProfileFile, systems: Systems) -> list[LevelQuestion]:
    """What a person is asked before `apply`: about the level of namespaces that others made.

    What they say yes to is `RunOptions.levels`, and done by `apply` once nothing refuses.
    """
    if file.profile.delivery.writes_files:
        return []
    async with _looking(systems):
        cluster = await asyncio.to_thread(systems.cluster)
        return await asyncio.to_thread(namespaces.level_questions, file.profile, cluster)


async def plan_destroy(file: ProfileFile, systems: Systems, run: RunOptions | None = None) -> Plan:
    """What `destroy` would remove, and what it would leave.

    Raises: RefusedError, when the profile was never applied.
    """
    if file.profile.id is None:
        raise RefusedError(
            "This profile has never been applied: it has no id.",
            "everything the wizard creates carries the profile's id; nothing can carry this one's",
            "Give the file that apply wrote the id into; without one, there is nothing to destroy",
        )
    async with _looking(systems):
        return await delivery_of(file, systems, run or RunOptions()).plan_destroy()


def destroy(file: ProfileFile, systems: Systems, run: RunOptions) -> AsyncIterator[Event]:
    """Take all of it away, and look that it is gone. Raises: WizardError."""
    events = delivery_of(file, systems, run).destroy()
    return _only_run(file, "destroy", _followed(events, systems))


async def _only_run(
    file: ProfileFile, doing: str, events: AsyncIterator[Event]
) -> AsyncIterator[Event]:
    with only_run(file.path, doing):
        async for event in events:
            yield event


async def _followed(events: AsyncIterator[Event], systems: Systems) -> AsyncIterator[Event]:
    untouched = True
    async with _sessions(systems):
        try:
            async for event in events:
                untouched = untouched and event.changes_nothing
                yield event
        except (RefusedError, ConflictError, NotAllowedError) as no:
            if untouched:
                raise _refused(no) from no
            # Exit code 3 says that nothing was changed, which is not so any more.
            raise WizardError(no.problem, no.cause, no.fix) from no


def _refused(no: RefusedError | ConflictError | NotAllowedError) -> RefusedError:
    """The same no, from a system that said it before anything was changed there."""
    return no if isinstance(no, RefusedError) else RefusedError(no.problem, no.cause, no.fix)


@asynccontextmanager
async def _sessions(systems: Systems) -> AsyncIterator[None]:
    """However the verb ends, no session with a backend outlives it."""
    try:
        yield
    except (asyncio.CancelledError, GeneratorExit):
        systems.stop_waiting()
        # A person who interrupts does not sit out a server that hangs: its session expires.
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(systems.close), _FAREWELL)
        raise
    except BaseException:
        await asyncio.to_thread(systems.close)
        raise
    await asyncio.to_thread(systems.close)


@asynccontextmanager
async def _looking(systems: Systems) -> AsyncIterator[None]:
    """The same for what changes nothing, where any no is a refusal."""
    async with _sessions(systems):
        try:
            yield
        except (ConflictError, NotAllowedError) as no:
            raise _refused(no) from no
