"""A command on a terminal of its own, and somebody who answers its questions."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

_QUESTION = b"[y/N]"
_SECONDS = 60


def answered(
    environment: dict[str, str], folder: Path, answers: list[str], *arguments: str
) -> tuple[int, str]:
    """Run `runner-wizard ARGUMENTS` to its end; one answer for each yes-or-no question.

    Returns: its exit code, and all that stood on the terminal.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wizard", *arguments],
        env=environment,
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    said, deadline, left = b"", time.monotonic() + _SECONDS, list(answers)
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            said += chunk
            if left and said.count(_QUESTION) > len(answers) - len(left):
                os.write(master, left.pop(0).encode() + b"\n")
        elif process.poll() is not None:
            break
    try:
        code = process.wait(5)
    finally:
        process.kill()
        os.close(master)
    return code, said.decode()
