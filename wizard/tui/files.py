"""Opening, saving and leaving a profile, so that no answer is lost and no file without a word.

Each is a conversation, and runs in a worker: it asks, and goes on from there.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from textual.app import App

from wizard.core.errors import WizardError
from wizard.profile.draft import Draft
from wizard.profile.overwriting import doubts, on_disk
from wizard.profile.save import write
from wizard.tui import drafts
from wizard.tui.machine_facts import MachineFacts
from wizard.tui.memory import Kept
from wizard.tui.modals import Question, Reading, SaveAs
from wizard.tui.outline import ANSWERED_BY_PROFILE, StepId
from wizard.tui.session import ProfileSession

_NO_SECRETS = "Tokens and passwords are not part of a draft; they are asked for again."


class Files:
    """The conversations about one application's profile files."""

    def __init__(self, app: App[Any], facts: MachineFacts) -> None:
        self._app = app
        self._facts = facts
        self._kept_of: Path | None = None
        """The file that a draft was kept of in this sitting."""

    # Saving

    async def save_as(self, session: ProfileSession) -> bool:
        """Ask which file to save to, and save; whether that was done."""
        path = await self._app.push_screen_wait(SaveAs(session.draft.path))
        if path is None:
            return False
        if path.exists() and path.absolute() != session.draft.path.absolute():
            fix = "Name another file; nothing was saved"
            self.say(WizardError(f"{path} is there already.", "it may be another profile", fix))
            return False
        return await self.save(session, path)

    async def save(self, session: ProfileSession, path: Path) -> bool:
        """Write the draft to a file; whether that was done.

        It need not be valid yet, but what that would cost is asked for first.
        """
        draft = session.draft
        try:
            for doubt in await asyncio.to_thread(lambda: list(doubts(draft, path))):
                answers = {"no": "Leave the file", "save": "Write over it"}
                if await self._ask(doubt.question, doubt.detail, answers) != "save":
                    return False
            _bring_along(draft, path)
            write(path, draft.text())
        except WizardError as error:
            self.say(error)
            return False
        before = draft.path
        draft.saved(path)
        for one in {before, path}:
            self._facts.memory.forget_draft(one)
        self._facts.memory.note(path, "saved")
        self._app.notify(f"Saved {path}", markup=False)
        return True

    async def is_saved(self, session: ProfileSession) -> bool:
        """Bring the draft into its file where it is not; whether the file is what the draft is."""
        draft = session.draft
        if draft.disk is None:
            return await self.save_as(session)
        if not draft.dirty and await asyncio.to_thread(on_disk, draft.path) == draft.disk:
            return True
        return await self.save(session, draft.path)

    # Keeping a draft

    def keep(self, session: ProfileSession) -> None:
        """Keep what was answered, so that it outlives this sitting. Raises: WizardError."""
        memory, draft = self._facts.memory, session.draft
        if self._kept_of and self._kept_of != draft.path.absolute():
            memory.forget_draft(self._kept_of)  # it has another name now
            self._kept_of = None
        if draft.dirty:
            memory.keep(drafts.to_keep(draft, session.at, session.visited))
            self._kept_of = draft.path.absolute()
        elif self._kept_of:
            memory.forget_draft(self._kept_of)
            self._kept_of = None

    def discard(self, session: ProfileSession) -> None:
        """Forget what was kept of the profile."""
        self._facts.memory.forget_draft(session.draft.path)
        self._kept_of = None

    # Leaving

    async def may_leave(self, session: ProfileSession, question: str) -> bool:
        """Ask what becomes of answers that are not saved; whether to go away from them."""
        if not session.draft.dirty:
            return True
        answer = await self._ask(
            question,
            f"{session.draft.path.name} has answers that are not saved. {_NO_SECRETS}",
            {"stay": "Stay", "save": "Save", "keep": "Keep a draft", "discard": "Discard"},
        )
        match answer:
            case "save":
                return await self.is_saved(session)
            case "keep":
                try:
                    self.keep(session)
                except WizardError as error:
                    self.say(error)
                    return False
                self._kept_of = None  # the next profile's draft is another one
                return True
            case "discard":
                self.discard(session)
                return True
        return False

    # Opening

    async def opened(self, path: Path) -> ProfileSession | None:
        """A session on a file, or on the draft that was kept of it; None: better not.

        Raises: UsageError, InvalidDocumentError, when the file cannot be read at all.
        """
        session = opened_session(await asyncio.to_thread(drafts.of_file, path), self._facts)
        return await self.offer_draft(session)

    async def offer_draft(self, session: ProfileSession) -> ProfileSession:
        """The draft that was kept of the session's file, if it is wanted; else the session."""
        kept = self._facts.memory.kept(session.draft.path)
        if kept is None:
            return session
        answer = await self._ask(
            f"A draft of {kept.path.name} was kept. Go on with it?",
            _since(kept, session.draft),
            {"file": "Open the file", "draft": "Go on with the draft", "forget": "Forget it"},
        )
        return self._resumed(kept, answer) or session

    async def offer_latest(self) -> ProfileSession | None:
        """The draft that was kept last, if it is wanted."""
        kept = self._facts.memory.latest_draft()
        if kept is None:
            return None
        file = None
        if await asyncio.to_thread(kept.path.exists):
            with suppress(WizardError):
                file = await asyncio.to_thread(drafts.of_file, kept.path)
        answer = await self._ask(
            f"A draft of {kept.path.name} was kept. Go on with it?",
            _since(kept, file),
            {"later": "Not now", "draft": "Go on", "forget": "Forget it"},
        )
        return self._resumed(kept, answer)

    def _resumed(self, kept: Kept, answer: str) -> ProfileSession | None:
        memory = self._facts.memory
        if answer == "forget":
            memory.forget(kept)
        if answer == "file":
            memory.put_aside(kept)
        if answer != "draft":
            return None
        try:
            session = kept_session(kept, self._facts)
        except (WizardError, LookupError, TypeError, ValueError):
            why = "it is damaged, or was kept by another version"
            self.say(WizardError("The kept draft cannot be read.", why, "Start again"))
            return None
        memory.forget(kept)
        with suppress(WizardError):
            self.keep(session)
        return session

    # Saying

    async def _ask(self, question: str, detail: str, answers: dict[str, str]) -> str:
        return await self._app.push_screen_wait(Question(question, detail, answers))

    def say(self, error: WizardError) -> None:
        """Show an error with its cause and its fix."""
        text = "\n\n".join(part for part in (error.cause, error.fix) if part)
        self._app.push_screen(Reading(error.problem, text))


