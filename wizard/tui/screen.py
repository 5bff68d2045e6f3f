"""The one screen: stepper, the current step, a line of help, and the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from wizard.core.errors import WizardError
from wizard.core.problems import Key
from wizard.operations.preview.outcome import compared, runner_settings, token_source
from wizard.profile.fields import FieldInfo
from wizard.profile.load import load_text
from wizard.profile.model import Profile
from wizard.tui import messages
from wizard.tui.freezing import collect
from wizard.tui.look import signs
from wizard.tui.modals import Reading
from wizard.tui.outline import OUTLINE, StepId, owner_of, position
from wizard.tui.planning import target
from wizard.tui.session import ProfileSession
from wizard.tui.step import Step
from wizard.tui.steps import STEPS
from wizard.tui.steps.apply import ApplyStep
from wizard.tui.widgets import Row, Said
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.outcome_pane import OutcomePane

_ELSEWHERE = "Tab and Shift+Tab move; Enter presses the button in [ brackets ]."
"""Help for what needs none of its own: a line that comes and goes would move all the others."""

Render = Callable[[Profile, int], str]
_OUTCOMES: dict[StepId, Render] = {
    StepId.RUNNER: runner_settings,
    StepId.SECRETS: token_source,
    StepId.RESOURCES: runner_settings,
}
"""What is worth seeing beside a step; Delivery and Image builds have their own."""
_TWO_PANES, _THREE_PANES = 110, 140
"""Columns from which on it is beside the step, and the list of steps as well."""
_STEP, _STEPPER, _WIDEST = 80, 20, 64
"""Columns that a step is made for, of the list of steps, and of the second pane at most."""
_PAUSE = 0.15
"""Seconds after the last key before it is rendered."""
_WALKED = frozenset(info.id for info in OUTLINE if info.owns)
_QUIET = 2.0
"""Seconds on a step after which someone is likely to read."""


class WizardScreen(Screen[None]):
    """Holds the steps together; only the current one is mounted, so nothing hidden has focus."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual has it
    BINDING_GROUP_TITLE = "Wizard"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "next", "Next", id="next", tooltip="Check this step and continue."),
        Binding("escape", "back", "Back", id="back", tooltip="Go to the previous step."),
        Binding("f1", "help", "Help", id="help", tooltip="Explain the field in focus."),
        Binding(
            "f5",
            "check",
            "Check",
            id="check",
            tooltip="Look again at GitLab, the cluster and the backend.",
        ),
        Binding("ctrl+s", "app.save", "Save", id="save", tooltip="Save the profile."),
        Binding("ctrl+p", "app.command_palette", "Menu", id="menu", tooltip="Everything else."),
        Binding("f8", "next_problem", "Problems", show=False, tooltip="Go to the next problem."),
        Binding("ctrl+z", "undo", "Undo", show=False, tooltip="Undo the last answer."),
        Binding("question_mark", "keys", "Keys", show=False, tooltip="List every key."),
        *(
            Binding(
                f"alt+{digit}", f"jump({at})", f"Step {at + 1}", show=False, tooltip="Go to a step."
            )
            for at, digit in enumerate("123456789")
        ),
    ]

    def __init__(self, session: ProfileSession, at: int = 0) -> None:
        super().__init__()
        self.session = session
        self.at = at
        self._tidying: Timer | None = None
        self._is_changing = False
        """Whether one step is being taken down and the next one put up."""
        self._problem: Key | None = None
        """The problem that was walked to last."""
        self._host = Container(id="host")

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Said(id="where")
            yield Said(id="target")
            yield Said(id="file")
        with Horizontal(id="body"):
            yield OptionList(id="stepper", markup=False, compact=True)
            yield self._host
            yield OutcomePane(id="outcome")
        yield Said(id="help")
        yield Keys(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        stepper = self.query_one("#stepper", OptionList)
        stepper.add_options([Option("", id=info.id) for info in OUTLINE])
        self.go_to(self.at)

    @property
    def step(self) -> Step:
        """The step that is shown."""
        # Not `query_one`: it remembers what it has found, and would keep every step alive.
        (step,) = (one for one in self._host.children if isinstance(one, Step))
        return step

    # Going from step to step

    def go_to(self, index: int) -> None:
        """Show a step; the one before is removed and its checks are cancelled.

        It happens on the screen's own turn: a step that asks for it cannot wait for its own end.
        """
        if not self._host.children or self.step.may_leave():
            self.call_later(self._show, index)

    @on(messages.GoTo)
    def _go_to(self, event: messages.GoTo) -> None:
        self.go_to(position(event.step))

    @on(messages.DestroyWanted)
    def begin_destroy(self) -> None:
        """Ask, on the step Apply, whether to remove everything the profile made."""
        if self.step.may_leave():
            self.session.work = None
            self.go_to(position(StepId.APPLY))
            self.call_later(lambda: self.query(ApplyStep).only_one().offer_destroy())

    async def _show(self, index: int) -> None:
        self.at, self.session.at = index, OUTLINE[index].id
        step = STEPS[index](self.session)
        for one in self._host.query("Input, TextArea"):
            # Textual never does, and would keep all that was ever shown.
            self.text_selection_started_signal.unsubscribe(one)
        self.app.clear_notifications()  # they were about the step before
        self._is_changing = True
        try:
            with self.app.batch_update():
                await self._host.remove_children()
                await self._host.mount(step)
        finally:
            self._is_changing = False
        self.refresh_marks()
        self._show_outcome()
        step.focus_first()
        step.entered()
        if self._tidying:
            self._tidying.stop()
        self._tidying = self.set_timer(_QUIET, collect)

    def work_on(self, session: ProfileSession) -> None:
        """Work on another profile, of which nothing is known but what its session says."""
        self.session = session
        self.call_later(self._show, position(session.at))

    @on(messages.Next)
    def action_next(self) -> None:
        errors = self.step.errors()
        if errors:
            self.session.visited.discard(self.step.step_id)
            self.step.show_errors(errors)
            self.refresh_marks()
            count = len(errors)
            self.app.clear_notifications()  # asked twice, said once
            self.app.notify(
                f"{count} problem{'s' if count > 1 else ''} to fix before you can continue.",
                severity="warning",
                markup=False,
            )
            return
        self.session.visited.add(self.step.step_id)
        if self.at + 1 < len(STEPS):
            self.go_to(self.at + 1)

    @on(messages.Back)
    def action_back(self) -> None:
        if self.at:
            self.go_to(self.at - 1)

    def reachable(self, index: int) -> bool:
        """Whether a step may be jumped to: it, or the one before it, has been answered."""
        return all(info.id in self.session.visited for info in OUTLINE[:index])

    def action_check(self) -> None:
        self.step.check()

    def facts_found(self) -> None:
        """Something has answered that was looked for; the step may show it."""
        if self._host.children and not self._is_changing:  # else it looks when it is entered
            self.step.facts_found()

    def action_jump(self, index: int) -> None:
        """Go to a step by its number, if all before it are answered."""
        if self.reachable(index):
            self.go_to(index)
        else:
            first = next(info for info in OUTLINE if info.id not in self.session.visited)
            self.app.notify(f"Answer {first.title} first.", markup=False)

    async def action_next_problem(self) -> None:
        """Walk the profile's errors, each on the step that it belongs to."""
        errors = [one for one in self.session.draft.problems() if one.severity == "error"]
        here = [one for one in errors if (step := owner_of(one.key)) and step.id in _WALKED]
        if not here:
            self.app.notify(errors[0].message if errors else "No problem is left.", markup=False)
            return
        keys = [one.key for one in here]
        at = keys.index(self._problem) + 1 if self._problem in keys else 0
        problem = here[at % len(here)]
        self._problem = problem.key
        owner = owner_of(problem.key)
        if owner and self.step.may_leave():
            if owner.id is not self.step.step_id:
                await self._show(position(owner.id))
            self.step.show_errors([problem])

    def action_undo(self) -> None:
        """Take the last answer back, whatever step it was given on."""
        if self.session.work and self.session.work.running:
            return
        if self.session.draft.undo():
            self.call_later(self._show, self.at)
        else:
            self.app.notify("There is nothing to undo.", markup=False)

    def action_keys(self) -> None:
        """List every key that does something here."""
        frame = {self, self.app}  # first what holds everywhere, then what the widget in focus has
        active = sorted(self.active_bindings.values(), key=lambda one: one.node not in frame)
        bindings = [one.binding for one in active]
        lines = [
            f"{self.app.get_key_display(one):<12} {one.tooltip or one.description}"
            for one in bindings
            if one.description
        ]
        shown = dict.fromkeys(lines)
        self.app.push_screen(Reading("Keys", "\n".join(shown)))

    @on(OptionList.OptionSelected, "#stepper")
    def _jump(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.go_to(event.option_index)

    # Saying where we are

    @on(messages.DraftChanged)
    def _draft_changed(self) -> None:
        self.refresh_marks()
        self._show_outcome()

    def on_resize(self) -> None:
        self._show_outcome()

    def _show_outcome(self) -> None:
        """In a wide terminal, show beside the step what its answers come to."""
        render, width = _OUTCOMES.get(OUTLINE[self.at].id), self.app.size.width
        pane = self.query_one("#outcome", OutcomePane)
        pane.display = render is not None and width >= _TWO_PANES
        self.set_class(pane.display and width < _THREE_PANES, "-two-panes")
        if render and pane.display:
            stepper = _STEPPER if width >= _THREE_PANES else 0
            pane.styles.width = min(width - _STEP - stepper, _WIDEST)
            work: Callable[[], Awaitable[None]] = partial(self._outcome, pane, render)
            self.run_worker(work, group="outcome", exclusive=True, exit_on_error=False)

    async def _outcome(self, pane: OutcomePane, render: Render) -> None:
        await asyncio.sleep(_PAUSE)
        session = self.session
        try:
            after = render(session.draft.loaded().profile, session.runner)
        except (WizardError, LookupError):
            pane.say("The result is shown once the profile is valid.")
            return
        before = self._outcome_before(session, render) or after
        title = "The result" + (": + is new" if before != after else "")
        pane.show(title, await asyncio.to_thread(compared, before, after))

    def _outcome_before(self, session: ProfileSession, render: Render) -> str:
        """The same of what the draft began with; empty where that is no valid profile."""
        try:
            began = load_text(session.draft.began_with, session.draft.path)
            return render(began.profile, session.runner)
        except (WizardError, LookupError):
            return ""

    def refresh_marks(self) -> None:
        """Bring stepper, title and file name up to date."""
        stepper = self.query_one("#stepper", OptionList)
        for index, (info, option) in enumerate(zip(OUTLINE, stepper.options, strict=True)):
            shown, closed = f"{self._mark(index)} {info.title}", not self.reachable(index)
            if str(option.prompt) != shown:
                stepper.replace_option_prompt_at_index(index, Content(shown))
            if closed and not option.disabled:
                stepper.disable_option_at_index(index)
            elif option.disabled and not closed:
                stepper.enable_option_at_index(index)
        stepper.highlighted = self.at
        title = OUTLINE[self.at].title
        self.query_one("#where", Said).say(f"Step {self.at + 1} of {len(OUTLINE)}  {title}")
        draft = self.session.draft
        unsaved = "  (not saved)" if draft.dirty else ""
        self.query_one("#file", Said).say(f"{draft.path.name}{unsaved}")
        self.query_one("#target", Said).say(target(self.session))

    def _mark(self, index: int) -> str:
        if index == self.at:
            return signs().here
        if OUTLINE[index].id not in self.session.visited:
            return signs().todo
        wrong = any(
            problem.severity == "error" and OUTLINE[index].is_owner(problem.key)
            for problem in self.session.draft.problems()
        )
        if wrong:
            return signs().needs_you
        return signs().answered if OUTLINE[index].owns else signs().done

    # Help

    def on_descendant_focus(self) -> None:
        self.refresh_help()

    @on(OptionList.OptionHighlighted)
    def refresh_help(self) -> None:
        """Say what the widget in focus is for."""
        self.query_one("#help", Said).say(_help_of(self.focused) or _ELSEWHERE)

    def action_help(self) -> None:
        row = _row_of(self.focused)
        text = _all_about(row.info) if row else _help_of(self.focused)
        more = self.step.more_help
        self.app.push_screen(
            Reading(row.label if row else self.step.title, f"{text}\n\n{more}".strip())
        )


def _help_of(widget: Widget | None) -> str:
    around = [widget, *widget.ancestors] if widget else []
    return next((text for one in around if (text := getattr(one, "help_text", ""))), "")


def _row_of(widget: Widget | None) -> Row | None:
    around = [widget, *widget.ancestors] if widget else []
    return next((one for one in around if isinstance(one, Row)), None)


def _all_about(info: FieldInfo) -> str:
    lines = [info.help, "", f"In the profile: {info.dotted}", f"It is: {info.kind}"]
    if info.default not in (None, ""):
        lines.append(f"Default: {info.default}")
    lines += [f"  {name}: {meaning}" for name, meaning in info.choices.items() if meaning]
    return "\n".join(lines)
