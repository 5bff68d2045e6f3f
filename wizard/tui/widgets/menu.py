"""A list of things to do: the highlight is where one is, and nothing happens before Enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from wizard.core.plain import strip_controls

_WIDEST = 30
"""Columns that labels may take before what is said of them."""


class Menu(OptionList):
    """Deeds one below the other. It has no chosen one, as a `Choice` has: it is not an answer.

    Args:
        items: each deed's name with what is said of it.
        labels: what is shown in the place of a name.
        help_text: for the help line.
    """

    @dataclass
    class Picked(Message):
        """Enter was pressed on one, or it was clicked."""

        menu: Menu
        name: str

        @property
        def control(self) -> Menu:
            return self.menu

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "Choose", show=False)]

    def __init__(
        self,
        items: Mapping[str, str],
        labels: Mapping[str, str] | None = None,
        *,
        help_text: str = "Arrows move, Enter does it.",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes, markup=False, compact=True)
        self.help_text = help_text
        self.offer(items, labels)

    def offer(self, items: Mapping[str, str], labels: Mapping[str, str] | None = None) -> None:
        """Show other deeds."""
        self.clear_options()
        shown = {name: (labels or {}).get(name, name) for name in items}
        width = min(max(map(len, shown.values()), default=0), _WIDEST)
        self.add_options(
            Option(Content(strip_controls(f"{shown[name]:<{width}}  {about}".rstrip())), id=name)
            for name, about in items.items()
        )

    def on_focus(self) -> None:
        """Enter must have something to do."""
        if self.highlighted is None and self.option_count:
            self.action_first()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Picked(self, event.option.id or ""))
