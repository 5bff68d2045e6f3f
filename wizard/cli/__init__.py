"""The command line: parse, call one operation, print, exit."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """The console script. `--version` answers before anything else is imported."""
    try:
        _main()
    except KeyboardInterrupt:
        # Before a command has begun: while Python imports, or Click parses.
        from wizard.cli.interrupted import leave

        leave(sys.argv)


def _main() -> None:
    if sys.argv[1:] in (["--version"], ["-V"]) and sys.stdout is not None:
        from wizard import __version__

        sys.stdout.write(f"runner-wizard {__version__}\n")
        return
    # Of what start-up allocates nearly nothing is garbage, and looking for it takes a tenth of a
    # short command's time; `running` turns the collector on again.
    gc.disable()
    # pydantic would look through every installed distribution for plugins; we use none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

    from wizard.cli.entry import enter

    enter()
