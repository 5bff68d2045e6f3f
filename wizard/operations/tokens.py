"""One runner in GitLab with one token that is stored: created, found, reset; safe to be killed.

The order carries the weight. Create, then store before anything else is asked of GitLab, then note
the fingerprint. For a reset: strike the note out, reset, store, note. Killed between any two, the
note differs from what is stored, and the next run resets once more: one runner, one token.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wizard.core.errors import Conflict, NotReached, WizardError
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
from wizard.core.secrets import SecretStr, remember_secret
from wizard.operations.adopt import check_still_free
from wizard.operations.look import SeenRunner
from wizard.systems.backends import Backend
from wizard.systems.gitlab import Created, GitLab, RunnerSettings

_LOST_ANSWER_PAUSE = 2.0
_STORE_TRIES = 3


@dataclass(slots=True)
class TokenKeeper:
    """Settles one runner: afterwards `runner_id` is its id, and its token is stored."""

    seen: SeenRunner
    gitlab: GitLab
    backend: Backend
    marker: str
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
        elif not self.seen.token_fits:
            self.runner_id = self.seen.info.id
            steps = self._reset(
                "no token is stored"
                if self.seen.stored is None
                else "the stored token is not the one it was last given"
            )
        else:
            self.runner_id = self.seen.info.id
            steps = self._update()
        async for event in steps:
            yield event

    async def _create(self) -> AsyncIterator[Event]:
        name = self.seen.runner.name
        bare = replace(self.seen.wanted, maintenance_note=self.seen.note.text)
        try:
            created = await asyncio.to_thread(self.gitlab.create_runner, self.seen.scope, bare)
        except NotReached as error:
            if not error.maybe_done:
                raise
            async for event in self._recover(error):
                yield event
            return
        self.runner_id = created.id
        yield RunnerCreated(name, created.id)
        async for event in self._store(created):
            yield event
        await self._yield_to_an_earlier_one(created.id)

    async def _adopt(self, runner_id: int) -> AsyncIterator[Event]:
        """Give it our marker and settings, then a token; killed after that, the marker finds it."""
        now = await asyncio.to_thread(self.gitlab.get_runner, runner_id)
        check_still_free(now, self.seen, self.marker)
        self.runner_id = runner_id
        yield RunnerAdopted(self.seen.runner.name, runner_id)
        async for event in self._reset("it was taken over"):
            yield event

    async def _recover(self, lost: NotReached) -> AsyncIterator[Event]:
        """The answer to the create was lost: the runner is there under our marker, or it is not."""
        await asyncio.sleep(_LOST_ANSWER_PAUSE)
        found = await asyncio.to_thread(self.gitlab.find_runners, self.seen.scope, self.marker)
        if not found:
            raise lost
        self.runner_id = found[0].id
        yield RunnerFound(self.seen.runner.name, self.runner_id)
        async for event in self._reset("GitLab's answer with the first token was lost"):
            yield event

    async def _reset(self, why: str) -> AsyncIterator[Event]:
        name = self.seen.runner.name
        struck_out = replace(self.seen.wanted, maintenance_note=self.seen.note.text)
        async for event in self._set(struck_out.changes_from(await self._settings_now())):
            yield event
        reset = await asyncio.to_thread(self.gitlab.reset_token, self.runner_id)
        yield TokenReset(name, self.runner_id, why)
        async for event in self._store(replace(reset, id=self.runner_id)):
            yield event

    async def _settings_now(self) -> RunnerSettings:
        return (await asyncio.to_thread(self.gitlab.get_runner, self.runner_id)).settings

    async def _update(self) -> AsyncIterator[Event]:
        assert self.seen.info is not None  # noqa: S101 - settle() has looked
        async for event in self._set(self.seen.wanted.changes_from(self.seen.info.settings)):
            yield event

    async def _set(self, changes: Mapping[str, tuple[Any, Any]]) -> AsyncIterator[Event]:
        if not changes:
            return
        fields = {name: wanted for name, (_, wanted) in changes.items()}
        await asyncio.to_thread(self.gitlab.update_runner, self.runner_id, fields)
        yield RunnerUpdated(self.seen.runner.name, self.runner_id, tuple(fields))

    async def _store(self, created: Created) -> AsyncIterator[Event]:
        remember_secret(created.token)
        name = self.seen.runner.name
        await self._write(created.token)
        yield SecretWritten(name, self.backend.where(self.seen.runner))
        stored = await asyncio.to_thread(self.backend.read, self.seen.runner)
        if stored is None:
            raise WizardError(
                f"The token of {name} was written to {self.backend.where(self.seen.runner)}, "
                "but it is not there now.",
                "something removed it at once",
                "find out what prunes it, then run apply again: the runner gets a new token",
            )
        note = self.seen.note.with_token(stored)
        await asyncio.to_thread(
            self.gitlab.update_runner, self.runner_id, {"maintenance_note": str(note)}
        )
        if created.token_expires_at is not None:
            yield Warned(
                f"the token of {name} expires at {created.token_expires_at:%Y-%m-%d %H:%M} UTC; "
                "before then, delete it where it is kept and apply again: the runner gets a new one"
            )

    async def _write(self, token: SecretStr) -> None:
        """Store the token, which exists nowhere else; a backend that stumbles is asked again."""
        for attempt in range(1, _STORE_TRIES + 1):
            try:
                await asyncio.to_thread(self.backend.write, self.seen.runner, token)
            except NotReached as error:
                if attempt == _STORE_TRIES:
                    raise WizardError(
                        f"The token of {self.seen.runner.name} could not be stored in "
                        f"{self.backend.where(self.seen.runner)}.",
                        f"{error.problem} {error.cause}",
                        "put the backend right and run apply again: the runner is found by its "
                        "marker and gets a new token",
                    ) from error
                await asyncio.sleep(attempt)
            else:
                return

    async def _yield_to_an_earlier_one(self, ours: int) -> None:
        """Of two runs that created at the same moment, the one with the higher id gives way."""
        found = await asyncio.to_thread(self.gitlab.find_runners, self.seen.scope, self.marker)
        if found and found[0].id < ours:
            await asyncio.to_thread(self.gitlab.delete_runner, ours)
            raise Conflict(
                f"Another apply of this profile created {self.seen.runner.name} at the same time.",
                f"its runner {found[0].id} came first, so runner {ours} was deleted again",
                "wait until the other one has ended, then run apply again",
            )
