"""The second pane of a wide terminal: the text that the answers come to, new lines marked."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from wizard.core.plain import strip_controls
from wizard.operations.preview.outcome import Line
from wizard.tui.widgets.said import Said

_MOST = 300
"""Lines that are shown."""


class OutcomePane(VerticalScroll, can_focus=False):
    """A title, and the text; `+` tells a new line where there is no colour."""

    def compose(self) -> ComposeResult:
        yield Said("", classes="title")
        yield Static("", markup=False, classes="lines")

    def show(self, title: str, lines: Sequence[Line]) -> None:
        """Show a text, and have its first new line in sight."""
        self.query_one(".title", Said).say(title)
        self.query_one(".lines", Static).update(
            Content("\n").join(
                Content.styled(f"+ {strip_controls(one.text)}", "$ok")
                if one.is_new
                else Content(f"  {strip_controls(one.text)}")
                for one in lines[:_MOST]
            )
        )
        first = next((number for number, one in enumerate(lines) if one.is_new), 0)
        self.scroll_to(y=max(first - self.size.height // 2, 0), animate=False)

    def say(self, title: str, text: str = "") -> None:
        """Say words instead."""
        self.query_one(".title", Said).say(title)
        self.query_one(".lines", Static).update(Content(strip_controls(text)))
