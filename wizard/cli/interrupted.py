"""Ctrl-C: an end within a second, with what it means, also where a document was asked for.

A terminal that closes (SIGHUP) and a polite kill (SIGTERM, as CI sends it) end a run the same way.
"""

from __future__ import annotations

import signal
import sys
import threading
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


def hear_every_end() -> None:
    """Let SIGTERM and SIGHUP interrupt as Ctrl-C does; what is ignored (nohup) stays so."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def hear_no_more() -> None:
    """A second Ctrl-C while we are ending would only print a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if signal.getsignal(signal.SIGTERM) is _interrupt:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one may end at once


def put_tokens_away() -> None:
    """A thread may be showing a token on the terminal's other screen, and is left."""
    if shown := sys.modules.get("wizard.terminal.hand_over"):  # else no token was handed over
        shown.put_away()


def _interrupt(*_: object) -> None:
    put_tokens_away()
    if callable(signal.getsignal(signal.SIGINT)):
        signal.raise_signal(signal.SIGINT)  # asyncio hears this one
    else:  # ignored: we were started in the background of a script
        raise KeyboardInterrupt
