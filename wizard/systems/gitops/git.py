"""What Git says of a folder. Only asked, never told: committing and pushing is the user's."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from wizard.systems.environment import for_children

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder in a Git work tree."""

    folder: Path
    revision: str
    """The newest commit that touched the folder; empty where none has."""
    uncommitted: tuple[str, ...]
    """Paths in the folder that differ from the last commit, or that Git does not know."""

    def holds(self, revision: str) -> bool:
        """Whether the folder's newest commit is part of another one's history."""
        if not self.revision or not revision:
            return False
        asked = _git(self.folder, "merge-base", "--is-ancestor", self.revision, revision)
        return asked is not None


def checkout(folder: Path) -> Checkout | None:
    """What Git says of a folder; None where there is no Git, or no work tree around it."""
    if _git(folder, "rev-parse", "--show-toplevel") is None:
        return None
    status = _git(folder, "status", "--porcelain", "--", ".") or ""
    revision = _git(folder, "log", "-1", "--format=%H", "--", ".") or ""
    return Checkout(folder, revision, tuple(line[3:] for line in status.splitlines()))


def _git(folder: Path, *arguments: str) -> str | None:
    """Git's answer, or None where it has none to give."""
    program = shutil.which("git")
    if program is None or not folder.is_dir():
        return None
    try:
        asked = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [program, "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            env=for_children(),
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip("\n") if asked.returncode == 0 else None
