"""One runner in GitLab with one token that is stored: created, found, reset; safe to be killed.

The order carries the weight. Create, look for a twin that another run has made at the same time,
store, then note the fingerprint. For a reset: strike the note out, reset, store, note. Killed
between any two, the note differs from what is stored, and the next run resets once more: one
runner, one token. What is noted is the token that GitLab gave, never what is read back: another
run may have written in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wizard.core.errors import ConflictError, NotReachedError, WizardError
from wizard.core.events import (
    Event,
    RunnerAdopted,
    RunnerCreated,
    RunnerDeleted,
    RunnerFound,
    RunnerUpdated,
    SecretWritten,
    TokenReset,
    Warned,
)
from wizard.core.secrets import SecretStr, fingerprint, remember_secret
from wizard.operations.runners.adopt import check_still_free
from wizard.operations.runners.observe import ObservedRunner
from wizard.systems.backends import Backend, ForeignTokenError
from wizard.systems.gitlab import Created, GitLab, RunnerInfo, RunnerSettings

_LOST_ANSWER_PAUSE = 2.0
_STORE_TRIES = 3


@dataclass(slots=True)
class TokenKeeper:
    """Settles one runner: afterwards `runner_id` is its id, and its token is stored."""

    seen: ObservedRunner
    gitlab: GitLab
    backend: Backend
    marker: str
    """As it is in the description of the runner."""
    runner_id: int = 0

    async def settle(self) -> AsyncIterator[Event]:
        """Make GitLab and the backend agree; yields nothing where they do already.

        Raises: WizardError, from GitLab or the backend; run again, it goes on from there.
        """
        for double in self.seen.duplicates:
            await asyncio.to_thread(self.gitlab.delete_runner, double.id)
            yield RunnerDeleted(self.seen.runner.name, double.id)
        if self.seen.adopting is not None:
            steps = self._adopt(self.seen.adopting.id)
        elif self.seen.info is None:
            steps = self._create()
        elif why := self.seen.why_new_token:
            self.runner_id = self.seen.info.id
            steps = self._reset(why)
        else:
            self.runner_id = self.seen.info.id
            steps = self._update(self.seen.info.settings)
        async for event in steps:
            yield event

    async def _create(self) -> AsyncIterator[Event]:
        name = self.seen.runner.name
        bare = replace(self.seen.wanted, maintenance_note=str(self.seen.note.without_token))
        try:
            created = await asyncio.to_thread(self.gitlab.create_runner, self.seen.scope, bare)
        except NotReachedError as error:
            if not error.maybe_done:
                raise
            async for event in self._recover(error):
                yield event
            return
        self.runner_id = created.id
        yield RunnerCreated(name, created.id)
        await self._yield_to_an_earlier_one(created.id)
        async for event in self._or_deleted(self._store(created)):
            yield event

    async def _or_deleted(self, storing: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """Store the token of a runner that was just made; the runner goes where that is refused.

        Another's token has come since it was looked at: nothing will ever use this runner.
        """
        try:
            async for event in storing:
                yield event
        except ForeignTokenError:
            await asyncio.to_thread(self.gitlab.delete_runner, self.runner_id)
            yield RunnerDeleted(self.seen.runner.name, self.runner_id)
            raise

    async def _adopt(self, runner_id: int) -> AsyncIterator[Event]:
        """Give it our marker and settings, then a token; killed after that, the marker finds it."""
        now = await asyncio.to_thread(self.gitlab.get_runner, runner_id)
        check_still_free(now, self.seen)
        self.runner_id = runner_id
        yield RunnerAdopted(self.seen.runner.name, runner_id)
        async for event in self._reset("it was taken over"):
            yield event

    async def _recover(self, lost: NotReachedError) -> AsyncIterator[Event]:
        """The answer to the create was lost: the runner is there under our marker, or it is not."""
        await asyncio.sleep(_LOST_ANSWER_PAUSE)
        found = await self._marked()
        if not found:
            raise lost
        # Of several, the newest is ours; it gives way as if its answer had not been lost.
        self.runner_id = found[-1].id
        await self._yield_to_an_earlier_one(self.runner_id)
        yield RunnerFound(self.seen.runner.name, self.runner_id)
        resetting = self._reset("GitLab's answer with the first token was lost")
        async for event in self._or_deleted(resetting):
            yield event

    async def _reset(self, why: str) -> AsyncIterator[Event]:
        name = self.seen.runner.name
        struck_out = replace(self.seen.wanted, maintenance_note=str(self.seen.note.without_token))
        async for event in self._set(struck_out.changes_from(await self._settings_now())):
            yield event
        reset = await asyncio.to_thread(self.gitlab.reset_token, self.runner_id)
        yield TokenReset(name, self.runner_id, why)
        async for event in self._store(replace(reset, id=self.runner_id)):
            yield event

    async def _settings_now(self) -> RunnerSettings:
        return (await asyncio.to_thread(self.gitlab.get_runner, self.runner_id)).settings

    async def _update(self, found: RunnerSettings) -> AsyncIterator[Event]:
        async for event in self._set(self.seen.wanted.changes_from(found)):
            yield event
        stored = self.seen.stored
        if stored and stored.token and stored.owner is None:
            # Of an earlier version, and the note has just shown that it is this runner's.
            write = self.backend.write
            await asyncio.to_thread(write, self.seen.runner, stored.token, self.runner_id)

    async def _set(self, changes: Mapping[str, tuple[Any, Any]]) -> AsyncIterator[Event]:
        if not changes:
            return
        fields = {name: wanted for name, (_, wanted) in changes.items()}
        await asyncio.to_thread(self.gitlab.update_runner, self.runner_id, fields)
        yield RunnerUpdated(self.seen.runner.name, self.runner_id, tuple(fields))

    async def _store(self, created: Created) -> AsyncIterator[Event]:
        remember_secret(created.token)
        made = self.gitlab.now()
        name = self.seen.runner.name
        await self._write(created.token)
        yield SecretWritten(name, self.backend.where(self.seen.runner))
        await self._read_back(created.token)
        ours = fingerprint(created.token)
        note = self.seen.note.with_token(ours, made, created.token_expires_at)
        await asyncio.to_thread(
            self.gitlab.update_runner, self.runner_id, {"maintenance_note": str(note)}
        )
        if created.token_expires_at is not None:
            yield Warned(
                f"the token of {name} expires at {created.token_expires_at:%Y-%m-%d %H:%M} UTC; "
                "apply renews it once less than a quarter of its life is left, so run it on a "
                "schedule"
            )

    async def _read_back(self, token: SecretStr) -> None:
        """Raises: ConflictError, where another token is stored; WizardError, where none is."""
        name, where = self.seen.runner.name, self.backend.where(self.seen.runner)
        stored = await asyncio.to_thread(self.backend.read, self.seen.runner)
        if stored is None:
            raise WizardError(
                f"The token of {name} was written to {where}, but it is not there now.",
                "something removed it at once",
                "Find out what prunes it, then run apply again: the runner gets a new token",
            )
        if stored.fingerprint != fingerprint(token):
            raise ConflictError(
                f"The token of {name} was written to {where}, and another one is there now.",
                "another run of this profile, or someone, wrote there at the same moment",
                "Wait until no other run is active, then run apply again: the runner gets a new "
                "token",
            )

    async def _write(self, token: SecretStr) -> None:
        """Store the token, which exists nowhere else; a backend that stumbles is asked again."""
        for attempt in range(1, _STORE_TRIES + 1):
            try:
                write = self.backend.write
                await asyncio.to_thread(write, self.seen.runner, token, self.runner_id)
            except NotReachedError as error:
                if attempt == _STORE_TRIES:
                    raise WizardError(
                        f"The token of {self.seen.runner.name} could not be stored in "
                        f"{self.backend.where(self.seen.runner)}.",
                        f"{error.problem} {error.cause}",
                        "Repair the backend and run apply again: the runner is found by its "
                        "marker and gets a new token",
                    ) from error
                await asyncio.sleep(attempt)
            else:
                return

    async def _yield_to_an_earlier_one(self, ours: int) -> None:
        """Of two runs that created at the same moment, the one with the higher id gives way."""
        found = await self._marked()
        if found and found[0].id < ours:
            await asyncio.to_thread(self.gitlab.delete_runner, ours)
            raise ConflictError(
                f"Another apply of this profile created {self.seen.runner.name} at the same time.",
                f"its runner {found[0].id} came first, so runner {ours} was deleted again and its "
                "token was stored nowhere",
                "Wait until the other one has ended, then run apply again",
            )

    async def _marked(self) -> list[RunnerInfo]:
        """The runners with our marker that are where the profile wants them, lowest id first."""
        scope = self.seen.scope
        found = await asyncio.to_thread(self.gitlab.find_runners, scope, self.marker)
        return [info for info in found if info.belongs_to(scope)]
