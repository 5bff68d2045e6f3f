"""The wizard's own commands as they are printed: quoted, and run as they are pasted."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def program() -> str:
    """How the wizard was started, quoted, so that a command runs from any folder."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return shlex.join([sys.executable, "-m", "wizard"])
    if started.parent == Path() or not started.is_file():
        return "runner-wizard"
    from shutil import which

    found = which(started.name)
    if found and Path(found).resolve() == started.resolve():
        return started.name
    return shlex.quote(str(started.absolute()))


def command(*arguments: object) -> str:
    """A command of the wizard, to be pasted: `runner-wizard plan 'my profile.yaml'`."""
    return f"{program()} {shlex.join(map(str, arguments))}"
