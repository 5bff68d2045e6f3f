"""Someone at a terminal: runs a program on it, waits for words, types, and sees how it ends."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

WIZARD = ["-m", "wizard"]


class Person:
    """Someone who runs the wizard on a terminal; `seen` is all that it has shown so far.

    Args:
        run: what Python is to run; the wizard unless said otherwise.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        *arguments: str,
        run: list[str] = WIZARD,
    ) -> None:
        self.seen = ""
        self._looked_at = 0
        self._code: int | None = None
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, *run, *arguments], dict(environment))
        # A descriptor may have a number that select() does not take; poll() takes all.
        self._poll = select.poll()
        self._poll.register(self._terminal, select.POLLIN)

    def sees(self, text: str, seconds: float = 30) -> None:
        """Waits for `text` behind what was waited for before."""
        end = time.monotonic() + seconds
        while (at := self.seen.find(text, self._looked_at)) < 0:
            if time.monotonic() > end or not self._reads(milliseconds=100):
                pytest.fail(f"{text!r} was not shown:\n{self.seen[self._looked_at :]}")
        self._looked_at = at + len(text)

    def types(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def answers(self, line: str) -> None:
        self.types(f"{line}\n")

    def interrupts(self, number: int = signal.SIGINT) -> None:
        os.kill(self._pid, number)

    def rest(self) -> str:
        """Everything shown behind what was waited for, until the end."""
        while self._reads(milliseconds=30_000):
            pass
        return self.seen[self._looked_at :]

    def code(self, seconds: float = 30) -> int:
        """The exit code, once it has ended; the terminal is closed then."""
        end = time.monotonic() + seconds
        while self._code is None:
            self._reads(milliseconds=50)
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                pytest.fail(f"it did not end:\n{self.seen}")
        self.rest()
        os.close(self._terminal)
        return self._code

    def _reads(self, milliseconds: int) -> bool:
        """Reads what is there; false once the program has closed its side."""
        if not self._poll.poll(milliseconds):
            return True
        try:
            chunk = os.read(self._terminal, 4096)
        except OSError:  # how Linux says that the other side is gone
            return False
        self.seen += chunk.decode(errors="replace")
        return bool(chunk)
