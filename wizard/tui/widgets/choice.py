"""One of several values, and yes or no: both told by marks, never by colour alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from wizard.core.plain import strip_controls
from wizard.tui.look import signs

_PADDING = 2
"""Columns that Textual keeps free around an option."""
_NARROWEST = 24
_WIDEST = 30
"""Columns that values may take before their meanings; a longer value pushes its own aside."""


class Choice(OptionList):
    """Values one below the other, each with what it means; a mark tells the chosen one.

    Args:
        choices: each value with its meaning.
        value: the chosen one; empty where none is.
        unavailable: values that cannot be chosen, with the reason, which is beside them.
        labels: what is shown in the place of a value, where that is too long.
        arrows: whether the arrow keys choose; without it Enter does, for what costs more than a
            look.
        brief: one line each, with as much of a meaning as fits; all of it is in the help line.
        help_text: for the help line, where the choice is in no row.
    """

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        choice: Choice
        value: str

        @property
        def control(self) -> Choice:
            return self.choice

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "Choose", show=False)]

    def __init__(
        self,
        choices: Mapping[str, str],
        value: str = "",
        unavailable: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        *,
        brief: bool = False,
        arrows: bool = True,
        help_text: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes, markup=False, compact=True)
        self._brief = brief
        self._arrows = arrows
        self.help_text = self._help = help_text
        self._choices = dict(choices)
        self._unavailable = unavailable or {}
        self._labels = labels or {}
        self.value = value
        self._columns = _NARROWEST
        self._fill()

    def on_focus(self) -> None:
        """Enter must have something to choose, also where nothing is chosen yet."""
        if self.highlighted is None and self.option_count:
            super().action_first()

    def on_resize(self) -> None:
        """What a value means hangs beside it, however wide the terminal is."""
        columns = max(self.scrollable_content_region.width - _PADDING, _NARROWEST)
        if columns != self._columns:
            self._columns = columns
            self.choose(self.value)

    @property
    def meaning(self) -> str:
        """What the highlighted value means."""
        return self._choices.get(self._under_highlight, "")

    @property
    def _under_highlight(self) -> str:
        option = self.highlighted_option
        return option.id or "" if option else ""

    def choose(self, value: str) -> None:
        """Mark a value as the chosen one, without telling anyone."""
        self.value = value
        for name in self._choices:
            self.replace_option_prompt(name, self._prompt(name))

    def offer(
        self,
        choices: Mapping[str, str],
        value: str,
        unavailable: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Show other choices, or the same with other meanings. The highlight stays where someone
        has moved it; where no one has, it goes along with the chosen one."""
        at, before = self._under_highlight, self.value
        self._choices, self.value = dict(choices), value
        if unavailable is not None:
            self._unavailable = unavailable
        if labels is not None:
            self._labels = labels
        self.clear_options()
        self._fill()
        if at in self._choices and (at != before or self.highlighted is None):
            self.highlighted = self.get_option_index(at)

    def action_cursor_up(self) -> None:
        super().action_cursor_up()
        self._choose_highlighted()

    def action_cursor_down(self) -> None:
        super().action_cursor_down()
        self._choose_highlighted()

    def action_first(self) -> None:
        super().action_first()
        self._choose_highlighted()

    def action_last(self) -> None:
        super().action_last()
        self._choose_highlighted()

    def _choose_highlighted(self) -> None:
        """What the arrows lead to is the choice: one that differs from what is lit is a trap."""
        name = self._under_highlight
        if self._arrows and name and name != self.value and name not in self._unavailable:
            self.choose(name)
            self.post_message(self.Changed(self, name))

    def on_option_list_option_highlighted(self) -> None:
        if self._brief:
            self.help_text = f"{self._help}\n{self.meaning}".strip()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        value = event.option.id or ""
        if value != self.value:
            self.choose(value)
            self.post_message(self.Changed(self, value))

    def _fill(self) -> None:
        for name in self._choices:
            closed = name in self._unavailable
            self.add_option(Option(self._prompt(name), id=name, disabled=closed))
            if name == self.value:
                self.highlighted = self.option_count - 1

    def _label(self, name: str) -> str:
        return self._labels.get(name, name)

    def _prompt(self, name: str) -> Content:
        mark = signs().chosen if name == self.value else signs().open
        width = min(max(len(self._label(one)) for one in self._choices), _WIDEST)
        meaning = self._unavailable.get(name) or self._choices[name]
        head = f"{mark} {self._label(name):<{width}}  "
        meaning = strip_controls(meaning)
        if self._brief:
            meaning = shortened(meaning, self._columns - len(head))
        lines = wrap(
            f"{head}{meaning}",
            self._columns,
            subsequent_indent=" " * len(head),
            break_on_hyphens=False,
            max_lines=1 if self._brief else None,
            placeholder=f" {signs().cut}",
        )
        return Content("\n".join(line.rstrip() for line in lines))


class Tick(Widget, can_focus=True):
    """Yes or no, as `[x] yes` and `[ ] no`, with what it means beside it."""

    @dataclass
    class Changed(Message):
        """The other one was chosen."""

        tick: Tick
        value: bool

        @property
        def control(self) -> Tick:
            return self.tick

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "change", "Change", show=False)]

    value: reactive[bool] = reactive(False, init=False)

    def __init__(self, value: bool, meaning: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._meaning = meaning
        self.set_reactive(Tick.value, value)

    def render(self) -> Content:
        return Content("\n".join(self._lines(self.content_size.width)))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._lines(width))

    def _lines(self, width: int) -> list[str]:
        """The mark, and beside it what it means."""
        mark = f"{signs().on} yes  " if self.value else f"{signs().off} no   "
        room = max(width, _NARROWEST)
        return wrap(f"{mark}{self._meaning}", room, subsequent_indent=" " * len(mark))

    def action_change(self) -> None:
        self.value = not self.value
        self.post_message(self.Changed(self, self.value))

    def on_click(self, event: Click) -> None:
        event.stop()
        self.action_change()


def shortened(sentence: str, width: int) -> str:
    """As many whole clauses of a sentence as fit; all of it, where not even one does."""
    if len(sentence) <= width:
        return sentence
    ends = [end.start() for end in re.finditer(r"[,:;] ", sentence) if end.start() <= width]
    return sentence[: ends[-1]] if ends else sentence
