"""The files of a profile: what writing them would change, and writing just that."""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from wizard.core.changes import Action, Change, FieldChange, System
from wizard.profile.model import Profile
from wizard.render import files
from wizard.render.ownership import is_ours
from wizard.render.packagings import packaging_of
from wizard.systems.gitops.folder import FileAction, FileChange, Folder

if TYPE_CHECKING:
    from wizard.core.events import FilesWritten

_MANIFESTS = {".yaml", ".yml", ".json"}
_ACTIONS = {
    FileAction.CREATED: Action.CREATE,
    FileAction.CHANGED: Action.UPDATE,
    FileAction.UNCHANGED: Action.KEEP,
    FileAction.REMOVED: Action.DELETE,
}


@dataclass(frozen=True, slots=True)
class FilesToWrite:
    """One profile's files beside those of a folder, and the difference between them."""

    folder: Folder
    changes: tuple[FileChange, ...]
    sealed: tuple[str, ...] = ()
    """Files that the secret backend writes."""
    placeholders: tuple[str, ...] = ()
    """Files that keep a folder whose last manifests go."""

    @property
    def root(self) -> Path:
        return self.folder.root

    @property
    def pending(self) -> tuple[FileChange, ...]:
        return tuple(change for change in self.changes if change.action is not FileAction.UNCHANGED)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the profile, those that are removed or encrypted among them."""
        return (*(change.path for change in self.changes), *self.sealed)

    def _count(self, action: FileAction) -> int:
        return sum(change.action is action for change in self.changes)

    def write(self) -> FilesWritten:
        """Write the difference. Raises: WizardError, when a file cannot be written."""
        self.folder.write(self.changes)
        from wizard.core.events import FilesWritten  # a hundred events, and no render needs one

        return FilesWritten(
            str(self.root),
            self._count(FileAction.CREATED),
            self._count(FileAction.CHANGED),
            self._count(FileAction.REMOVED),
        )


def compare_files(
    profile: Profile, root: Path, *, wanted: bool = True, only: Collection[str] = ()
) -> FilesToWrite:
    """Compare the profile's files with a folder; writes nothing.

    Args:
        root: the folder; it need not exist yet.
        wanted: False when all of them are to go.
        only: the runners whose files are compared, with what all share; all where it is empty.

    Raises: RefusedError, naming every file in the way that is not ours; WizardError, when the
    folder
        cannot be read.
    """
    folder = Folder(root, lambda beginning: is_ours(profile, beginning))
    if not wanted:
        return _without_any(profile, folder)
    changes = _compared(profile, folder)
    if only:
        return FilesToWrite(
            folder, _narrowed(profile, folder, changes, only), _sealed(profile, only)
        )
    return FilesToWrite(folder, changes, _sealed(profile))


def _compared(profile: Profile, folder: Folder) -> tuple[FileChange, ...]:
    # Encrypted tokens are the backend's to write: their text differs each time.
    return tuple(folder.compare(files(profile), keep=_sealed(profile)))


def _sealed(profile: Profile, only: Collection[str] = ()) -> tuple[str, ...]:
    runners = (one for one in profile.runners if not only or one.name in only)
    return tuple(filter(None, map(profile.token_file, runners)))


def _narrowed(
    profile: Profile, folder: Folder, changes: tuple[FileChange, ...], only: Collection[str]
) -> tuple[FileChange, ...]:
    """Of a difference, what belongs to some runners; shared files name no runner without files."""
    owners = [(change, runner_of(profile, change.path)) for change in changes]
    there = {name for change, name in owners if change.action is not FileAction.CREATED}
    runners = [one for one in profile.runners if one.name in there or one.name in only]
    shared = [
        change
        for change in _compared(profile.model_copy(update={"runners": runners}), folder)
        if not runner_of(profile, change.path) and change.action is not FileAction.REMOVED
    ]
    return (*shared, *(change for change, name in owners if name in only))


def runner_of(profile: Profile, path: str) -> str:
    """The name of the runner that a file is of; empty where it is of several, or of none any more.

    Args:
        path: relative to the delivery's folder.
    """
    place = PurePosixPath(path)
    words = {*place.parts, place.stem}
    for runner in profile.runners:
        if runner.release in words or place.name == f"{runner.name}.gitlab-ci.yml":
            return runner.name
    return ""


def _without_any(profile: Profile, folder: Folder) -> FilesToWrite:
    """All files go; a placeholder stays where a folder would be left without any manifest."""
    changes = folder.compare([])
    removed = {change.path for change in changes}
    needed = [
        file
        for file in packaging_of(profile).placeholders(profile)
        if _would_be_emptied(folder.root, posixpath.dirname(file.path), removed)
    ]
    if needed:
        changes = folder.compare(needed)
    return FilesToWrite(folder, tuple(changes), placeholders=tuple(file.path for file in needed))


def _would_be_emptied(root: Path, folder: str, removed: Collection[str]) -> bool:
    """Whether the last manifests of a folder are among the removed files."""
    if not any(posixpath.dirname(path) == folder for path in removed):
        return False
    left = {
        posixpath.join(folder, path.name)
        for path in (root / folder).iterdir()
        if path.suffix in _MANIFESTS
    }
    return left <= set(removed)


def file_changes(files: FilesToWrite, profile: Profile) -> list[Change]:
    """The same as changes of a plan; a file's text is one field."""
    return [
        Change(
            System.FILES,
            _ACTIONS[change.action],
            change.path,
            ()
            if change.action is FileAction.UNCHANGED
            else (FieldChange("text", change.before or None, change.after or None),),
            change.about,
            runner_of(profile, change.path),
        )
        for change in files.changes
    ]
