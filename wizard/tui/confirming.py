"""Asking, from a thread that is about to send a credential, whether it may go there."""

from __future__ import annotations

import threading
from typing import Any

from textual.app import App

from wizard.tui.modals import Question

_GLANCE = 0.2
"""Seconds between two looks whether the screens have been left."""


class Confirming:
    """Ask a question that yes or no answers, once: the same question keeps its first answer.

    Called on a thread of a system's client; returns once it is answered. Leaving is a no.

    Args:
        app: the screens.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._answers: dict[str, bool] = {}
        self._one_at_a_time = threading.Lock()

    def __call__(self, question: str) -> bool:
        with self._one_at_a_time:
            if question not in self._answers:
                self._answers[question] = self._ask(question)
            return self._answers[question]

    def forget(self) -> None:
        """Ask again from now on: another profile is open."""
        self._answers.clear()

    def _ask(self, question: str) -> bool:
        answered = threading.Event()
        said: list[str | None] = []

        def answer(name: str | None) -> None:
            said.append(name)
            answered.set()

        modal = Question(
            question,
            "Only what you confirm is sent. Your yes is remembered on this machine, never in the "
            "profile.",
            {"no": "Do not send it", "yes": "Send it there"},
        )
        self._app.call_from_thread(self._app.push_screen, modal, answer)
        while not answered.wait(_GLANCE):
            if not self._app.is_running:
                return False
        return said == ["yes"]
