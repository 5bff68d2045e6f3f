"""stdin, stdout and stderr as they may be: closed, full, gone, or unable to write a character."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper

from wizard.core.errors import WizardError

_lost: dict[str, WizardError] = {}
"""Why stdout cannot be written any more, or never could."""


def open_streams() -> None:
    """Have all three open, so that no file or socket of ours takes a closed one's place.

    A character that a stream cannot encode is written as an escape, and ends nothing.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            if name == "stdout":
                _lost[name] = _unwritten("it is closed")
            handle = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            mode = "w" if number else "r"
            setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_out(text: str) -> None:
    """Write to stdout, all of it and now. Raises: WizardError, from the first failure on."""
    if "stdout" in _lost:
        raise _lost["stdout"]
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        error = WizardError(
            "Not all of the output was read.",
            "What it was piped into ended first (`| head` does so).",
            "Send it to a file, and look at that",
        )
    except (OSError, ValueError) as lost:
        error = _unwritten(getattr(lost, "strerror", None) or str(lost))
    else:
        return
    give_up_stdout(error)
    raise error


def give_up_stdout(why: WizardError | None = None) -> None:
    """Let what is buffered go nowhere: Python would try again at exit, and complain."""
    _lost["stdout"] = why or _unwritten("it cannot be written")
    with suppress(OSError, ValueError):
        _to_nowhere(sys.stdout.fileno())


def _unwritten(why: str) -> WizardError:
    return WizardError(
        "The output cannot be written.",
        f"stdout: {why}",
        "Free space where it goes, or send it elsewhere",
    )


def narrate(text: str) -> None:
    """Write a line to stderr; where that cannot be, the exit code has to do."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            _to_nowhere(sys.stderr.fileno())


def _to_nowhere(handle: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), handle)
