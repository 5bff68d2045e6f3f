"""One field of the profile: label, the widget that its declaration calls for, origin, problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from wizard.core.problems import Key, Problem
from wizard.profile.draft import Draft, Origin
from wizard.profile.fields import declared
from wizard.profile.typed import format_value, parse_value
from wizard.tui.widgets.choice import Choice, Tick
from wizard.tui.widgets.said import Said

_LABEL, _ORIGIN, _TABLE_ORIGIN = 18, 11, 21
"""Columns: before the control, behind it, and before the origin where the control is below."""


class Row(Vertical):
    """A view of one key of the draft: a label, any widget, the value's origin, what is wrong.

    Args:
        draft: what it reads and writes.
        key: where in the profile.
        control: the widget; whoever makes it calls `answer` with what it is told.
        label: what to call it; without one, the field's name.
        ask: whether the value of a preset is only an example here, so that it must be answered.
    """

    @dataclass
    class Answered(Message):
        """The draft holds another value at this row's key."""

        row: Row

        @property
        def control(self) -> Row:
            return self.row

    @dataclass
    class Left(Message):
        """The focus went elsewhere, so what is wrong here may be said."""

        row: Row

        @property
        def control(self) -> Row:
            return self.row

    def __init__(
        self, draft: Draft, key: Key, control: Widget, *, label: str = "", ask: bool = False
    ) -> None:
        super().__init__(id=row_id(key))
        self.draft = draft
        self.key = key
        self.info = declared(key)
        self.control = control
        self.label = label or self.info.name.replace("_", " ").capitalize()
        self.ask = ask
        self.origin = ""
        """Where the value came from, in one word."""
        self._problem: Said | None = None
        self.styles.min_height = len(self._label_lines)
        control.add_class("control")

    @property
    def help_text(self) -> str:
        """One sentence about the field."""
        return self.info.help

    @property
    def unanswered(self) -> bool:
        """Whether the user has to say something here and has not."""
        return self.ask and is_example(self.draft, self.key)

    def compose(self) -> ComposeResult:
        yield self.control

    def render(self) -> Content:
        """Label and origin. They are drawn around the control: a widget for each would cost a
        third of the time that a step takes to appear."""
        first, *rest = self._label_lines
        label = "$bad bold" if self.has_class("-wrong") else ""
        if self.has_class("-table"):
            first, gap, label = first[:_TABLE_ORIGIN], _TABLE_ORIGIN - len(first), label or "bold"
        else:
            gap = self.size.width - len(first) - _ORIGIN
        line = Content.assemble((first, label), " " * max(gap, 1), (self.origin, "$quiet"))
        return Content("\n").join([line, *(Content.styled(one, label) for one in rest)])

    @property
    def _label_lines(self) -> list[str]:
        return wrap(self.label, _LABEL - 1) or [""]

    def on_mount(self) -> None:
        self.say_origin()  # and no more: keys may have come before this

    def read(self) -> None:
        """Show what the draft holds now, after something else than this row has changed it."""
        self.say_origin()

    def say_origin(self) -> None:
        """Say where the value came from."""
        origin = self.draft.answer(*self.key).origin
        changed = origin is Origin.TYPED and self.draft.base is Origin.PROFILE
        word = "example" if self.unanswered else "changed" if changed else origin.value
        if word != self.origin:
            self.origin = word
            self.refresh()

    def answer(self, value: Any) -> None:
        """Write a value into the draft and tell the step."""
        if value == self.draft.value(*self.key) and not self.unanswered:
            return
        self.draft.set(self.key, value)
        self.show_problems([])
        self.say_origin()
        self.post_message(self.Answered(self))

    def show_problems(self, problems: list[Problem]) -> None:
        """Say under the field what is wrong with it; nothing, where nothing is."""
        text = "\n".join(
            f"{'!' if one.severity == 'error' else 'note:'} {one.message}"
            + (f" ({one.fix})" if one.fix else "")
            for one in problems
        )
        if self._problem:
            self._problem.say(text)
        elif text:
            self._problem = Said(text, classes="problem")
            self.mount(self._problem)
        self.set_class(any(one.severity == "error" for one in problems), "-wrong")

    def on_descendant_blur(self) -> None:
        self.call_later(self._look_whether_left)

    def _look_whether_left(self) -> None:
        if not self.has_focus_within:  # the focus may have gone to another widget of the row
            self.post_message(self.Left(self))


class FieldRow(Row):
    """A row whose widget follows from the field's declaration.

    Args:
        draft: what it reads and writes.
        key: where in the profile.
        label: what to call it; without one, the field's name.
        ask: whether the value of a preset is only an example here, so that it must be answered.
        unavailable: choices that cannot be made, with the reason.
        brief: one line for each choice.
    """

    def __init__(
        self,
        draft: Draft,
        *key: str | int,
        label: str = "",
        ask: bool = False,
        unavailable: Mapping[str, str] | None = None,
        brief: bool = False,
    ) -> None:
        answer, info = draft.answer(*key), declared(key)
        example = ask and is_example(draft, key)
        control: Widget
        if info.kind == "true or false":
            control = Tick(bool(answer.value), info.help)
        elif info.choices and not info.kind.startswith("list"):
            control = Choice(
                info.choices,
                str(answer.value),
                unavailable,
                brief=brief,
                help_text=info.help if brief else "",
            )
        else:
            control = Input(
                "" if example else format_value(answer.value, info),
                placeholder=format_value(answer.value if example else info.default, info),
                compact=True,
            )
        super().__init__(draft, key, control, label=label, ask=ask)

    @property
    def help_text(self) -> str:
        """One sentence about the field, and what the highlighted choice means."""
        meaning = self.control.meaning if isinstance(self.control, Choice) else ""
        return f"{self.info.help}\n{meaning}" if meaning else self.info.help

    def read(self) -> None:
        value = self.draft.value(*self.key)
        if isinstance(self.control, Input) and not self.unanswered:
            with self.prevent(Input.Changed):
                self.control.value = format_value(value, self.info)
        elif isinstance(self.control, Tick):
            self.control.value = bool(value)
        elif isinstance(self.control, Choice):
            self.control.choose(str(value))
        super().read()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if not self.unanswered and event.value == format_value(
            self.draft.value(*self.key), self.info
        ):
            return  # an input also tells what it shows first, which may be a default: `1h` for 3600
        value = parse_value(event.value, self.info)
        if value is not None or not self.unanswered:
            self.answer(value)

    @on(Choice.Changed)
    @on(Tick.Changed)
    def _chosen(self, event: Choice.Changed | Tick.Changed) -> None:
        event.stop()
        self.answer(event.value)


def is_example(draft: Draft, key: Key) -> bool:
    """Whether a preset's value is there, or none."""
    return draft.answer(*key).origin in {Origin.PRESET, Origin.DEFAULT}


def row_id(key: Key) -> str:
    """The id of a key's row: `runners-0-name`."""
    return "-".join(str(part) for part in key)
