"""Having the token of a store of one's own stored by the person before the screens.

A backend asks for it on its own thread, and waits. The modal says what to store where. The token is
never in it: the screens step aside, and `hand_over` shows it on the terminal's other screen. So no
widget holds a secret, and neither a picture of the screen nor a crash report can.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from wizard.core.errors import WizardError
from wizard.core.secrets import SecretStr
from wizard.terminal.hand_over import hand_over
from wizard.tui.machine_facts import ShowOutside
from wizard.tui.widgets import Action, Said

_GLANCE = 0.2
"""Seconds between two looks whether no one waits for the token any more."""
_WHY = (
    "The token is not shown on these screens, so that no picture or report of them can hold it. "
    "It is shown on a screen of its own, hidden until you press Space there, and wiped afterwards."
)


def show_outside(app: App[Any], what: str, token: SecretStr) -> None:
    """Step aside and hand the token over on the terminal's other screen.

    Raises: KeyboardInterrupt, when it was not stored; WizardError, where that cannot be done.
    """
    try:
        with app.suspend():
            hand_over(what, token)
    except SuspendNotSupported:
        raise WizardError(
            "The token cannot be shown here.",
            "these screens are not on a terminal that they could step aside from",
            "Stop, and run apply in a terminal",
        ) from None


class HandOver(ModalScreen[bool]):
    """Say what to store where; True once it is stored, False when it was thought better of.

    Args:
        what: one sentence.
        show: shows the token; raises as `show_outside`.
    """

    BINDINGS: ClassVar[list[BindingType]] = []  # Escape would throw a token away

    def __init__(self, what: str, show: Callable[[], None]) -> None:
        super().__init__()
        self._what = what
        self._show = show

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Said("This store is yours to write to", classes="title")
            yield Said(self._what)
            yield Said(_WHY, classes="hint")
            yield Said(id="trouble", classes="problem")
            with Horizontal(classes="buttons"):
                yield Action("Show the token", id="show")
                yield Action("Stop", id="stop")

    @on(Button.Pressed, "#stop")
    def _stop(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#show")
    def _show_it(self) -> None:
        try:
            self._show()
        except KeyboardInterrupt:
            self.query_one("#trouble", Said).say("Not stored yet: show it again, or stop.")
        except WizardError as error:
            self.query_one("#trouble", Said).say(f"! {error}")
        else:
            self.dismiss(True)


class Handing:
    """What a backend is given to hand a token over with; called on its thread.

    Args:
        app: the screens.
        cancel: set when no one wants the token stored any more; set here by Stop.
        show: shows the token.
    """

    def __init__(
        self, app: App[Any], cancel: threading.Event, show: ShowOutside = show_outside
    ) -> None:
        self._app = app
        self._cancel = cancel
        self._show = show

    def __call__(self, what: str, token: SecretStr) -> None:
        """Return once someone says that it is stored, or `cancel` is set."""
        over = threading.Event()
        modal = HandOver(what, lambda: self._show(self._app, what, token))

        def answered(stored: bool | None) -> None:
            if not stored:
                self._cancel.set()
            over.set()

        self._app.call_from_thread(self._app.push_screen, modal, answered)
        while not over.wait(_GLANCE):
            if self._cancel.is_set():
                self._app.call_from_thread(self._take_away, modal)
                return

    def _take_away(self, modal: HandOver) -> None:
        if self._app.screen is modal:
            modal.dismiss(False)
