"""A process in a terminal of its own, and how long its screen takes to answer a key."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_ASKED, _ANSWERED = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""Whether the terminal can draw a whole frame at once: with a yes, every frame has an end."""
_FRAME_END = b"\x1b[?2026l"
_AT_ONCE = 0.04
"""Seconds of silence after which a later frame belongs to something else."""
KEYS = {
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "enter": b"\r",
    "escape": b"\x1b[27u",  # as newer terminals send it; a lone one may begin something longer
    "backspace": b"\x7f",
    "end": b"\x1b[F",
    "ctrl+n": b"\x0e",
    "ctrl+q": b"\x11",
}


class Terminal:
    """Run a command before a terminal of 80 by 24.

    Args:
        command: the program and its arguments.
        environ: all of its environment.
        folder: where it runs.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=dict(environ) | {"TERM": "xterm-256color"},
            cwd=folder,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._ours)

    def send(self, key: str) -> None:
        """Press a key, by its name or as the character it is; what was seen is forgotten."""
        while self.read(0):
            pass
        self._seen = b""
        os.write(self._ours, KEYS.get(key, key.encode()))

    def sees(self, text: str, seconds: float = 20) -> float:
        """Wait until a text that nothing interrupts is drawn; the time, by the same clock."""
        return self._until(text.encode(), seconds)

    def framed(self, key: str) -> float:
        """Press a key; seconds until the last frame of those that follow at once is drawn."""
        self.send(key)
        began = time.perf_counter()
        drawn = self._until(_FRAME_END, 5)
        while data := self.read(_AT_ONCE):
            if _FRAME_END in data:
                drawn = time.perf_counter()
        return drawn - began

    def still(self, seconds: float = 0.3) -> None:
        """Wait until nothing has been drawn for a while; a blinking cursor counts as nothing."""
        quiet = time.perf_counter() + seconds
        while (now := time.perf_counter()) < quiet:
            if len(self.read(quiet - now)) > 400:
                quiet = time.perf_counter() + seconds

    @property
    def mebibytes(self) -> float:
        """Resident memory of the process now."""
        rss = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return int(rss) / 1024

    def _until(self, wanted: bytes, seconds: float) -> float:
        end = time.perf_counter() + seconds
        while wanted not in self._seen:
            left = end - time.perf_counter()
            if left <= 0 or self.process.poll() is not None:
                raise SystemExit(f"{wanted!r} was not drawn; last: {self._seen[-2000:]!r}")
            self.read(left)
        return time.perf_counter()

    def read(self, seconds: float) -> bytes:
        """Take what is drawn within a time, at most one piece of it."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:  # the other end is closed
            return b""
        if _ASKED in data:
            os.write(self._ours, _ANSWERED)
        self._seen += data
        return data
