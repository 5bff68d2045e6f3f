"""Showing a token to the one person who has to store it, and to nobody and nothing else.

It goes to the terminal's other screen, as editors and pagers use it: what stands there never
reaches the scrollback, and nothing written to stdout or stderr is involved. It is wiped before the
terminal goes back.
"""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from wizard.core.errors import WizardError
from wizard.core.secrets import SecretStr, redact

_ENTER = "\x1b[?1049h\x1b[2J\x1b[3J\x1b[H"
_LEAVE = "\x1b[2J\x1b[3J\x1b[H\x1b[?1049l"
_LOCAL_MODES = 3  # of the list that tcgetattr returns
_INTERRUPT, _END = b"\x03", b"\x04"


def hand_over(what: str, token: SecretStr, terminal: str = "/dev/tty") -> None:
    """Show what to store where, and the token, until Enter is pressed.

    Raises: KeyboardInterrupt, on Ctrl-C and when the terminal goes away; WizardError, without one.
    """
    lines = (
        _plain(what),
        "",
        f"    {token.get_secret_value()}",
        "",
        "It is shown here alone, and is wiped afterwards. Copy it without anything around it.",
        "Press Enter when it is stored; Ctrl-C to stop, and the next run makes a new token.",
    )
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
            os.write(handle, (_ENTER + "\r\n".join(lines) + "\r\n").encode())
            try:
                _wait_for_enter(handle)
            finally:
                os.write(handle, _LEAVE.encode())
    finally:
        os.close(handle)


def _wait_for_enter(handle: int) -> None:
    while (key := os.read(handle, 1)) not in {b"\r", b"\n"}:
        if key in {b"", _INTERRUPT, _END}:
            raise KeyboardInterrupt


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
    return "".join(char if char.isprintable() else " " for char in redact(text))
