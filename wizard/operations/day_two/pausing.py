"""Pausing runners for a while, and ending that: who holds one is in its maintenance note.

A pause of this kind is no difference from the profile: `plan` says it, and `apply` leaves it. Only
GitLab is asked; neither the place of the tokens nor the cluster has to be there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace

from wizard.core.errors import RefusedError, WizardError
from wizard.core.events import (
    Event,
    Progress,
    RunnerDrained,
    RunnerPaused,
    RunnerUnpaused,
    StepStarted,
)
from wizard.core.run import RunOptions
from wizard.operations.runners.maintenance_note import Hold, Note
from wizard.operations.runners.observe import ObservedRunner, observe
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems import Systems
from wizard.systems.backends import Stored
from wizard.systems.gitlab import GitLab, RunnerInfo

_POLL = 2.0


class _NoTokens:
    """A `TokenReader` for what is not about tokens."""

    def where(self, runner: Runner) -> str:  # noqa: ARG002 - the protocol's
        return ""

    def read(self, runner: Runner) -> Stored | None:  # noqa: ARG002 - the protocol's
        return None


@dataclass(frozen=True, slots=True)
class _Found:
    """A runner that is there."""

    one: ObservedRunner
    info: RunnerInfo

    @property
    def name(self) -> str:
        return self.one.runner.name

    @property
    def note(self) -> Note:
        return self.one.note


async def pause(
    file: ProfileFile, systems: Systems, names: Collection[str], why: str = ""
) -> AsyncIterator[Event]:
    """Let runners take no new jobs; what runs goes on.

    Args:
        names: the runners; all where it is empty.
        why: a few words for those who find it paused.

    Raises: RefusedError, where one of them is not in GitLab; WizardError, from GitLab.
    """
    gitlab = await asyncio.to_thread(systems.gitlab)
    async for event in _pause(await _found(file.profile, gitlab, names), gitlab, why):
        yield event


async def drain(
    file: ProfileFile, systems: Systems, run: RunOptions, names: Collection[str], why: str = ""
) -> AsyncIterator[Event]:
    """Pause runners, and wait until their running jobs have ended.

    Args:
        run: its deadline is how long the jobs may take.

    Raises: as `pause`; WizardError, where jobs still run at the end.
    """
    gitlab = await asyncio.to_thread(systems.gitlab)
    found = await _found(file.profile, gitlab, names)
    async for event in _pause(found, gitlab, why):
        yield event
    yield StepStarted("Running jobs")
    end = time.monotonic() + run.deadline
    for one in found:
        async for event in _until_idle(one, gitlab, run, end):
            yield event


async def unpause(
    file: ProfileFile, systems: Systems, names: Collection[str], *, anyones: bool
) -> AsyncIterator[Event]:
    """Let runners take jobs again.

    Args:
        anyones: also those that another user holds.

    Raises: RefusedError, where another holds one of them, or the profile itself pauses it.
    """
    gitlab = await asyncio.to_thread(systems.gitlab)
    found = await _found(file.profile, gitlab, names)
    me = await _who(gitlab)
    _refuse_wanted(file.profile, found)
    theirs = [one for one in found if one.note.hold and one.note.hold.who != me]
    if theirs and not anyones:
        held = [one.note.hold.sentence(one.name) for one in theirs if one.note.hold]
        raise RefusedError(
            "Another user has paused what is to be unpaused.",
            "\n".join(held),
            "Ask them, then add --yes",
        )
    yield StepStarted("Unpause")
    for one in found:
        if not one.info.settings.paused and not one.note.hold:
            yield Progress(f"{one.name} is not paused")
            continue
        await _set(one, gitlab, replace(one.note, hold=None), paused=False)
        yield RunnerUnpaused(one.name, one.info.id)


async def _pause(found: list[_Found], gitlab: GitLab, why: str) -> AsyncIterator[Event]:
    yield StepStarted("Pause")
    who = await _who(gitlab)
    for one in found:
        if one.note.hold and one.info.settings.paused:
            yield Progress(f"{one.note.hold.sentence(one.name)} already")
            continue
        hold = Hold(who, gitlab.now(), why)
        await _set(one, gitlab, replace(one.note, hold=hold), paused=True)
        yield RunnerPaused(one.name, one.info.id, who)


async def _until_idle(
    one: _Found, gitlab: GitLab, run: RunOptions, end: float
) -> AsyncIterator[Event]:
    last = 0
    while running := await asyncio.to_thread(gitlab.running_jobs, one.info.id):
        jobs = f"{running} job{'' if running == 1 else 's'}"
        if time.monotonic() > end or run.cancel.is_set():
            raise WizardError(
                f"{one.name} still runs {jobs}.",
                "it is paused, and takes no new ones",
                "Wait for them and run drain again, with more time (--timeout); or cancel them",
            )
        if running != last:
            yield Progress(f"{one.name} runs {jobs}; waiting for the end")
            last = running
        await asyncio.sleep(_POLL)
    yield RunnerDrained(one.name)


async def _found(profile: Profile, gitlab: GitLab, names: Collection[str]) -> list[_Found]:
    """The runners that are meant, all of them. Raises: RefusedError."""
    seen = await observe(profile, gitlab, _NoTokens())
    meant = [one for one in seen.runners if not names or one.runner.name in names]
    missing = [one.runner.name for one in meant if one.info is None]
    if missing:
        raise RefusedError(
            f"GitLab has no runner of this profile called {', '.join(missing)}.",
            "it was never created, or was deleted",
            "Run apply first",
        )
    return [_Found(one, one.info) for one in meant if one.info]


def _refuse_wanted(profile: Profile, found: list[_Found]) -> None:
    wanted = [one.name for one in found if profile.runner(one.name).paused]
    if wanted:
        raise RefusedError(
            f"The profile itself pauses {', '.join(wanted)}.",
            "`paused: true` is in it, and the next apply would pause it again",
            "Change the profile, then run apply",
        )


async def _who(gitlab: GitLab) -> str:
    """Whose token it is; GitLab does not tell every token."""
    identity = await asyncio.to_thread(gitlab.whoami)
    return identity.username or "unknown"


async def _set(one: _Found, gitlab: GitLab, note: Note, *, paused: bool) -> None:
    fields = {"paused": paused, "maintenance_note": str(note)}
    await asyncio.to_thread(gitlab.update_runner, one.info.id, fields)
