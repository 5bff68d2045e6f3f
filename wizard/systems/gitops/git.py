"""What Git says of a folder. Only asked, never told: committing and pushing is the user's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wizard.systems.environment import for_children

_TIMEOUT = 10.0
# A repository's own settings name programs, and whose repository this is no one knows.
_RUN_NOTHING = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "log.showSignature=false"),
    *("-c", "status.submoduleSummary=false"),
    "--no-pager",
)
_FILTERS = r"^filter\..*\.(clean|process|smudge|required)$"
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder in a Git work tree."""

    folder: Path
    revision: str
    """The newest commit that touched the folder; empty where none has."""
    uncommitted: tuple[str, ...]
    """Paths in the folder that differ from the last commit, or that Git does not know."""
    top: Path = Path()
    """The work tree's own folder."""
    prefix: str = ""
    """The folder, relative to that; empty where it is the same."""
    branch: str = ""
    """The branch that is checked out; empty for none (a detached HEAD)."""
    remotes: tuple[tuple[str, str], ...] = ()
    """Name and address of each remote."""
    upstream: str = ""
    """What the branch is pushed to without further words; empty where that is not set."""
    unpushed: tuple[str, ...] = ()
    """Paths in the folder that commits change which no remote is known to have."""

    def holds(self, revision: str) -> bool:
        """Whether the folder's newest commit is part of another one's history."""
        if not self.revision or not revision:
            return False
        asked = _git(self.folder, "merge-base", "--is-ancestor", self.revision, revision)
        return asked is not None


def checkout(folder: Path) -> Checkout | None:
    """What Git says of a folder, or of where it will be; None where no work tree is around it."""
    there = next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), folder)
    top = _git(there, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    asked = _git(there, "rev-parse", "--show-prefix") or ""
    below = folder.absolute().relative_to(there.absolute())
    prefix = Path(asked, below).as_posix()
    revision = ""
    changed: tuple[str, ...] = ()
    unpushed: tuple[str, ...] = ()
    remotes = tuple(_remotes(there))
    if there == folder:
        revision = _git(folder, "log", "-1", "--format=%H", "--", ".") or ""
        changed = tuple(_changed(folder, asked))
        unpushed = tuple(_unpushed(folder, asked)) if remotes else ()
    return Checkout(
        folder,
        revision,
        changed,
        Path(top),
        "" if prefix == "." else prefix,
        _git(there, "symbolic-ref", "--quiet", "--short", "HEAD") or "",
        remotes,
        _git(there, "rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}") or "",
        unpushed,
    )


def _changed(folder: Path, prefix: str) -> Iterator[str]:
    """Paths relative to the folder; Git tells them relative to the work tree."""
    listed = ("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
    unfiltered = _without_filters(folder)
    asked = _git(folder, *unfiltered, *listed, "--ignore-submodules=all", "--", ".") or ""
    for entry in asked.split("\0"):
        if path := entry[3:].removeprefix(prefix):
            yield path


def _unpushed(folder: Path, prefix: str) -> Iterator[str]:
    """Paths of commits that are on no branch of a remote, as of the last fetch or push."""
    asked = ("log", "--name-only", "--format=", "-z", "HEAD", "--not", "--remotes", "--", ".")
    listed = _git(folder, *asked) or ""
    for path in dict.fromkeys(filter(None, listed.split("\0"))):
        yield path.strip("\n").removeprefix(prefix)


def _without_filters(folder: Path) -> Iterator[str]:
    """Settings that empty each filter which the repository itself names: `status` runs them.

    Those of the user's own configuration, such as Git LFS, stay.
    """
    asked = _git(folder, "config", "--show-scope", "--name-only", "-z", "--get-regexp", _FILTERS)
    listed = (asked or "").split("\0")
    for scope, name in zip(listed[::2], listed[1::2], strict=False):
        if scope in {"local", "worktree"}:
            yield "-c"
            yield f"{name}={'false' if name.endswith('.required') else ''}"


def _remotes(folder: Path) -> Iterator[tuple[str, str]]:
    for name in (_git(folder, "remote") or "").splitlines():
        yield name, _git(folder, "remote", "get-url", name) or ""


def _git(folder: Path, *arguments: str) -> str | None:
    """Git's answer, or None where it has none to give."""
    program = shutil.which("git")
    if program is None or not folder.is_dir():
        return None
    try:
        asked = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [program, *_RUN_NOTHING, "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
            env=for_children() | _QUIET,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip("\n") if asked.returncode == 0 else None
