"""Showing a token to the one person who has to store it, and to nobody and nothing else.

This is the one place where a secret is on a screen, since somebody has to copy it into a store that
only they can write to. So it stands on the terminal's other screen, as editors and pagers use it:
what is there never reaches the scrollback, nothing is written to stdout or stderr, and it is wiped
before the terminal goes back. It is hidden until it is asked for. The wizard's own screens step
aside for it: no widget ever holds it, so no picture, log or crash report of theirs can.
"""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from wizard.core.errors import WizardError
from wizard.core.plain import strip_controls
from wizard.core.secrets import SecretStr

_ENTER = "\x1b[?1049h"
_WIPE = "\x1b[2J\x1b[3J\x1b[H"
_LEAVE = f"{_WIPE}\x1b[?1049l"
_LOCAL_MODES = 3  # of the list that tcgetattr returns
_INTERRUPT, _END = b"\x03", b"\x04"
_HIDDEN = "(hidden: press Space to show it, and again to hide it)"


def hand_over(what: str, token: SecretStr, terminal: str = "/dev/tty") -> None:
    """Say what to store where, show the token when asked to, and return once it is stored.

    Raises: KeyboardInterrupt, on Ctrl-C and when the terminal goes away; WizardError, without one.
    """
    try:
        handle = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    except OSError as error:
        raise WizardError(
            "The token cannot be shown: there is no terminal of its own.",
            f"{terminal}: {error.strerror}",
            "run it in a terminal",
        ) from None
    try:
        with _silent_keys(handle):
            os.write(handle, _ENTER.encode())
            try:
                _until_stored(handle, _plain(what), token)
            finally:
                os.write(handle, _LEAVE.encode())
    except OSError:  # the terminal has gone away, and what was on it
        raise KeyboardInterrupt from None
    finally:
        os.close(handle)


def _until_stored(handle: int, what: str, token: SecretStr) -> None:
    """Enter ends it, once the token has been seen: one that was typed ahead stored nothing."""
    shown = seen = False
    while True:
        _draw(handle, what, token.get_secret_value() if shown else _HIDDEN)
        key = os.read(handle, 1)
        if key == b" ":
            shown = not shown
            seen = True
        elif key in {b"\r", b"\n"} and seen:
            return
        elif key in {b"", _INTERRUPT, _END}:
            raise KeyboardInterrupt


def _draw(handle: int, what: str, token: str) -> None:
    lines = (
        what,
        "",
        f"    {token}",
        "",
        "It is shown here alone, and is wiped afterwards. Copy it without anything around it.",
        "Press Enter when it is stored; Ctrl-C to stop, and the next run makes a new token.",
    )
    os.write(handle, (_WIPE + "\r\n".join(lines) + "\r\n").encode())


@contextmanager
def _silent_keys(handle: int) -> Iterator[None]:
    """Keys arrive one by one and are not echoed; Ctrl-C too, since we run beside the main thread,
    where it would end the program without the screen being wiped."""
    before = termios.tcgetattr(handle)
    silent = termios.tcgetattr(handle)
    silent[_LOCAL_MODES] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(handle, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal has gone away
            termios.tcsetattr(handle, termios.TCSAFLUSH, before)


def _plain(text: str) -> str:
    """Without control characters: part of it may be somebody else's words."""
    return "".join(char if char.isprintable() else " " for char in strip_controls(text))
