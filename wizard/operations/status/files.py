"""The files of a delivery: as rendered, committed, pushed, and in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wizard.core.errors import NotAllowedError, WizardError
from wizard.core.findings import Finding
from wizard.core.threads import map_concurrently
from wizard.operations.delivery.arrival import arrival_of
from wizard.operations.files.committing import pending
from wizard.operations.files.write_files import FilesToWrite, compare_files
from wizard.operations.status.nouns import FilesStatus, Remark, State
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.gitops.folder import FileAction
from wizard.systems.gitops.git import Checkout, checkout
from wizard.systems.kubernetes import Cluster

_FEW = 8


def files_status(profile: Profile, folder: Path, cluster: Cluster | None) -> FilesStatus:
    """Look at the folder, at Git, and at what has been synced. Blocking.

    Raises: WizardError, where the folder cannot be read or holds files of others.
    """
    delivery = compare_files(profile, folder)
    git = checkout(folder)
    return FilesStatus(
        str(folder),
        len(delivery.paths),
        missing=_paths(delivery, FileAction.CREATED),
        edited=_paths(delivery, FileAction.CHANGED),
        unwanted=_paths(delivery, FileAction.REMOVED),
        uncommitted=pending(git, delivery.root, delivery.paths),
        unpushed=_unpushed(git, delivery),
        is_in_git=git is not None,
        revision=git.revision if git else "",
        unsynced=tuple(_unsynced(profile, cluster, git)) if cluster else (),
    )


def _paths(delivery: FilesToWrite, action: FileAction) -> tuple[str, ...]:
    return tuple(change.path for change in delivery.changes if change.action is action)


def _unpushed(git: Checkout | None, delivery: FilesToWrite) -> tuple[str, ...]:
    ours = set(delivery.paths)
    return tuple(path for path in git.unpushed if path in ours) if git else ()


def _unsynced(profile: Profile, cluster: Cluster, git: Checkout | None) -> Iterator[str]:
    def behind(runner: Runner) -> str:
        try:
            arrival = arrival_of(profile, runner, cluster, git)
            return arrival.not_started() or arrival.behind()
        except NotAllowedError as refused:
            return f"not for us to see: {refused.problem}"

    answers = map_concurrently(behind, profile.runners, max_workers=16)
    for runner, why in zip(profile.runners, answers, strict=True):
        if why:
            yield f"{runner.name}: {why}"


def files_remarks(files: FilesStatus) -> Iterator[Remark]:
    """What has not been done yet on the way from the profile to the cluster, first things first."""
    steps = (
        (files.missing, "not written yet", "Run apply"),
        (files.edited, "not as the profile renders them", "Run apply, or undo the edits"),
        (files.unwanted, "no longer wanted", "Run apply"),
        (files.uncommitted, "not committed", "Commit and push them"),
        (files.unpushed, "committed, but not pushed", "Push them"),
    )
    for paths, how, fix in steps:
        if paths:
            problem = f"{len(paths)} file{'s are' if len(paths) > 1 else ' is'} {how}."
            yield Remark(State.DIFFERS, Finding(problem, named(paths), fix=fix))
    for sentence in files.unsynced:
        yield Remark(State.DIFFERS, Finding("The cluster is behind the files.", sentence))


def named(paths: tuple[str, ...]) -> str:
    """The first few paths, and how many more there are."""
    more = len(paths) - _FEW
    return ", ".join(paths[:_FEW]) + (f" and {more} more" if more > 0 else "")


def unreadable(error: WizardError) -> Remark:
    """The folder of the files could not be compared."""
    return Remark(State.DIFFERS, error.finding)
