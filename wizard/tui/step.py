"""What every step of the wizard is.

To write one: give it a line in `outline.py` (its id, its title, the keys it owns), subclass `Step`
in a module of `steps/`, set `step_id` and `purpose`, yield `FieldRow`s and widgets of your own from
`fields()`, and name the class in `steps.STEPS`. `steps/gitlab.py` is an example.

- A step is mounted when it is entered and removed when it is left. What must outlive it is in
  `self.session`; everything else may be an attribute.
- A `FieldRow` writes to the draft by itself and posts `Row.Answered`; a `Row` is the same around a
  widget of your own. After changing the draft in another way, call `self.read()`: every row shows
  what the draft holds now.
- `owns` says which keys of the profile are this step's (`runners[].tags`; a key owns what is below
  it). Their problems are shown here, under their rows, and keep the user from going on.
- Anything that waits is `self.in_background("name", function)`: one at a time for each name, and
  cancelled when the step is left. A `WizardError` from it goes to `self.failed`.
- Enter in an input goes to the next widget that takes focus, but skips buttons and whatever has
  the class `aside` (a list that only helps to fill the input before it).
- What it wants of the screen or the application it posts (`messages.py`); it imports neither.
- `help_text` on any widget is what the help line says while it has the focus.
- Text goes through `Said`, never through a `Label` or a `Static`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, ClassVar, ParamSpec

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input
from textual.worker import Worker, WorkerState

from wizard.core.errors import WizardError
from wizard.core.problems import Problem
from wizard.profile.draft import Draft
from wizard.tui import messages
from wizard.tui.outline import StepId, StepInfo, info_of
from wizard.tui.session import ProfileSession
from wizard.tui.widgets import Row, Said
from wizard.tui.widgets.answers import Answers

P = ParamSpec("P")

_PAUSE = 0.2
"""Seconds after the last key before the whole draft is judged again."""


class Step(VerticalScroll, can_focus=False):
    """One step: a view of the parts of the draft that it owns."""

    step_id: ClassVar[StepId]
    info: ClassVar[StepInfo]
    """What the outline says of it: its title and the keys it owns."""
    title: ClassVar[str]
    """The outline's; one or two words, for people."""
    purpose: ClassVar[str]
    """What is decided here, in one sentence; it is above the fields."""
    more_help: ClassVar[str] = ""
    """What F1 says beside the help of the field."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.info = info_of(cls.step_id)
        cls.title = cls.info.title

    def __init__(self, session: ProfileSession) -> None:
        super().__init__(id="step")
        self.session = session

    @property
    def draft(self) -> Draft:
        return self.session.draft

    def compose(self) -> ComposeResult:
        yield Said(self.purpose, classes="purpose")
        yield from self.fields()
        yield Said(id="trouble", classes="problem")

    def fields(self) -> ComposeResult:
        """The step's own widgets. To be given by every step."""
        raise NotImplementedError

    def below(self) -> Iterable[Widget]:
        """What is last and is seldom looked at first: it comes right after the first frame,
        which it would hold up. Nothing that must be answered is here."""
        return ()

    def check(self) -> None:
        """Look again at everything outside (F5)."""

    def entered(self) -> None:
        """The step is on the screen. Looks outside, unless a step knows it has been done."""
        self.check()

    def may_leave(self) -> bool:
        """Whether the step may be left, or the wizard quit, now; a step that says no asks."""
        return True

    def facts_found(self) -> None:
        """More is known in `session.facts`; called while the step is shown."""

    def blocking(self) -> Iterable[Problem]:
        """What else keeps the user from going on, beside the problems of the fields."""
        return ()

    def read(self) -> None:
        """Show in every row what the draft holds now."""
        for row in self.rows:
            row.read()

    def take_draft(self) -> None:
        """Show another draft, which the session has from now on, in the rows that are there."""
        for row in self.rows:
            row.draft = self.draft
        self.read()

    # What the frame does for every step

    def on_mount(self) -> None:
        self.call_after_refresh(self._add_what_is_below)

    async def _add_what_is_below(self) -> None:
        if self.is_attached:  # it may have been left meanwhile
            if answers := self.query(Answers):
                await answers.first().mount_all(self.below())
            else:
                await self.mount_all(self.below(), before="#trouble")

    @property
    def rows(self) -> list[Row]:
        return list(self.query(Row))

    def mine(self) -> list[Problem]:
        """Problems of the draft with keys that this step owns, warnings as well."""
        return [problem for problem in self.draft.problems() if self.info.is_owner(problem.key)]

    def errors(self) -> list[Problem]:
        """Everything that keeps the user from going on."""
        open_questions = [
            Problem("this is the preset's example", "write your own", row.key)
            for row in self.rows
            if row.unanswered
        ]
        found = [problem for problem in self.mine() if problem.severity == "error"]
        return [*open_questions, *found, *self.blocking()]

    def show_errors(self, errors: list[Problem]) -> None:
        """Put each under its field and the rest below; focus the first field that is wrong."""
        shown = [*errors, *(one for one in self.mine() if one.severity == "warning")]
        placed: set[int] = set()
        wrong: list[Row] = []
        for row in self.rows:
            here = [one for one in shown if one.key[: len(row.key)] == row.key]
            placed |= {id(one) for one in here}
            row.show_problems(here)
            if any(one.severity == "error" for one in here):
                wrong.append(row)
        self.say_trouble("\n".join(f"! {one}" for one in errors if id(one) not in placed))
        if wrong:
            self.focus_within(wrong[0])
            # The focus brings its field into sight, but not what is said below it.
            self.call_after_refresh(self.call_after_refresh, wrong[0].scroll_visible, animate=False)

    def say_trouble(self, text: str) -> None:
        """Say below the fields what is wrong; the empty text takes it away."""
        said = self.query_one("#trouble", Said)
        said.say(text)
        if text:
            self.call_after_refresh(said.scroll_visible)

    def in_background(
        self, name: str, work: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run something that waits. The newest of a name replaces the one before it.

        Workers belong to their widget: Textual cancels them when the step is removed, so an answer
        that comes too late is dropped.
        """
        self.run_worker(
            partial(work, *args, **kwargs), name, group=name, exclusive=True, exit_on_error=False
        )

    def failed(self, name: str, error: WizardError) -> None:  # noqa: ARG002
        """Something in the background failed; a step may know a better place to say it."""
        self.say_trouble(format_error(error))

    def focus_first(self) -> None:
        """Focus what is to be answered first."""
        asked = [row for row in self.rows if row.unanswered]
        self.focus_within(asked[0] if asked else self)
        # Lists find their height only once they know their width: what has the focus has moved.
        self.call_after_refresh(self.call_after_refresh, self._keep_focus_in_sight)

    def _keep_focus_in_sight(self) -> None:
        if not self.is_attached:  # it has been left meanwhile
            return
        if (focused := self.screen.focused) and self in focused.ancestors:
            focused.scroll_visible(animate=False)

    def focus_within(self, widget: Widget) -> None:
        """Focus the first thing to be answered; a button only where there is nothing else."""
        takes_focus = [one for one in widget.query("*") if one.focusable]
        answers = [one for one in takes_focus if not isinstance(one, Button)]
        if takes_focus:
            self.screen.set_focus((answers or takes_focus)[0])

    @on(Row.Left)
    def _left(self, event: Row.Left) -> None:
        event.row.show_problems(
            [one for one in self.mine() if one.key[: len(event.row.key)] == event.row.key]
        )

    @on(Row.Answered)
    def _answered(self) -> None:
        self.in_background("marks", self._refresh_marks)

    async def _refresh_marks(self) -> None:
        await asyncio.sleep(_PAUSE)  # judging a profile of a thousand runners takes a while
        self.post_message(messages.DraftChanged())

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """Enter leads to the next field, and from the last one to the next step."""
        event.stop()
        chain = [one for one in self.screen.focus_chain if self in one.ancestors]
        behind = chain[chain.index(event.input) + 1 :] if event.input in chain else chain
        after = [
            one for one in behind if not isinstance(one, Button) and not one.has_class("aside")
        ]
        if after:
            self.screen.set_focus(after[0])
        else:
            self.post_message(messages.Next())

    @on(Worker.StateChanged)
    def _worker_ended(self, event: Worker.StateChanged) -> None:
        if event.state is not WorkerState.ERROR:
            return
        error = event.worker.error
        if not isinstance(error, WizardError):
            raise error or RuntimeError(event.worker.name)
        self.failed(event.worker.name, error)


def format_error(error: WizardError) -> str:
    """An error on three lines: problem, cause, fix."""
    return "\n".join(
        line
        for line in (f"! {error.problem}", error.cause, error.fix and f"fix: {error.fix}")
        if line
    )
