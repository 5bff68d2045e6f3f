"""A secret: typed or pasted hidden, held in memory, never in the draft and never on the screen."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from wizard.tui.widgets.paste_input import PasteInput
from wizard.tui.widgets.said import Said


class SecretRow(Vertical):
    """Label and hidden input for a secret; whoever shows the row holds what it tells.

    Args:
        name: the environment variable that headless commands take it from.
        label: what to call it.
        held: whether there is one in memory already.
        help_text: one sentence.
    """

    @dataclass
    class Typed(Message):
        """Another value was typed; empty: none is wanted any more."""

        row: SecretRow
        text: str = field(repr=False)

        @property
        def control(self) -> SecretRow:
            return self.row

    def __init__(self, name: str, label: str, *, held: bool, help_text: str = "") -> None:
        super().__init__(id=f"secret-{name}")
        self.secret = name
        self.label = label
        self.help_text = help_text or "Stays hidden, and only in memory. Paste it."
        self.typed = False
        """Whether it was typed here, on this step."""
        self._held = held

    def compose(self) -> ComposeResult:
        held = self._held
        with Horizontal(classes="line"):
            yield Said(self.label, classes="label")
            yield PasteInput(
                password=True,
                placeholder="(held in memory)" if held else "",
                compact=True,
                classes="control",
            )
            yield Said("memory" if held else "", classes="origin")

    def found(self, where: str) -> None:
        """Say where the value came from that is used as long as nothing is typed."""
        self.query_one(Input).placeholder = f"(from {where})"
        self.query_one(".origin", Said).say("found")

    def show_held(self, held: bool) -> None:
        """Show whether one is held, with nothing typed."""
        with self.prevent(Input.Changed):
            self.query_one(Input).value = ""
        self.query_one(Input).placeholder = "(held in memory)" if held else ""
        self.query_one(".origin", Said).say("memory" if held else "")
        self.typed = False

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.typed = bool(event.value.strip())
        self.query_one(".origin", Said).say("typed" if self.typed else "")
        self.post_message(self.Typed(self, event.value))
