"""Text from anywhere, shown as it is: never as markup, and never with a secret in it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from wizard.core.plain import strip_controls
from wizard.tui.look import signs


def toned(text: str) -> Content:
    """A text whose lines have the colour of the sign they begin with, if they begin with one."""
    tones = {
        signs().done: "$ok",
        signs().failed: "$bad",
        signs().needs_you: "$bad",
        signs().working: "$wait",
        "note:": "$wait",
    }
    lines = text.split("\n")
    if not any(line.split(" ", 1)[0] in tones for line in lines):
        return Content(text)
    styled = (Content.styled(line, tones.get(line.split(" ", 1)[0], "")) for line in lines)
    return Content("\n").join(styled)


class Said(Static):
    """A `Static` for text that someone else may have written; hidden while it is empty."""

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        self._text = strip_controls(text)
        super().__init__(toned(self._text), id=id, classes=classes, markup=False)
        self.display = bool(text)

    def say(self, text: str) -> None:
        """Show another text; nothing hides it."""
        text = strip_controls(text)
        if text == self._text:
            return
        # Moving everything below is many times the work of drawing this.
        width = 0 if self.styles.is_auto_width else self.content_size.width
        before = self._lines(width)
        self._text = text
        self.update(toned(text), layout=False)
        self.display = bool(text)
        if not width or self._lines(width) != before:
            self.refresh(layout=True)

    def _lines(self, width: int) -> int:
        least = self.styles.min_height
        lines = self.visual.get_height(self.styles.get_rules(), width) if width else 0
        return max(lines, int(least.value) if least else 0)
