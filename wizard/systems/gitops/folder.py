"""A folder of rendered files: what is there, what is ours, and writing only the difference."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wizard.core.errors import Refused, WizardError
from wizard.core.manifest import RenderedFile

_HEADER_BYTES = 400


class FileAction(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What happens to one file; `before` is empty for a new one, `after` for a removed one."""

    path: str
    action: FileAction
    about: str
    before: str
    after: str

    def diff(self) -> str:
        """The change as a unified diff; empty where there is none."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.path}" if self.before else "/dev/null",
            f"b/{self.path}" if self.after else "/dev/null",
        )
        return "".join(lines)


class Folder:
    """The delivery's directory.

    Args:
        root: the folder; it need not exist yet.
        is_mine: whether a file with this beginning was written from this profile.
    """

    def __init__(self, root: Path, is_mine: Callable[[str], bool]) -> None:
        self.root = root
        self._is_mine = is_mine

    def compare(
        self, files: Sequence[RenderedFile], keep: Collection[str] = ()
    ) -> list[FileChange]:
        """What writing `files` would do, in the order of their paths; writes nothing.

        Args:
            keep: paths of files of ours that are somebody else's to write, and stay as they are.

        Raises: Refused, naming every file in the way that is not ours; WizardError, when the
            folder cannot be read.
        """
        try:
            self._refuse_foreign(files)
            wanted = {file.path for file in files} | set(keep)
            changes = [self._change(file) for file in files]
            changes += [
                FileChange(path, FileAction.REMOVED, "no longer wanted", self._read(path), "")
                for path in self._mine()
                if path not in wanted
            ]
        except OSError as error:
            raise self._unusable(error) from None
        return sorted(changes, key=lambda change: change.path)

    def write(self, changes: Sequence[FileChange]) -> None:
        """Carry out what `compare` found; every file is replaced as a whole or not at all.

        Raises: WizardError, when a file cannot be written; running again completes the rest.
        """
        try:
            for change in changes:
                if change.action is FileAction.REMOVED:
                    self._remove(self.root / change.path)
                elif change.action is not FileAction.UNCHANGED:
                    replace_file(self.root / change.path, change.after)
        except OSError as error:
            raise self._unusable(error) from None

    def check_writable(self) -> None:
        """Find out before anything else is done that files can be written here.

        Raises: WizardError.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise self._unusable(error) from None

    def _change(self, file: RenderedFile) -> FileChange:
        if not (self.root / file.path).exists():
            return FileChange(file.path, FileAction.CREATED, file.about, "", file.content)
        before = self._read(file.path)
        action = FileAction.UNCHANGED if before == file.content else FileAction.CHANGED
        return FileChange(file.path, action, file.about, before, file.content)

    def _refuse_foreign(self, files: Sequence[RenderedFile]) -> None:
        inside = self.root.resolve()
        foreign = []
        for file in files:
            path = self.root / file.path
            if not path.resolve().is_relative_to(inside):
                foreign.append(f"{file.path} (a link that leads out of {self.root})")
            elif path.is_dir():
                foreign.append(f"{file.path} (a folder)")
            elif path.exists() and not self._is_mine(self._beginning(path)):
                foreign.append(file.path)
        if foreign:
            raise Refused(
                f"{self.root} holds files that were not written from this profile; "
                "nothing was changed.",
                "\n".join(foreign),
                "move them away, or give the profile another delivery.directory",
            )

    def _mine(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if not path.is_symlink() and self._is_mine(self._beginning(path)):
                    yield path.relative_to(self.root).as_posix()

    def _read(self, path: str) -> str:
        with (self.root / path).open(encoding="utf-8", errors="replace", newline="") as file:
            return file.read()

    @staticmethod
    def _beginning(path: Path) -> str:
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES).decode("utf-8", errors="replace")

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        for folder in path.parents:  # leave no empty folders of ours behind
            if folder == self.root or any(folder.iterdir()):
                return
            folder.rmdir()

    def _unusable(self, error: OSError) -> WizardError:
        return WizardError(
            f"The files in {self.root} cannot be read or written.",
            f"{error.filename or self.root}: {error.strerror}",
            "check the folder's rights and the disk, or name another folder",
        )


def replace_file(path: Path, content: str) -> None:
    """Write a file as a whole or not at all, its folder with it. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
