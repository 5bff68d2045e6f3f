"""Ctrl-C: an end within a second, with what it means, also where a document was asked for."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

PROBLEM = "Interrupted."
NOTHING_DONE = "Nothing was changed."


def leave(arguments: list[str]) -> NoReturn:
    """End a run that was interrupted before its command had begun."""
    from wizard.cli.output import Output
    from wizard.core.errors import ExitCode, StoppedError

    hear_no_more()
    name = next((one for one in arguments[1:] if not one.startswith("-")), "")
    output = Output(name, "--json" in arguments, color=False)
    output.fail(StoppedError(PROBLEM, NOTHING_DONE, "Run it again"))
    sys.exit(int(ExitCode.INTERRUPTED))


def hear_no_more() -> None:
    """A second Ctrl-C while we are ending would only print a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
