"""One call, carried out: sent again where that is safe, waited for where a server asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

from wizard.core.errors import NotReachedError, StoppedError, TransientError

RETRY_PAUSES = (0.3, 1.0)
"""Seconds before a read is sent a second and a third time."""
_DAY = 86400

T = TypeVar("T")


class ThrottledError(Exception):
    """Asked too often: nothing was done, and it may be sent again.

    Args:
        seconds: after which; None where the server does not say.
    """

    def __init__(self, seconds: float | None) -> None:
        super().__init__("throttled")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Policy:
    """How calls are made, and how a wait is shown and ended.

    Args:
        connect_timeout: seconds.
        read_timeout: seconds without a byte of the answer.
        longest_wait: seconds that one call waits in all while it is throttled.
        first_pause: seconds before the second attempt where a server asks for none; they double.
        on_wait: called once a second with the seconds left and the reason; what it raises ends the
            call.
        cancel: set it to end every wait.
        sleep: takes seconds, in place of waiting for `cancel`; for tests.
    """

    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    longest_wait: float = 60.0
    first_pause: float = 1.0
    on_wait: Callable[[int, str], None] | None = None
    cancel: Event = field(default_factory=Event)
    sleep: Callable[[float], None] | None = None

    @property
    def timeouts(self) -> tuple[float, float]:
        """As requests takes them."""
        return self.connect_timeout, self.read_timeout

    def call_with_retries(
        self, call: Callable[[], T], doing: str, *, who: str, is_read: bool = True
    ) -> T:
        """Make a call; a read is sent again after `TransientError`, any after `ThrottledError`.

        Args:
            call: sends it once.
            doing: completes "could not ...".
            who: the server's name, as it stands within a sentence: `the cluster`.
            is_read: whether nothing changes, however often it is sent.

        Raises: whatever the call raises; NotReached, with `maybe_done` never set for a read;
            StoppedError, when `cancel` ended a wait.
        """
        for pause in RETRY_PAUSES if is_read else ():
            try:
                return self._when_allowed(call, doing, who)
            except TransientError:
                self._pause(pause, doing)
        try:
            return self._when_allowed(call, doing, who)
        except NotReachedError as error:
            error.maybe_done = error.maybe_done and not is_read
            raise

    def _when_allowed(self, call: Callable[[], T], doing: str, who: str) -> T:
        # A 429 is answered before anything is done, so waiting it out is safe for writes as well.
        waited, turn = 0.0, 0
        while True:
            try:
                return call()
            except ThrottledError as throttled:
                asked = throttled.seconds
            pause = max(1.0, self.first_pause * 2**turn if asked is None else asked)
            if waited + pause > self.longest_wait:
                raise NotReachedError(
                    f"{_capital(who)} is too busy, or limits how often it is asked, "
                    f"and could not {doing}.",
                    f"It asks to wait {_duration(pause)} more; "
                    f"a call waits {round(self.longest_wait)} seconds at most.",
                    "Try again later; an administrator can raise the rate limit",
                )
            self._count_down(pause, doing, who)
            waited, turn = waited + pause, turn + 1

    def _count_down(self, pause: float, doing: str, who: str) -> None:
        why = f"the server limits how often it is asked; {who} asks to wait before it can {doing}"
        while pause > 0:
            if self.on_wait:
                self.on_wait(round(pause), why)
            self._pause(min(1.0, pause), doing)
            pause -= 1.0

    def _pause(self, seconds: float, doing: str) -> None:
        if self.sleep is not None:
            self.sleep(seconds)
            return
        if self.cancel.wait(seconds):
            raise StoppedError(
                f"Stopped while waiting to {doing}.",
                "Nothing was sent: the wait was stopped first.",
                "Run it again",
            )


def _capital(who: str) -> str:
    return who[:1].upper() + who[1:]


def _duration(seconds: float) -> str:
    return f"{round(seconds)} seconds" if seconds < _DAY else "a day and"
