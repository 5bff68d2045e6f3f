"""The command line: parse, call one operation, print, exit."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script. `--version` answers before anything else is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from wizard import __version__

        sys.stdout.write(f"runner-wizard {__version__}\n")
        return
    from wizard.cli.commands import runner_wizard

    runner_wizard(prog_name="runner-wizard")
