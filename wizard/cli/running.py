"""The frame around every command: common options, one place for errors, and the exit code."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from wizard.cli.interrupted import PROBLEM, hear_every_end, hear_no_more, put_tokens_away
from wizard.cli.output import Output, Result
from wizard.core.errors import ExitCode, StoppedError, WizardError
from wizard.core.secrets import excerpt, redact

Command = Callable[..., Result]


def command(function: Command) -> Callable[..., None]:
    """Give a command the options that every command has, and turn its result into an exit.

    The function gets the `Output` first and its own arguments after it, by name.
    """

    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.option("--no-color", is_flag=True, help="No colour; NO_COLOR does the same.")
    @click.option(
        "-v",
        "--verbose",
        count=True,
        help="Log to stderr what it waits for; twice: every request.",
    )
    @click.option(
        "--log-file", type=click.Path(dir_okay=False, path_type=Path), help="Log to this file too."
    )
    @click.pass_context
    def framed(
        context: click.Context,
        /,
        as_json: bool,
        no_color: bool,
        verbose: int,
        log_file: Path | None,
        **arguments: Any,
    ) -> None:
        colorless = no_color or bool(os.environ.get("NO_COLOR"))
        output = Output(context.info_name or "", as_json, False if colorless else None)
        context.exit(int(_run(output, verbose, log_file, function, arguments)))

    return update_wrapper(framed, function)


def _run(
    output: Output,
    verbose: int,
    log_file: Path | None,
    function: Command,
    arguments: dict[str, Any],
) -> ExitCode:
    gc.freeze()  # the modules stay; what comes now is looked through as always
    gc.enable()
    restore_terminal = _terminal_keeper()
    hear_every_end()
    try:
        set_up_log(verbose, log_file)
        result = function(output, **arguments)
        output.finish(result)
    except WizardError as error:
        return _failed(output, error)
    except (KeyboardInterrupt, click.Abort):
        hear_no_more()
        restore_terminal()
        put_tokens_away()
        output.fail(StoppedError(PROBLEM, output.state, "Run it again"))
        return ExitCode.INTERRUPTED
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - the last net: no traceback reaches a user
        output.fail(_of_this_machine(error) or crashed(error))
        return ExitCode.FAILED
    return result.exit_code


def _failed(output: Output, error: WizardError) -> ExitCode:
    """Say an error; one that says that stdout cannot be written goes to stderr."""
    try:
        output.fail(error)
    except WizardError as unwritten:
        replace(output, as_json=False).fail(unwritten)
    return error.exit_code


def _terminal_keeper() -> Callable[[], None]:
    """What gives the terminal back as it was found: a thread that asks for a password is left."""
    try:
        import termios

        handle = sys.stdin.fileno()
        before = termios.tcgetattr(handle)
    except (ImportError, OSError, ValueError, termios.error):
        return lambda: None

    def restore() -> None:
        with suppress(OSError, termios.error):
            termios.tcsetattr(handle, termios.TCSADRAIN, before)

    return restore


def _of_this_machine(error: BaseException) -> WizardError | None:
    """What is no bug: this machine has run out of something."""
    # Python has no class of its own for this one.
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return WizardError(
            "No more threads can be started.",
            "This machine, or the container, limits how many processes and threads there are.",
            "Raise the limit (ulimit -u, or the container's pids limit), or end other programs",
        )
    if isinstance(error, MemoryError):
        return WizardError(
            "There is no memory left.",
            "This machine, or the container, limits it.",
            "Raise the limit, or end other programs",
        )
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return WizardError(
            "This machine has run out of something that is needed.",
            f"{error.strerror}{f': {error.filename}' if error.filename else ''}",
            "Free disk space, or raise the limit of open files (ulimit -n)",
        )
    return None


_EXHAUSTED = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EROFS}


def crashed(error: BaseException) -> WizardError:
    """A bug, told without its traceback, which goes redacted to a file of its own."""
    report = redact("".join(traceback.format_exception(error)))
    try:
        handle, name = tempfile.mkstemp(prefix="runner-wizard-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(report)
    except OSError as unwritten:
        where = f"The report could not be written ({unwritten.strerror}): run it again with -v"
    else:
        where = f"attach {name}; secrets in it are masked"
    return WizardError(
        "Runner Wizard crashed: this is a bug.",
        f"{type(error).__name__}: {excerpt(str(error))}",
        f"Report it as an issue of the project, and {where}",
    )


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up_log(verbose: int, log_file: Path | None) -> None:
    """Send the log to stderr (with -v) and to a file of mode 0600; both are redacted.

    Raises: WizardError, when the file cannot be written.
    """
    logging.raiseExceptions = False  # a log that cannot be written ends nothing
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    handlers: list[logging.Handler] = []
    if verbose:
        handlers.append(logging.StreamHandler())
        handlers[-1].setLevel(logging.DEBUG if verbose > 1 else logging.INFO)
    if log_file:
        handlers.append(_log_file(log_file))
    for handler in handlers:
        handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    root.setLevel(logging.DEBUG if log_file or verbose > 1 else logging.INFO)
    if not handlers:
        root.addHandler(logging.NullHandler())


def _log_file(path: Path) -> logging.Handler:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_APPEND, 0o600))
        return logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise WizardError(
            f"The log file {path} cannot be written.", str(error), "Name another with --log-file"
        ) from None
