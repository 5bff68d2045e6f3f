"""The Git commands that bring the files where the cluster reads them.

They are printed to be pasted, so every path and name in them is quoted, and they name the files
that were written: what else is in the folder is not ours to commit.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from wizard.core.errors import RefusedError
from wizard.profile.delivery import Repository
from wizard.profile.model import Profile
from wizard.profile.operators import Operator
from wizard.systems.gitops.addresses import place, same_place, without_credentials
from wizard.systems.gitops.git import Checkout

_FEW = 8
"""So many files are named one by one; of more, those of all releases together."""
_RELEASE = "gitlab-runner-"


def check_repository(profile: Profile, git: Checkout | None) -> None:
    """Hold the folder of the files against `delivery.repository`, which the cluster reads.

    Raises: RefusedError, where what is committed there would never be read.
    """
    repository = profile.delivery.repository
    reader = profile.delivery.spec.operator
    if git is None or repository is None or reader is None:
        return
    _check_remote(repository, git, reader)
    if git.prefix:
        _check_prefix(repository, git, reader)


def _check_remote(repository: Repository, git: Checkout, reader: Operator) -> None:
    if not git.remotes or any(same_place(url, repository.url) for _, url in git.remotes):
        return
    shown = ", ".join(without_credentials(url) for _, url in git.remotes)
    raise RefusedError(
        f"{git.folder} is in a clone of another repository than delivery.repository.",
        f"the clone's remote is {shown}, and {reader.title} reads {repository.url}",
        f"Have delivery.directory name the top of a clone of {repository.url}",
    )


def _check_prefix(repository: Repository, git: Checkout, reader: Operator) -> None:
    places = ((repository.apps_path, "apps_path"), (repository.manifests_path, "manifests_path"))
    inside = {key: os.path.normpath(f"{git.prefix}/{path}") for path, key in places}
    raise RefusedError(
        f"The files would be committed below {git.prefix}/, where {reader.title} does not look.",
        f"its {reader.kind}s read {repository.manifests_path}/ from the top of the repository, "
        f"which is {git.top}",
        f"Write delivery.directory: {git.top}, and in delivery.repository "
        + ", ".join(f"{key}: {path}" for key, path in inside.items()),
    )


def commit_commands(
    profile: Profile, root: Path, paths: Iterable[str], message: str, git: Checkout | None
) -> tuple[str, ...]:
    """What the user types to commit and push files of a folder; runs as it is pasted.

    Args:
        root: the folder.
        paths: of the files that were written or removed, relative to it.
        git: what Git says of the folder; None where it is in no work tree.
    """
    add = shlex.join(["git", "add", "--all", "--", *_named(paths)])
    commit = shlex.join(["git", "commit", "-m", message])
    repository = profile.delivery.repository
    if git is not None:
        return (_cd(root), add, commit, *_push(git, repository))
    if repository is None:
        return ()
    name = Path(place(repository.url)[1]).name or "repository"
    clone = root.absolute().parent / f"{name}-clone"
    return (
        shlex.join(["git", "clone", "--branch", repository.branch, repository.url, str(clone)]),
        shlex.join(["cp", "-R", f"{root.absolute()}/.", str(clone)]),
        _cd(clone),
        add,
        commit,
        "git push",
    )


def pending(git: Checkout | None, root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """Of our files, and of files that are gone, those that wait for a commit."""
    ours = set(paths)
    changed = git.uncommitted if git else ()
    return tuple(path for path in changed if path in ours or not (root / path).exists())


def _cd(folder: Path) -> str:
    return shlex.join(["cd", str(folder)])


def _push(git: Checkout, repository: Repository | None) -> tuple[str, ...]:
    if git.upstream:
        return ("git push",)
    branch = repository.branch if repository else git.branch or "main"
    source = git.branch or "HEAD"
    remote = next(iter(git.remotes), ("origin", ""))[0]
    push = shlex.join(["git", "push", "--set-upstream", remote, f"{source}:refs/heads/{branch}"])
    if git.branch and (repository is None or git.branch == branch):
        push = shlex.join(["git", "push", "--set-upstream", remote, git.branch])
    if not git.remotes and repository:
        return (shlex.join(["git", "remote", "add", remote, repository.url]), push)
    return (push,)


def outside_git(profile: Profile) -> str:
    """What to do where the folder of the files belongs to no Git repository."""
    repository = profile.delivery.repository
    clone = f"a clone of {repository.url}" if repository else "a clone of your repository"
    return (
        f"That folder is in no Git repository: first copy the files into {clone}, "
        "or have delivery.directory name a folder there and apply again."
    )


def other_branch(profile: Profile, git: Checkout | None) -> str:
    """A sentence where another branch is checked out than the cluster reads; else empty."""
    repository = profile.delivery.repository
    if git is None or repository is None or git.branch in {"", repository.branch}:
        return ""
    return f" {git.branch} is checked out, and {repository.branch} is synced: merge it there."


def _named(paths: Iterable[str]) -> list[str]:
    """The paths, or patterns of Git that match them and nothing that has another name."""
    every = sorted(set(paths))
    if len(every) <= _FEW:
        return every
    return list(dict.fromkeys(map(_pattern, every)))


def _pattern(path: str) -> str:
    parts = path.split("/")
    for depth, part in enumerate(parts):
        if part.startswith(_RELEASE):
            return "/".join([*parts[:depth], f"{_RELEASE}*"])
    if parts[0] == "pipelines":
        return "pipelines/*.gitlab-ci.yml"
    return path
