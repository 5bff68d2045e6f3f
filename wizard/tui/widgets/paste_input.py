"""An input for what is pasted: a token with line ends around it, or the text of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.events import Paste
from textual.message import Message
from textual.widgets import Input

_PEM = "-----BEGIN CERTIFICATE-----"


class PasteInput(Input):
    """Takes the first line that is not empty; Textual's own takes the first one, whatever it is.

    Args:
        takes_pem: whether certificates may be pasted in the place of a file's path.
    """

    @dataclass
    class Certificates(Message):
        """Certificates were pasted, as text; the input is as it was."""

        input: PasteInput
        text: str

        @property
        def control(self) -> PasteInput:
            return self.input

    def __init__(self, *args: Any, takes_pem: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        self._takes_pem = takes_pem

    def on_paste(self, event: Paste) -> None:
        event.prevent_default()
        event.stop()
        lines = [line.strip() for line in event.text.splitlines() if line.strip()]
        if self._takes_pem and _PEM in event.text:
            self.post_message(self.Certificates(self, event.text))
        elif lines:
            self.replace(lines[0], *self.selection)
