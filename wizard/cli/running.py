"""The frame around every command: common options, one place for errors, and the exit code."""

from __future__ import annotations

import gc
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from wizard.cli.output import Output, Result
from wizard.core.errors import ExitCode, WizardError
from wizard.core.secrets import redact

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
        help="Log to stderr what is waited for; twice: every request.",
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
    try:
        set_up_log(verbose, log_file)
        result = function(output, **arguments)
        output.finish(result)
    except WizardError as error:
        output.fail(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        output.say("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`); keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - the last net: no traceback reaches a user
        output.fail(crashed(error))
        return ExitCode.FAILED
    return result.exit_code


def crashed(error: BaseException) -> WizardError:
    """A bug, told without its traceback, which goes redacted to a file of its own."""
    report = "".join(traceback.format_exception(error))
    handle, name = tempfile.mkstemp(prefix="runner-wizard-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(redact(report))
    return WizardError(
        "Runner Wizard made a mistake of its own.",
        f"{type(error).__name__}: {redact(str(error))}",
        f"please report it with the file {name}; secrets are left out of it",
    )


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up_log(verbose: int, log_file: Path | None) -> None:
    """Send the log to stderr (with -v) and to a file of mode 0600; both are redacted.

    Raises: WizardError, when the file cannot be written.
    """
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
            f"The log file {path} cannot be written.", str(error), "name another with --log-file"
        ) from None
