"""What a delivery comes to: each file with what it is for, as far as there is room."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from wizard.operations.preview.contents import Preview
from wizard.tui.widgets.said import Said

_MOST = 200
"""Lines; no one reads on, and a profile may have a thousand runners."""
_GAP = 2


class FileTree(VerticalScroll, can_focus=True):
    """A heading and a tree below it, to be scrolled with the arrow keys."""

    help_text = "What is written or applied at the end; it follows your choices."

    def compose(self) -> ComposeResult:
        yield Said("...", classes="title")
        yield Said(classes="lines")

    def on_mount(self) -> None:
        self._shown: Preview | None = None

    def show(self, found: Preview) -> None:
        """Show what was rendered."""
        self._shown = found
        self._draw(found)

    def say(self, title: str, text: str) -> None:
        """Show words instead."""
        self._shown = None
        self.query_one(".title", Said).say(title)
        self.query_one(".lines", Said).say(text)

    def on_resize(self) -> None:
        if self._shown:
            self._draw(self._shown)

    def _draw(self, found: Preview) -> None:
        self.query_one(".title", Said).say(found.heading)
        width = self.scrollable_content_region.width
        self.query_one(".lines", Said).say("\n".join(lines(found, width)))


def lines(found: Preview, width: int) -> Iterator[str]:
    """The tree; what a file is for is beside it where the width allows.

    Args:
        width: columns.
    """
    shown = found.lines[:_MOST]
    column = max((len(name) for name, _ in shown), default=0) + _GAP
    for name, about in shown:
        line = f"{name:<{column}}{about}".rstrip()
        if len(line) > width:
            line = f"{line[: width - 2]}.." if column < width - 2 * _GAP else name
        yield line
    if more := len(found.lines) - len(shown):
        yield f"... and {more} more"
