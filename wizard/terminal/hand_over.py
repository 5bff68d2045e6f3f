"""Showing a token to the one person who has to store it, and to no one and nothing else.

This is the one place where a secret is on a screen, since someone has to copy it into a store that
only they can write to. So it stands on the terminal's other screen, as editors and pagers use it:
what is there never reaches the scrollback, nothing is written to stdout or stderr, and it is wiped
before the terminal goes back. It is hidden until it is asked for. The wizard's own screens step
aside for it: no widget ever holds it, so no picture, log or crash report of theirs can.
"""

from __future__ import annotations

import os
import select
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from wizard.core.errors import WizardError
from wizard.core.plain import strip_controls
from wizard.core.secrets import SecretStr

_ENTER = "\x1b[?1049h"
_WIPE = "\x1b[2J\x1b[3J\x1b[H"
_LEAVE = f"{_WIPE}\x1b[?1049l"
_LOCAL_MODES = 3  # of the list that tcgetattr returns
_INTERRUPT, _END = b"\x03", b"\x04"

_up: dict[int, list[Any]] = {}
"""The terminals whose other screen is up, and how their keys were before."""
_writing = threading.RLock()  # a signal may put the token away on the thread that is drawing it
_GLANCE = 0.2
"""Seconds between two looks whether the program is ending."""
_HIDDEN = "(hidden: press Space to show it, and again to hide it)"


def hand_over(what: str, token: SecretStr, terminal: str = "/dev/tty") -> None:
    """Say what to store where, show the token when asked to, and return once it is stored.

    Raises: KeyboardInterrupt, on Ctrl-C and when the terminal goes away; WizardError, without one.
    """
    try:
        handle = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    except OSError as error:
        raise WizardError(
            "The token cannot be shown: there is no terminal.",
            f"{terminal}: {error.strerror}",
            "Run it in a terminal",
        ) from None
    try:
        with _other_screen(handle):
            _until_stored(handle, _plain(what), token)
    except OSError:  # the terminal has gone away, and what was on it
        raise KeyboardInterrupt from None
    finally:
        os.close(handle)


def put_away() -> None:
    """Wipe and leave the other screen where it is up, since the program ends now.

    For the main thread, which a signal from outside ends; the thread that shows the token sees
    that at its next look, and shows nothing from here on.
    """
    with _writing:
        while _up:
            handle, keys = _up.popitem()
            with suppress(OSError, termios.error):
                os.write(handle, _LEAVE.encode())
                termios.tcsetattr(handle, termios.TCSANOW, keys)


def _until_stored(handle: int, what: str, token: SecretStr) -> None:
    """Enter ends it, once the token has been seen: one that was typed ahead stored nothing."""
    shown = seen = False
    while True:
        _draw(handle, what, token.get_secret_value() if shown else _HIDDEN)
        key = _key(handle)
        if key == b" ":
            shown = not shown
            seen = True
        elif key in {b"\r", b"\n"} and seen:
            return
        elif key in {b"", _INTERRUPT, _END}:
            raise KeyboardInterrupt


def _key(handle: int) -> bytes:
    """The next key. Raises: KeyboardInterrupt, where the program is ending."""
    pressed = False
    while not pressed:
        pressed = bool(select.select([handle], [], [], _GLANCE)[0])
        if handle not in _up:
            raise KeyboardInterrupt
    return os.read(handle, 1)


def _draw(handle: int, what: str, token: str) -> None:
    lines = (
        what,
        "",
        f"    {token}",
        "",
        "It is shown only here, and is wiped afterwards. Copy it without anything around it.",
        "Press Enter when it is stored; Ctrl-C to stop, and the next run makes a new token.",
    )
    with _writing:
        if handle not in _up:  # the program is ending
            raise KeyboardInterrupt
        os.write(handle, (_WIPE + "\r\n".join(lines) + "\r\n").encode())
        if handle not in _up:  # put away by a signal between the two lines above
            os.write(handle, _LEAVE.encode())
            raise KeyboardInterrupt


@contextmanager
def _other_screen(handle: int) -> Iterator[None]:
    """Keys arrive one by one and are not echoed; Ctrl-C too: here it only means "not stored"."""
    before = termios.tcgetattr(handle)
    silent = termios.tcgetattr(handle)
    silent[_LOCAL_MODES] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(handle, termios.TCSAFLUSH, silent)
    with _writing:
        _up[handle] = before
        os.write(handle, _ENTER.encode())
    try:
        yield
    finally:
        with _writing:
            if _up.pop(handle, None):
                with suppress(OSError, termios.error):  # the terminal has gone away
                    os.write(handle, _LEAVE.encode())
                    termios.tcsetattr(handle, termios.TCSAFLUSH, before)


def _plain(text: str) -> str:
    """Without control characters: part of it may be another's words."""
    return "".join(char if char.isprintable() else " " for char in strip_controls(text))
