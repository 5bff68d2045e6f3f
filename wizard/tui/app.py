"""The Textual application: what is there on every step, and how it begins and ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.theme import Theme
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from wizard.core.command_line import command, program
from wizard.core.errors import ExitCode, WizardError
from wizard.core.threads import DaemonThreads
from wizard.operations.discovery.discover import discover
from wizard.profile.draft import Draft
from wizard.profile.questions import preset_question
from wizard.tui import drafts, look, messages
from wizard.tui.confirming import Confirming
from wizard.tui.ending import ending
from wizard.tui.files import Files, opened_session
from wizard.tui.findings import findings
from wizard.tui.freezing import freeze_gc
from wizard.tui.machine_facts import MachineFacts
from wizard.tui.memory import Memory
from wizard.tui.modals import Question
from wizard.tui.planning import headless
from wizard.tui.screen import WizardScreen
from wizard.tui.session import ProfileSession
from wizard.tui.step import format_error
from wizard.tui.steps import STEPS
from wizard.wiring.machine import Machine
from wizard.wiring.trust import Trust

if TYPE_CHECKING:
    from wizard.importing import Imported

_PAUSE = 0.5
"""Seconds after the last answer before the draft is kept."""
_BLOCKING_CALLS = 12
"""How many calls to other systems may wait at once."""
_FROM_ELSEWHERE = re.compile(r"\s*(@font-face \{[^}]*\}|<!--.*?-->)", re.DOTALL)
"""What an SVG of Textual's would have its reader fetch, and whom it names."""


