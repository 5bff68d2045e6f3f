"""A folder of rendered files: what is there, what is ours, and writing only the difference."""

from __future__ import annotations

import difflib
import os
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wizard.core.errors import RefusedError, WizardError
from wizard.core.manifest import RenderedFile

_HEADER_BYTES = 400
_PREFIX = ".runner-wizard-"
_TEMPORARY = ".tmp"
_ENDINGS = (".yaml", ".yml", ".md", _TEMPORARY)
"""Of all that is rendered, and of what a killed run leaves: nothing else is opened."""
_KINDS = (
    (stat.S_ISLNK, "a link; links are not followed"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISREG, "a file"),
)


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

    Links in it are followed nowhere, and nothing is opened that is not a plain file: a pipe would
    be waited for without end.

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
            keep: paths of files of ours that are another's to write, and stay as they are.

        Raises: RefusedError, naming everything in the way that is not ours; WizardError, when the
            folder cannot be read.
        """
        try:
            self._refuse_foreign(files)
            wanted = {file.path for file in files} | set(keep)
            same = {key for path in wanted if (key := self._identity(path))}
            changes = [self._change(file) for file in files]
            changes += [
                self._removal(path)
                for path in self._mine()
                # Where names differ in case only, one file may be found under two of them.
                if path not in wanted and self._identity(path) not in same
            ]
        except OSError as error:
            raise self._unusable(error) from None
        return sorted(changes, key=lambda change: change.path)

    def write(self, changes: Sequence[FileChange]) -> None:
        """Carry out what `compare` found; every file is replaced as a whole or not at all.

        What a run that was killed has left half written is swept away first.

        Raises: WizardError, before anything is written, where a folder may not be written to;
            later, when a file cannot be: running again completes the rest.
        """
        self.check_writable(changes)
        try:
            for path in self._leftovers():
                path.unlink(missing_ok=True)
            for change in changes:
                if change.action is FileAction.REMOVED:
                    self._remove(self.root / change.path)
                elif change.action is not FileAction.UNCHANGED:
                    replace_file(self.root / change.path, change.after)
        except OSError as error:
            raise self._unusable(error) from None

    def check_writable(self, changes: Sequence[FileChange]) -> None:
        """Find out, before anything is done, that the folder of every change can be written to.

        Raises: WizardError.
        """
        touched = {
            _nearest_folder((self.root / change.path).parent)
            for change in changes
            if change.action is not FileAction.UNCHANGED
        }
        for folder in sorted(touched):
            try:
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError as error:
                error.filename = folder  # not the temporary file's
                raise self._unusable(error) from None

    def _change(self, file: RenderedFile) -> FileChange:
        if _mode(self.root / file.path) is None:
            return FileChange(file.path, FileAction.CREATED, file.about, "", file.content)
        before = self._read(file.path)
        if before == file.content:
            return FileChange(file.path, FileAction.UNCHANGED, file.about, before, file.content)
        about = f"{file.about}{self._other_names(file.path)}"
        return FileChange(file.path, FileAction.CHANGED, about, before, file.content)

    def _removal(self, path: str) -> FileChange:
        about = f"no longer wanted{self._other_names(path)}"
        return FileChange(path, FileAction.REMOVED, about, self._read(path), "")

    def _other_names(self, path: str) -> str:
        """What to say of a file that is known elsewhere too; only its name here is replaced."""
        names = (self.root / path).lstat().st_nlink
        return "; a hard link: its other names keep the old text" if names > 1 else ""

    def _refuse_foreign(self, files: Sequence[RenderedFile]) -> None:
        foreign = [found for file in files if (found := self._in_the_way(file.path))]
        if foreign:
            raise RefusedError(
                f"{self.root} holds files that were not written from this profile; "
                "nothing was changed.",
                "\n".join(dict.fromkeys(foreign)),
                "Move them away, or give the profile another delivery.directory",
            )

    def _in_the_way(self, path: str) -> str:
        """What keeps a file from being written at a path; empty where nothing does."""
        if odd := obstacle(self.root, path):
            return odd
        file = self.root / path
        return path if _mode(file) is not None and not self._is_mine(self._beginning(file)) else ""

    def _files(self) -> Iterator[Path]:
        """Every plain file below the root, in no link, and in no repository's own folder."""
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in sorted(names):
                path = Path(folder, name)
                mode = _mode(path) if name.endswith(_ENDINGS) else None
                if mode is not None and stat.S_ISREG(mode):
                    yield path

    def _mine(self) -> Iterator[str]:
        for path in self._files():
            if path.suffix != _TEMPORARY and self._is_mine(self._beginning(path)):
                yield path.relative_to(self.root).as_posix()

    def _leftovers(self) -> Iterator[Path]:
        for path in self._files():
            if path.suffix == _TEMPORARY and path.name.startswith("."):
                ours = path.name.startswith(_PREFIX)
                if ours or self._is_mine(self._beginning(path)):
                    yield path

    def _identity(self, path: str) -> tuple[int, int] | None:
        """By what a file is known whatever it is called; None where it may have several names."""
        try:
            found = (self.root / path).lstat()
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found.st_nlink == 1 else None

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
            "Check the folder's rights and the disk, or name another folder",
        )


def obstacle(root: Path, path: str) -> str:
    """What of the file system keeps a plain file from being at a path below a folder, in words.

    A link, a pipe or the like at the path or on the way to it; empty where there is none. Raises:
    OSError.
    """
    *above, _ = path.split("/")
    for depth in range(len(above)):
        folder = "/".join(above[: depth + 1])
        mode = _mode(root / folder)
        if mode is None:
            return ""
        if not stat.S_ISDIR(mode):
            return f"{folder} ({_kind(mode)}, where a folder is needed)"
    mode = _mode(root / path)
    return "" if mode is None or stat.S_ISREG(mode) else f"{path} ({_kind(mode)})"


def _nearest_folder(folder: Path) -> Path:
    """The folder itself, or where it is not there yet, the one in which it will be made."""
    return next((one for one in (folder, *folder.parents) if _mode(one) is not None), folder)


def _mode(path: Path) -> int | None:
    """The mode of what is there itself, a link not followed; None where nothing is."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _kind(mode: int) -> str:
    for test, words in _KINDS:
        if test(mode):
            return words
    return "not a plain file"


def replace_file(path: Path, content: str) -> None:
    """Write a file as a whole or not at all, its folder with it. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX, suffix=_TEMPORARY)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
