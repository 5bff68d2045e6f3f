"""The few screens that stand over the wizard: a question, a text, a file to save to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from wizard.tui.widgets import Action, Said


class Question(ModalScreen[str]):
    """Ask for one of a few answers; Escape is the first, which must be the harmless one.

    Args:
        question: one sentence.
        detail: more, if there is more to know.
        answers: each answer's name, with what stands on its button.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-cramped"), (70, "-roomy")]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "harmless", "Back", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("up,pageup", "scroll(-1)", show=False),
        Binding("down,pagedown", "scroll(1)", show=False),
    ]

    def __init__(self, question: str, detail: str, answers: Mapping[str, str]) -> None:
        super().__init__()
        self._question = question
        self._detail = detail
        self._answers = answers

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Said(self._question, classes="title")
            with VerticalScroll(can_focus=False, classes="detail"):
                yield Said(self._detail)
            with Horizontal(classes="buttons"):
                for name, label in self._answers.items():
                    yield Action(label, id=name)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "")

    def action_scroll(self, way: int) -> None:
        """Read on in a detail that is longer than the screen."""
        detail = self.query_one(".detail", VerticalScroll)
        detail.scroll_relative(y=way * max(detail.size.height - 1, 1), animate=False)

    def action_harmless(self) -> None:
        self.dismiss(next(iter(self._answers)))


class Reading(ModalScreen[None]):
    """A text to read: help, or an error with its cause and its fix."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,f1", "close", "Close", show=False)
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Said(self._title, classes="title")
            with VerticalScroll():
                yield Said(self._text)
            yield Said("Escape closes this.", classes="hint")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_click(self) -> None:
        self.action_close()

    def action_close(self) -> None:
        self.dismiss()


class SaveAs(ModalScreen[Path | None]):
    """Ask which file to save to; None when it was thought better of."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Back", show=False)]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Said("Save the profile as", classes="title")
            yield Input(str(self._path), compact=True)
            yield Said("Enter saves, Escape goes back. No secret is in it.", classes="hint")

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        if name := event.value.strip():
            self.dismiss(Path(name).expanduser())

    def action_close(self) -> None:
        self.dismiss(None)
