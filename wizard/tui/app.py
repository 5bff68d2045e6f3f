"""The Textual application: what is there on every step, and how it begins and ends."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from wizard.core.errors import ExitCode, WizardError
from wizard.core.threads import DaemonThreads
from wizard.operations.discover import discover
from wizard.profile.questions import preset_question
from wizard.profile.save import write
from wizard.tui import drafts
from wizard.tui.garbage import spare_what_is_there
from wizard.tui.memory import Memory
from wizard.tui.modals import Question, Reading, SaveAs
from wizard.tui.planning import headless
from wizard.tui.screen import WizardScreen
from wizard.tui.session import Session
from wizard.tui.step import told
from wizard.tui.steps import ANSWERED_BY_PROFILE, STEPS
from wizard.wiring.machine import Machine
from wizard.wiring.trust import Trust

_BLOCKING_CALLS = 12
"""How many calls to other systems may wait at once."""
_FROM_ELSEWHERE = re.compile(r"\s*(@font-face \{[^}]*\}|<!--.*?-->)", re.DOTALL)
"""What an SVG of Textual's would have its reader fetch, and whom it names."""


class WizardApp(App[ExitCode]):
    """The wizard.

    Args:
        session: what it works on.
        fresh: whether a draft that was kept may be offered instead.
    """

    TITLE = "Runner Wizard"
    CSS_PATH = "wizard.tcss"
    # The palette's own binding is never shown in the footer; the screen binds ctrl+p so that it is.
    COMMAND_PALETTE_BINDING = "ctrl+backslash"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+q",
            "leave",
            "Quit",
            id="quit",
            tooltip="Quit; a draft can be kept.",
            priority=True,
        )
    ]

    def __init__(self, session: Session, *, fresh: bool = True) -> None:
        colourless = bool(os.environ.get("NO_COLOR"))
        # Textual chooses how it takes colours away before a theme can be set: told only by the
        # theme, it would send black on black.
        super().__init__(ansi_color=True if colourless else None)
        self.session = session
        self._fresh = fresh
        self.crash: Exception | None = None
        """The mistake of ours that ended it."""
        self.animation_level = "none"
        if colourless:
            self.theme = "ansi-dark"  # the only theme that sends no colour at all

    def on_mount(self) -> None:
        # Quitting must not wait for somebody else's timeout, as asyncio's own threads do.
        asyncio.get_running_loop().set_default_executor(DaemonThreads(_BLOCKING_CALLS))
        self.push_screen(WizardScreen(self.session))
        self.call_after_refresh(self._after_first_frame)

    @property
    def wizard(self) -> WizardScreen:
        """The one screen under all modals."""
        return next(one for one in self.screen_stack if isinstance(one, WizardScreen))

    def _after_first_frame(self) -> None:
        self.look_around()
        if self._fresh and (kept := self.session.memory.kept()):
            name = kept.path.name
            self.push_screen(
                Question(
                    f"A draft of {name} was kept, at the step {kept.step}. Go on with it?",
                    "Tokens and passwords are not part of it; they are asked for again.",
                    {"later": "Not now", "yes": "Go on", "forget": "Forget it"},
                ),
                self._resume,
            )

    def _resume(self, answer: str | None) -> None:
        memory = self.session.memory
        kept = memory.kept()
        if answer == "yes" and kept:
            try:
                draft = drafts.of_kept(kept)
            except (WizardError, ValueError):
                self.say_error(WizardError("The kept draft cannot be read.", "", "start again"))
            else:
                titles = [step.title for step in STEPS]
                at = titles.index(kept.step) if kept.step in titles else 0
                self.wizard.open_draft(draft, titles[:at])
        if answer in {"yes", "forget"}:
            memory.forget_draft()

    # Looking around

    @on(WizardScreen.LookAgain)
    def look_around(self) -> None:
        """Ask the current context what it reaches; the others when they are chosen.

        To ask one runs the sign-in command that the kubeconfig names for it.
        """
        look: Callable[[], Awaitable[None]] = self._look_around
        self.run_worker(look, group="look", exclusive=True, exit_on_error=False)

    async def _look_around(self) -> None:
        machine, session = self.session.machine, self.session
        await asyncio.to_thread(machine.warm_up)
        spare_what_is_there()
        try:
            found = await asyncio.to_thread(machine.contexts)
        except WizardError as error:
            session.trouble = told(error)
            session.contexts = ()
        else:
            session.contexts, session.current = found.names, found.current
        self.wizard.facts_found()
        current = [name for name in session.contexts if name == session.current]
        async for facts in discover(current, machine.look):
            session.clusters[facts.context] = facts
            self.wizard.facts_found()
        await asyncio.to_thread(import_module, "wizard.operations.verbs")  # before Review waits

    # Saving and leaving

    def action_save(self) -> None:
        if isinstance(self.screen, WizardScreen):
            self._save_as(lambda: None)

    @on(WizardScreen.SaveFirst)
    def _save_first(self, event: WizardScreen.SaveFirst) -> None:
        draft = self.session.draft
        if not draft.path.exists():
            self._save_as(event.then)
        elif not draft.dirty or self.save(draft.path):
            event.then()

    def _save_as(self, then: Callable[[], None]) -> None:
        def named(path: Path | None) -> None:
            if path and self._save_to(path):
                then()

        self.push_screen(SaveAs(self.session.draft.path), named)

    def _save_to(self, path: Path) -> bool:
        draft = self.session.draft
        if path.exists() and path.absolute() != draft.path.absolute():
            self.say_error(
                WizardError(f"{path} is there already.", "", "name another file; nothing was saved")
            )
            return False
        return self.save(path)

    def save(self, path: Path) -> bool:
        """Write the draft to a file; whether that could be done. It need not be valid yet."""
        draft = self.session.draft
        try:
            write(path, draft.text())
        except WizardError as error:
            self.say_error(error)
            return False
        draft.saved(path)
        self.session.memory.note(path, "saved")
        self.wizard.refresh_marks()
        self.notify(f"Saved {path}", markup=False)
        return True

    def action_leave(self) -> None:
        if isinstance(self.screen, Question) or not self.wizard.step.may_leave():
            return
        if not self.session.draft.dirty:
            self.exit(ExitCode.DONE)
            return
        self.push_screen(
            Question(
                "Quit? There are answers that have not been saved.",
                "A kept draft is offered at the next start. No token or password is kept.",
                {"stay": "Stay", "keep": "Keep a draft", "discard": "Discard"},
            ),
            self._leave,
        )

    def _leave(self, answer: str | None) -> None:
        if answer == "keep" and not self._keep_draft():
            return
        if answer in {"keep", "discard"}:
            self.exit(ExitCode.DONE)

    def _keep_draft(self) -> bool:
        title = STEPS[self.wizard.at].title
        try:
            self.session.memory.keep(drafts.to_keep(self.session.draft, title))
        except WizardError as error:
            self.say_error(error)
            return False
        return True

    def say_error(self, error: WizardError) -> None:
        """Show an error with its cause and its fix."""
        text = "\n\n".join(part for part in (error.cause, error.fix) if part)
        self.push_screen(Reading(error.problem, text))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        wizard = self.wizard
        for index, step in enumerate(STEPS):
            if wizard.reachable(index):
                yield SystemCommand(
                    f"Go to {step.title}",
                    step.purpose,
                    partial(wizard.go_to, index),
                )
        yield SystemCommand("Save", "Save the profile to a file", self.action_save)
        yield SystemCommand(
            "Copy the headless command", "What does the same without screens", self._copy_command
        )
        if self.session.draft.path.exists() and self.session.draft.value("id"):
            yield SystemCommand(
                "Destroy", "Take away everything this profile made; asks", wizard.begin_destroy
            )
        yield SystemCommand("Theme", "Light, dark, or the terminal's own", self.action_change_theme)
        yield SystemCommand("Quit", "A draft can be kept", self.action_leave)

    def _copy_command(self) -> None:
        self.copy_to_clipboard(headless(self.session))
        self.notify("Copied.", markup=False)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = True) -> str:
        """The screen as an SVG that needs nothing from elsewhere, not even its font."""
        svg = super().export_screenshot(title=title, simplify=simplify)
        return _FROM_ELSEWHERE.sub("", svg)

    def update_styles(self, node: DOMNode, animate: bool = True) -> None:
        # Mounting gives a widget its styles. Textual also gives them before that, to each widget
        # that is made `compact` or has a class added: half of all the styling, and in vain.
        if node.parent is not None or node is self:
            super().update_styles(node, animate)

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own way ends in a traceback with every local variable, tokens among them. The
        # command that opened the wizard reports the crash, redacted.
        self.crash = self.crash or error
        super()._handle_exception(error)
        self._exit_renderables.clear()


def open_wizard(path: Path | None = None, trusted: tuple[str, ...] = ()) -> ExitCode:
    """Open the wizard, on a profile or for a new one, and stay until it is left.

    Args:
        trusted: addresses that credentials of the environment may be sent to as well.

    Raises: UsageError, InvalidDocument, when the profile cannot be read; whatever crashed it.
    """
    opened = f"runner-wizard {shlex.quote(str(path))}" if path else "runner-wizard"
    machine = Machine(trust=Trust(os.environ, trusted, command=opened))
    memory = Memory()
    if path:
        draft = drafts.of_file(path)
        memory.note(path, "opened")
    else:
        draft = drafts.of_preset(preset_question().default, machine.folder)
    session = Session(draft, machine, memory)
    if path:
        session.visited = set(ANSWERED_BY_PROFILE)
    app = WizardApp(session, fresh=path is None)
    code = app.run()
    if app.crash:
        raise app.crash
    return ExitCode.DONE if code is None else code
