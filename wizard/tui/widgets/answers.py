"""The part of a step that scrolls, where another part has to stay in sight."""

from __future__ import annotations

from textual.containers import VerticalScroll


class Answers(VerticalScroll, can_focus=False):
    """Rows that scroll beside something that does not."""