class WizardApp(App[ExitCode]):
    """The wizard.

    Args:
        session: what it works on.
        fresh: whether nothing was asked for, so that any draft that was kept may be offered.
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
        ),
    ]

    def __init__(self, session: ProfileSession, *, fresh: bool = True) -> None:
        colourless = bool(os.environ.get("NO_COLOR"))
        # Textual chooses how it takes colours away before a theme can be set: told only by the
        # theme, it would send black on black.
        super().__init__(ansi_color=True if colourless else None)
        self.session = session
        """Replaced whole when another profile is opened."""
        self.facts = session.facts
        self.files = Files(self, session.facts)
        self._fresh = fresh
        self._keeping: Timer | None = None
        self.crash: Exception | None = None
        """The mistake of ours that ended it."""
        self.animation_level = "none"
        for theme in (look.DARK, look.LIGHT):
            self.register_theme(theme)
        if colourless:
            self.theme = look.NO_COLOUR
        elif "TEXTUAL_THEME" not in os.environ:
            self.theme = self._chosen_theme()

    def on_mount(self) -> None:
        # Quitting must not wait for another's timeout, as asyncio's own threads do.
        asyncio.get_running_loop().set_default_executor(DaemonThreads(_BLOCKING_CALLS))
        self._confirming = Confirming(self)
        self.facts.machine.trust.ask_with(self._confirming)
        self._end_on_signals()
        self.theme_changed_signal.subscribe(self, self._remember_theme)
        self.push_screen(WizardScreen(self.session))
        self.call_after_refresh(self._after_first_frame)

    def _chosen_theme(self) -> str:
        chosen = self.facts.memory.setting("theme")
        return chosen if chosen in self.available_themes else look.DARK.name

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        return look.tokens(variables, ansi=self.current_theme.ansi)

    def _remember_theme(self, theme: Theme) -> None:
        if not os.environ.get("NO_COLOR"):
            self.facts.memory.set_setting("theme", theme.name)

    @property
    def wizard(self) -> WizardScreen:
        """The one screen under all modals."""
        return next(one for one in self.screen_stack if isinstance(one, WizardScreen))

    def _after_first_frame(self) -> None:
        self.look_around()
        self._talk(self._offer_kept())

    async def _offer_kept(self) -> None:
        if self._fresh:
            kept = await self.files.offer_latest()
        else:
            before = self.session
            kept = await self.files.offer_draft(before)
            kept = None if kept is before else kept
        if kept:
            self._work_on(kept)

    def _work_on(self, session: ProfileSession) -> None:
        self.session = session
        self._confirming.forget()
        self.wizard.work_on(session)

    def _talk(self, conversation: Coroutine[Any, Any, None]) -> None:
        """Begin a conversation; it may ask, and goes on once it is answered."""
        self.run_worker(conversation, group="talk", exit_on_error=False)

    @on(Worker.StateChanged)
    def _worker_ended(self, event: Worker.StateChanged) -> None:
        error = event.worker.error
        if event.state is WorkerState.ERROR and isinstance(error, WizardError):
            self.files.say(error)
        elif event.state is WorkerState.ERROR:
            raise error or RuntimeError(event.worker.name)

    # Opening another profile

    @on(messages.OpenFile)
    def _open_file(self, event: messages.OpenFile) -> None:
        self._talk(self._open(event.path))

    async def _open(self, path: Path) -> None:
        try:
            file = await asyncio.to_thread(path.expanduser)
            if imported := await asyncio.to_thread(drafts.imported, file):
                await self._replace(drafts.of_import(imported, self.facts.machine.folder), imported)
                return
            if await self._may_replace() and (session := await self.files.opened(file)):
                self.facts.memory.note(file, "opened")
                self._work_on(session)
        except WizardError as error:
            self.wizard.step.say_trouble(format_error(error))

    @on(messages.OpenDraft)
    def _open_draft(self, event: messages.OpenDraft) -> None:
        self._talk(self._replace(event.draft, event.imported))

    async def _replace(self, draft: Draft, imported: Imported | None) -> None:
        if await self._may_replace():
            self._work_on(ProfileSession(draft, self.facts, imported=imported))
            if imported:
                self.push_screen(findings(imported))

    async def _may_replace(self) -> bool:
        return self.wizard.step.may_leave() and await self.files.may_leave(
            self.session, "Open another profile?"
        )

    # Looking around

    @on(messages.LookAgain)
    def look_around(self) -> None:
        """Ask the current context what it reaches; the others when they are chosen.

        To ask one runs the sign-in command that the kubeconfig names for it.
        """
        look: Callable[[], Awaitable[None]] = self._look_around
        self.run_worker(look, group="look", exclusive=True, exit_on_error=False)

    async def _look_around(self) -> None:
        machine, facts = self.facts.machine, self.facts
        await asyncio.to_thread(machine.warm_up)
        freeze_gc()
        try:
            found = await asyncio.to_thread(machine.contexts)
        except WizardError as error:
            facts.trouble = format_error(error)
            facts.contexts = ()
        else:
            facts.contexts, facts.current = found.names, found.current
        self.wizard.facts_found()
        current = [name for name in facts.contexts if name == facts.current]
        async for cluster in discover(current, machine.look):
            facts.clusters[cluster.context] = cluster
            self.wizard.facts_found()
        await asyncio.to_thread(import_module, "wizard.operations.dispatch")  # before Review waits

    # Saving, keeping and leaving

    def action_save(self) -> None:
        if isinstance(self.screen, WizardScreen):
            self._talk(self._save())

    async def _save(self) -> None:
        draft = self.session.draft
        if draft.disk is None or not await self.files.is_saved(self.session):
            await self.files.save_as(self.session)
        self.wizard.refresh_marks()

    @on(messages.SaveFirst)
    def _save_first(self, event: messages.SaveFirst) -> None:
        async def save() -> None:
            if await self.files.is_saved(self.session):
                self.wizard.refresh_marks()
                event.then()

        self._talk(save())

    @on(messages.DraftChanged)
    def _draft_changed(self) -> None:
        if self._keeping:
            self._keeping.stop()
        self._keeping = self.set_timer(_PAUSE, self._keep)

    def _keep(self) -> None:
        """Keep what was answered so far; where that cannot be done, quitting says why."""
        with suppress(WizardError):
            self.files.keep(self.session)

    def action_leave(self) -> None:
        if not isinstance(self.screen, Question) and self.wizard.step.may_leave():
            self._talk(self._leave())

    def action_help_quit(self) -> None:
        """Ctrl+C, where nothing is selected that it would copy."""
        self.notify("Ctrl+Q quits, and asks before anything is lost.", markup=False)

    async def _leave(self) -> None:
        if await self.files.may_leave(self.session, "Quit?"):
            self.exit(ExitCode.DONE)

    def _end_on_signals(self) -> None:
        """A terminal that is closed, or a machine that goes down, loses no answer."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Only the main thread may; a wizard in another one is someone's test.
            with suppress(ValueError, RuntimeError, NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, self._end)

    def _end(self) -> None:
        self._keep()
        if self.session.work:
            self.session.work.run.cancel.set()
        self.exit(ExitCode.INTERRUPTED)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        wizard = self.wizard
        for index, step in enumerate(STEPS):
            if wizard.reachable(index):
                yield SystemCommand(
                    f"Go to {step.title}", step.purpose, partial(wizard.go_to, index)
                )
        yield SystemCommand("Save", "Save the profile to a file", self.action_save)
        yield SystemCommand(
            "Copy the headless command", "What does the same without screens", self._copy_command
        )
        if self.session.draft.disk is not None and self.session.draft.value("id"):
            yield SystemCommand(
                "Destroy",
                "Remove everything this profile created; asks first",
                wizard.begin_destroy,
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
        with suppress(Exception):  # the crash is what is to be told
            self.files.keep(self.session)
        super()._handle_exception(error)
        self._exit_renderables.clear()


def open_wizard(path: Path | None = None, trusted: tuple[str, ...] = ()) -> ExitCode:
    """Open the wizard, on a profile or for a new one, and stay until it is left.

    Args:
        trusted: addresses that credentials of the environment may be sent to as well.

    Raises: UsageError, InvalidDocumentError, when the profile cannot be read; whatever crashed it.
    """
    opened = command(path) if path else program()
    trust = Trust(os.environ, trusted, command=opened)
    facts = MachineFacts(Machine(trust=trust), Memory())
    if path:
        session = opened_session(drafts.of_file(path), facts)
        facts.memory.note(path, "opened")
    else:
        name = preset_question().default
        session = ProfileSession(drafts.of_preset(name, facts.machine.folder, facts.memory), facts)
    app = WizardApp(session, fresh=path is None)
    code = app.run()
    if app.crash:
        raise app.crash
    for line in ending(app.session):
        print(line)  # noqa: T201 - the screens are gone, and this is what is left of them
    return ExitCode.DONE if code is None else code
