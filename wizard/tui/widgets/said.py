"""Text from anywhere, shown as it is: never as markup, and never with a secret in it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from wizard.core.plain import harmless


class Said(Static):
    """A `Static` for text that somebody else may have written; hidden while it is empty."""

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(Content(harmless(text)), id=id, classes=classes, markup=False)
        self.display = bool(text)

    def say(self, text: str) -> None:
        """Show another text; nothing hides it."""
        self.update(Content(harmless(text)))
        self.display = bool(text)
