"""How often a backend is asked, and how long it may have us wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wizard.core.errors import NotReached
from wizard.systems.backends.surroundings import Surroundings

LONGEST_WAIT = 60.0
"""Seconds that one call waits in all while a server limits how often it is asked."""

_RETRY_PAUSES = (0.3, 1.0)
"""Seconds before a read is sent a second and a third time."""

Answer = TypeVar("Answer")


class Throttled(Exception):
    """Asked too often: nothing was done, and after `seconds` it may be sent again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds} s")
        self.seconds = seconds


class MayPass(NotReached):
    """A failure that is often over in a second: the connection was cut, or 502, 503, 504."""


def carry_out(
    call: Callable[[], Answer], doing: str, around: Surroundings, *, is_read: bool = True
) -> Answer:
    """Make a call; a read is sent again after `MayPass`, anything after `Throttled`.

    Args:
        doing: completes "could not ...".
        is_read: whether nothing changes, however often it is sent.

    Raises: whatever the call raises; NotReached, with `maybe_done` never set for a read.
    """
    for pause in _RETRY_PAUSES if is_read else ():
        try:
            return _when_allowed(call, doing, around)
        except MayPass:
            around.sleep(pause)
    try:
        return _when_allowed(call, doing, around)
    except NotReached as error:
        error.maybe_done = error.maybe_done and not is_read
        raise


def _when_allowed(call: Callable[[], Answer], doing: str, around: Surroundings) -> Answer:
    waited = 0.0
    while True:
        try:
            return call()
        except Throttled as throttled:
            pause = max(1.0, throttled.seconds)
        if waited + pause > LONGEST_WAIT:
            raise NotReached(
                f"The server limits how often it is asked, and could not {doing}.",
                f"it asks to wait {round(pause)} seconds more; a call waits "
                f"{round(LONGEST_WAIT)} at most",
                "try again later",
            )
        _count_down(pause, doing, around)
        waited += pause


def _count_down(pause: float, doing: str, around: Surroundings) -> None:
    while pause > 0:
        if around.on_wait:
            around.on_wait(round(pause), f"the server limits how often it may {doing}")
        around.sleep(min(1.0, pause))
        pause -= 1.0
