"""The Git commands that are printed: they run as they are pasted, and bring the files home."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.render.profiles import profile_of
from wizard.core.command_line import command, program
from wizard.core.errors import RefusedError
from wizard.operations.files.committing import (
    check_repository,
    commit_commands,
    other_branch,
    pending,
)
from wizard.operations.files.write_files import compare_files
from wizard.profile.model import Profile
from wizard.systems.gitops.addresses import same_place
from wizard.systems.gitops.git import checkout

URL = "https://gitlab.com/acme/homelab.git"


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _clone(folder: Path, remote: str = URL) -> Path:
    folder.mkdir(parents=True)
    _git(folder, "init", "-q", "-b", "main")
    if remote:
        _git(folder, "remote", "add", "origin", remote)
    return folder


def _profile(**repository: Any) -> Profile:
    return profile_of(delivery={"repository": {"url": URL, **repository}})


def _paste(commands: tuple[str, ...], folder: Path) -> None:
    identity = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a"
    script = "\n".join(["set -e", identity, "export GIT_COMMITTER_EMAIL=a@b", *commands])
    subprocess.run(["sh", "-c", script], cwd=folder, check=True, capture_output=True)


def test_the_clone_of_another_repository_is_refused(tmp_path: Path) -> None:
    clone = _clone(tmp_path / "tool", "https://gitlab.com/tools/runner-wizard.git")
    with pytest.raises(RefusedError, match="in a clone of another repository") as refused:
        check_repository(_profile(), checkout(clone))
    assert "runner-wizard.git, and Argo CD reads https://gitlab.com/acme" in refused.value.cause


def test_a_folder_below_the_top_is_refused_with_the_paths_to_write(tmp_path: Path) -> None:
    clone = _clone(tmp_path / "home lab")
    for folder in (clone / "gitops", clone / "gitops" / "not" / "yet"):
        with pytest.raises(RefusedError, match=r"committed below gitops(/not/yet)?/") as refused:
            check_repository(_profile(), checkout(folder))
        assert f"delivery.directory: {clone}" in refused.value.fix
        assert "manifests_path: gitops/" in refused.value.fix


@pytest.mark.parametrize(
    "remote",
    [
        URL,
        "https://me:x@gitlab.com/acme/homelab",
        "git@gitlab.com:acme/homelab.git",
        "ssh://git@gitlab.com:22/acme/homelab.git/",
        "",
    ],
)
def test_the_right_clone_is_fine_however_its_address_is_written(
    remote: str, tmp_path: Path
) -> None:
    check_repository(_profile(), checkout(_clone(tmp_path / "clone", remote)))


def test_addresses_of_two_repositories_differ() -> None:
    assert not same_place(URL, "https://gitlab.com/acme/other.git")
    assert not same_place(URL, "https://gitlab.example.com/acme/homelab.git")


def test_another_branch_is_said(tmp_path: Path) -> None:
    clone = _clone(tmp_path / "clone")
    _git(clone, "checkout", "-q", "-b", "try")
    assert "try is checked out, and main is synced" in other_branch(_profile(), checkout(clone))


@pytest.mark.parametrize("name", ["plain", "with space", "it's; touch PWNED #", "$(touch PWNED)"])
def test_the_commands_run_as_they_are_pasted_and_commit_our_files_only(
    name: str, tmp_path: Path
) -> None:
    bare = tmp_path / "remote.git"
    bare.mkdir()
    _git(bare, "init", "-q", "--bare", "-b", "main")
    clone = _clone(tmp_path / name, str(bare))
    (clone / "mine.txt").write_text("not for this commit\n")
    delivery = compare_files(_profile(), clone)
    delivery.write()
    git = checkout(clone)
    paths = pending(git, clone, delivery.paths)
    assert set(paths) == {change.path for change in delivery.changes}
    _paste(commit_commands(_profile(), clone, paths, "Update the GitLab runners", git), tmp_path)
    pushed = _git(bare, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert set(pushed) == set(paths)
    assert not list(tmp_path.rglob("PWNED"))
    assert pending(checkout(clone), clone, delivery.paths) == ()


def test_a_removed_file_is_committed_too(tmp_path: Path) -> None:
    clone = _clone(tmp_path / "clone")
    compare_files(_profile(), clone).write()
    _git(clone, "add", "--all")
    _git(clone, "commit", "-q", "-m", "one")
    gone = compare_files(_profile(), clone, wanted=False)
    gone.write()
    paths = pending(checkout(clone), clone, gone.paths)
    assert paths
    *commands, _push = commit_commands(_profile(), clone, paths, "Remove", checkout(clone))
    _paste(tuple(commands), tmp_path)
    assert _git(clone, "status", "--porcelain") == ""


def test_outside_git_the_files_are_copied_into_a_clone(tmp_path: Path) -> None:
    remote = tmp_path / "acme" / "homelab.git"
    remote.mkdir(parents=True)
    _git(remote, "init", "-q", "--bare", "-b", "main")
    seed = _clone(tmp_path / "seed", str(remote))
    _git(seed, "commit", "-q", "--allow-empty", "-m", "first")
    _git(seed, "push", "-q", "origin", "main")
    root = tmp_path / "the files"
    profile = profile_of(delivery={"repository": {"url": "ssh://git@host/acme/homelab.git"}})
    delivery = compare_files(profile, root)
    delivery.write()
    commands = commit_commands(profile, root, delivery.paths, "Update", None)
    there = [one.replace("ssh://git@host/acme/homelab.git", str(remote)) for one in commands]
    _paste(tuple(there), tmp_path)
    pushed = _git(remote, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert set(pushed) == {change.path for change in delivery.changes}


def test_the_repositorys_own_programs_are_not_run(tmp_path: Path) -> None:
    clone = _clone(tmp_path / "clone")
    (clone / "file").write_text("x")
    _git(clone, "add", "file")
    _git(clone, "commit", "-q", "-m", "one")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/PWNED\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "gpg.program", "core.pager"):
        _git(clone, "config", key, str(trap))
    _git(clone, "config", "log.showSignature", "true")
    for key in ("filter.ours.clean", "filter.ours.process"):
        _git(clone, "config", key, str(trap))
    _git(clone, "config", "filter.ours.required", "true")
    (clone / ".git" / "info" / "attributes").write_text("* filter=ours\n")
    hook = clone / ".git" / "hooks" / "post-index-change"
    hook.write_text(trap.read_text())
    hook.chmod(0o755)
    (clone / "file").write_text("y")
    found = checkout(clone)
    assert found
    assert found.uncommitted == ("file",)
    assert not (tmp_path / "PWNED").exists()


def test_git_is_given_none_of_our_own_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever Git starts by its own settings would have them too."""
    clone, seen = _clone(tmp_path / "clone"), tmp_path / "seen"
    real = shutil.which("git")
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\nenv >> {seen}\nexec {real} "$@"\n')
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    secret = "unguessable-" + os.urandom(8).hex()
    for name in (
        "GITLAB_TOKEN",
        "VAULT_TOKEN",
        "INFISICAL_CLIENT_SECRET",
        "GCP_READER_CREDENTIALS",
    ):
        monkeypatch.setenv(name, secret)
    assert checkout(clone)
    assert "GIT_TERMINAL_PROMPT=0" in seen.read_text()
    assert secret not in seen.read_text()


def test_a_command_is_quoted_and_names_what_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / ".venv" / "bin" / "runner-wizard"
    started.parent.mkdir(parents=True)
    started.write_text("#!/bin/sh\n")
    started.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(started)])
    assert command("apply", Path("my file.yaml")) == f"{started} apply 'my file.yaml'"
    monkeypatch.setenv("PATH", str(started.parent), prepend=":")
    assert program() == "runner-wizard"
    monkeypatch.setattr(sys, "argv", ["/somewhere/wizard/__main__.py"])
    assert program() == shlex.join([sys.executable, "-m", "wizard"])
