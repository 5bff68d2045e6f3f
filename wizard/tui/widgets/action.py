"""A button that is known as one without colour."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Button


class Action(Button):
    """One line, `[ Add another ]`; what it does is decided by its id."""

    def __init__(self, label: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(Content(f"[ {label} ]"), id=id, compact=True)
