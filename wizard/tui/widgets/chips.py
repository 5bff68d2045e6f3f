"""A list of short texts as chips, each removed by a click, and an input that adds another."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid, Vertical
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Button, Input

from wizard.tui.look import signs


class Chips(Vertical):
    """Enter or a comma adds what was typed; Backspace in the empty input takes the last away."""

    @dataclass
    class Changed(Message):
        """The list is another one."""

        chips: Chips
        values: list[str]

        @property
        def control(self) -> Chips:
            return self.chips

    def __init__(self, values: list[str], placeholder: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.values = list(values)
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        yield ItemGrid(*self._chips(), min_column_width=18)
        yield Input(placeholder=self._placeholder, compact=True, classes="control")

    async def offer(self, values: list[str]) -> None:
        """Show another list, without telling anyone."""
        self.values = list(values)
        grid = self.query_one(ItemGrid)
        await grid.remove_children()
        await grid.mount_all(self._chips())

    def _chips(self) -> list[Button]:
        return [
            Button(Content(f"{value} {signs().remove}"), name=value, compact=True, classes="chip")
            for value in self.values
        ]

    @on(Button.Pressed, ".chip")
    async def _taken_away(self, event: Button.Pressed) -> None:
        event.stop()
        await self._change([one for one in self.values if one != event.button.name])
        self.query_one(Input).focus()

    @on(Input.Changed)
    async def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if "," in event.value:
            await self._add(event.value)
        else:
            # Not a chip yet, but an answer: leaving the step must not lose it.
            self.post_message(self.Changed(self, self._with(event.value)))

    @on(Input.Submitted)
    async def _entered(self, event: Input.Submitted) -> None:
        if event.value.strip():
            event.stop()
            await self._add(event.value)

    async def on_key(self, event: Key) -> None:
        if event.key == "backspace" and self.values and not self.query_one(Input).value:
            await self._change(self.values[:-1])

    async def _add(self, text: str) -> None:
        with self.prevent(Input.Changed):
            self.query_one(Input).value = ""
        await self._change(self._with(text))

    def _with(self, text: str) -> list[str]:
        new = [part.strip() for part in text.split(",")]
        return [*self.values, *(one for one in new if one and one not in self.values)]

    async def _change(self, values: list[str]) -> None:
        if values != self.values:
            await self.offer(values)
            self.post_message(self.Changed(self, values))
