"""One field of the profile: label, the widget that its declaration calls for, origin, problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from wizard.core.problems import Key, Problem
from wizard.core.units import canonical_duration
from wizard.profile.draft import Draft, Origin
from wizard.profile.fields import FieldInfo, find
from wizard.tui.widgets.choice import Choice, Tick
from wizard.tui.widgets.said import Said


class FieldRow(Vertical):
    """A view of one key of the draft; whatever is typed is in the draft at once.

    Args:
        draft: what it reads and writes.
        key: where in the profile.
        label: what to call it; without one, its name.
        ask: whether the value of a preset is only an example here, so that it must be answered.
        unavailable: choices that cannot be made, with the reason.
    """

    @dataclass
    class Answered(Message):
        """The draft holds another value at this row's key."""

        row: FieldRow

        @property
        def control(self) -> FieldRow:
            return self.row

    @dataclass
    class Left(Message):
        """The focus went elsewhere, so what is wrong here may be said."""

        row: FieldRow

        @property
        def control(self) -> FieldRow:
            return self.row

    def __init__(
        self,
        draft: Draft,
        *key: str | int,
        label: str = "",
        ask: bool = False,
        unavailable: Mapping[str, str] | None = None,
    ) -> None:
        declared = find(key)
        if declared is None:
            raise KeyError(key)
        super().__init__(id=row_id(key))
        self.draft = draft
        self.key: Key = key
        self.info: FieldInfo = declared
        self.label = label or declared.name.replace("_", " ").capitalize()
        self.ask = ask
        self._unavailable = unavailable

    @property
    def help_text(self) -> str:
        """One sentence about the field, and what the highlighted choice means."""
        choice = next(iter(self.query(Choice)), None)
        meaning = choice.meaning if choice else ""
        return f"{self.info.help}\n{meaning}" if meaning else self.info.help

    @property
    def unanswered(self) -> bool:
        """Whether the user has to say something here and has not."""
        answer = self.draft.answer(*self.key)
        return self.ask and answer.origin in {Origin.PRESET, Origin.DEFAULT}

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            yield Said(self.label, classes="label")
            yield self._control()
            yield Said(classes="origin")
        yield Said(classes="problem")

    def on_mount(self) -> None:
        self._say_origin()

    def read(self) -> None:
        """Show what the draft holds now, after something else than this row has changed it."""
        value = self.draft.value(*self.key)
        control = self.query_one(".control")
        with self.prevent(Input.Changed):
            if isinstance(control, Input):
                control.value = shown(value, self.info)
            elif isinstance(control, Tick):
                control.value = bool(value)
            elif isinstance(control, Choice):
                control.choose(str(value))
        self._say_origin()

    def show_problems(self, problems: list[Problem]) -> None:
        """Say under the field what is wrong with it; nothing, where nothing is."""
        told = "\n".join(
            f"{'!' if one.severity == 'error' else 'note:'} {one.message}"
            + (f" ({one.fix})" if one.fix else "")
            for one in problems
        )
        self.query_one(".problem", Said).say(told)
        self.set_class(any(one.severity == "error" for one in problems), "-wrong")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._answer(taken(event.value, self.info))

    @on(Choice.Changed)
    @on(Tick.Changed)
    def _chosen(self, event: Choice.Changed | Tick.Changed) -> None:
        event.stop()
        self._answer(event.value)

    def on_descendant_blur(self) -> None:
        self.post_message(self.Left(self))

    def _answer(self, value: Any) -> None:
        if value == self.draft.value(*self.key):
            return
        self.draft.set(self.key, value)
        self.show_problems([])
        self._say_origin()
        self.post_message(self.Answered(self))

    def _say_origin(self) -> None:
        example = "  example" if self.unanswered else ""
        self.query_one(".origin", Said).say(example or self.draft.answer(*self.key).origin.value)

    def _control(self) -> Widget:
        value = self.draft.value(*self.key)
        control: Widget
        if self.info.kind == "true or false":
            control = Tick(bool(value))
        elif self.info.choices and not self.info.kind.startswith("list"):
            control = Choice(self.info.choices, str(value), self._unavailable)
        else:
            control = Input(
                "" if self.unanswered else shown(value, self.info),
                placeholder=shown(value if self.unanswered else self.info.default, self.info),
                compact=True,
            )
        control.add_class("control")
        return control


def row_id(key: Key) -> str:
    """The id of a key's row: `runners-0-name`."""
    return "-".join(str(part) for part in key)


def shown(value: Any, info: FieldInfo) -> str:
    """A value as it stands in an input: `1h` for 3600 seconds, `a, b` for a list."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, int) and info.kind.startswith("duration"):
        return canonical_duration(value)
    return str(value)


def taken(text: str, info: FieldInfo) -> Any:
    """What was typed, as plain data; the model says what is wrong with it. None for nothing."""
    text = text.strip()
    if info.kind.startswith("list"):
        return [item for part in text.split(",") if (item := part.strip())]
    if info.kind == "whole number" and text.isdigit():
        return int(text)
    return text or None