def opened_session(draft: Draft, facts: MachineFacts) -> ProfileSession:
    """A session on a profile that a file holds: every step is answered."""
    return ProfileSession(draft, facts, set(ANSWERED_BY_PROFILE))


def kept_session(kept: Kept, facts: MachineFacts) -> ProfileSession:
    """A session that goes on with a draft. Raises: as `drafts.of_kept`."""
    draft = drafts.of_kept(kept)
    known: Iterable[StepId] = (StepId(one) for one in kept.visited)
    return ProfileSession(draft, facts, set(known), StepId(kept.step))


def _since(kept: Kept, file: Draft | None) -> str:
    """What is to be known before one goes on with a draft."""
    if file is None or kept.draft.get("disk") == file.disk:
        return _NO_SECRETS
    return (
        f"{kept.path.name} has changed since: going on leaves the file as it is, and saving shows "
        f"what is different and asks. {_NO_SECRETS}"
    )


def _bring_along(draft: Draft, path: Path) -> None:
    """A CA's file that the profile names beside itself goes with it into another folder."""
    name = draft.value("gitlab", "ca_file")
    if not isinstance(name, str) or Path(name).is_absolute():
        return
    old, new = draft.path.parent / name, path.parent / name
    if old.is_file() and not new.exists() and new.parent.is_dir():
        try:
            shutil.copyfile(old, new)
        except OSError as error:
            raise WizardError(
                f"{new} cannot be written.",
                error.strerror or str(error),
                "Copy the CA's file there, or save the profile where it was",
            ) from None
