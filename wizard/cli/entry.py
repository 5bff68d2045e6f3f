"""Into Click and out again: what it would say by itself on Ctrl-C and on a broken pipe, we say."""

from __future__ import annotations

import sys

import click

from wizard.cli.commands import runner_wizard
from wizard.cli.interrupted import hear_no_more
from wizard.cli.streams import give_up_stdout, narrate, open_streams


def enter() -> None:
    """Run the command that was asked for, and exit with its code.

    Raises: KeyboardInterrupt, where it came before the command began.
    """
    open_streams()
    try:
        code = runner_wizard.main(prog_name="runner-wizard", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except OSError as error:  # Click's own output: --help into a full disk or a closed pipe
        give_up_stdout()
        narrate(f"error: The output cannot be written.\n  {error.strerror}")
        sys.exit(1)
    hear_no_more()  # all is said: while Python ends, a Ctrl-C would only print a traceback
    sys.exit(code if isinstance(code, int) else 0)
