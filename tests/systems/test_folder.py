"""A folder of rendered files: nothing of it is followed, waited for or lost."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.render.profiles import packaged, profile_of
from wizard.core.errors import RefusedError, WizardError
from wizard.operations.files.write_files import FilesToWrite, compare_files
from wizard.profile.model import Profile
from wizard.render import files
from wizard.systems.gitops.folder import FileAction

GITOPS = profile_of()


def _at(apps: str, manifests: str) -> Profile:
    repository = {"url": "https://gitlab.com/a/b.git", "apps_path": apps}
    return profile_of(delivery={"repository": {**repository, "manifests_path": manifests}})


def _render(profile: Profile, root: Path) -> FilesToWrite:
    delivery = compare_files(profile, root)
    delivery.write()
    return delivery


def _there(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("apps", [".", "./apps", "apps/", "a//b", "a/./b", ".apps"])
@pytest.mark.parametrize("manifests", [".", "./manifests//", "a//b", "apps", ".hidden/m"])
def test_rendering_again_removes_nothing_however_a_folder_is_written(
    apps: str, manifests: str, tmp_path: Path
) -> None:
    profile = _at(apps, manifests)
    _render(profile, tmp_path)
    first = _there(tmp_path)
    assert set(first) == {file.path for file in files(profile)}
    for _ in range(2):
        again = _render(profile, tmp_path)
        assert {change.action for change in again.changes} == {FileAction.UNCHANGED}
        assert _there(tmp_path) == first


def test_paths_in_files_are_as_short_as_can_be() -> None:
    profile = _at("./apps//", ".")
    assert all(os.path.normpath(file.path) == file.path for file in files(profile))


def test_a_folder_copied_from_a_mac_is_the_folder_that_git_has() -> None:
    composed, taken_apart = "caf\u00e9/apps", "cafe\u0301/apps"
    assert composed != taken_apart
    assert files(_at(taken_apart, "manifests")) == files(_at(composed, "manifests"))


@pytest.mark.parametrize("path", [".git", ".git/hooks", "a/.GIT/b"])
def test_no_file_is_ever_written_into_gits_own_folder(path: str) -> None:
    with pytest.raises(ValueError, match="Git's own folder"):
        _at("apps", path)


def test_a_renamed_runners_application_goes_also_from_a_dot_folder(tmp_path: Path) -> None:
    _render(_at(".apps", ".m"), tmp_path)
    renamed = _at(".apps", ".m").model_copy(
        update={"runners": [GITOPS.runners[0].model_copy(update={"name": "other"})]}
    )
    _render(renamed, tmp_path)
    assert set(_there(tmp_path)) == {file.path for file in files(renamed)}


@pytest.mark.parametrize("inside", [True, False])
def test_a_linked_folder_is_refused_and_nothing_written(inside: bool, tmp_path: Path) -> None:
    root = tmp_path / "out"
    elsewhere = root / "real" if inside else tmp_path / "elsewhere"
    _render(GITOPS, root)
    (root / "manifests").rename(elsewhere)
    (root / "manifests").symlink_to(elsewhere)
    before = _there(root)
    with pytest.raises(
        RefusedError, match=r"manifests \(a link; links are not followed"
    ) as refused:
        _render(profile_of(runner={"jobs": {"image": "alpine:3.21"}}), root)
    assert "nothing was changed" in refused.value.problem
    assert _there(root) == before


def test_a_linked_file_is_refused(tmp_path: Path) -> None:
    _render(GITOPS, tmp_path)
    file = tmp_path / "argocd-apps/gitlab-runner-homelab.yaml"
    file.rename(tmp_path / "kept.yaml")
    file.symlink_to(tmp_path / "kept.yaml")
    with pytest.raises(RefusedError, match=r"homelab\.yaml \(a link"):
        _render(GITOPS, tmp_path)
    assert file.is_symlink()
    assert (tmp_path / "kept.yaml").exists()


def test_a_hard_linked_file_gets_a_file_of_its_own(tmp_path: Path) -> None:
    _render(GITOPS, tmp_path / "out")
    file = tmp_path / "out/argocd-apps/gitlab-runner-homelab.yaml"
    backup = tmp_path / "backup.yaml"
    backup.hardlink_to(file)
    before = backup.read_text()
    changed = profile_of(delivery={"argocd": {"project": "other"}})
    told = {one.path: one.about for one in _render(changed, tmp_path / "out").changes}
    assert backup.read_text() == before
    assert "project: other" in file.read_text()
    assert told["argocd-apps/gitlab-runner-homelab.yaml"].endswith(
        "; a hard link: its other names keep the old text"
    )
    assert "hard link" not in "".join(
        one.about for one in _render(changed, tmp_path / "out").changes
    )


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path may be no longer than 107 bytes
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _plain(path: Path) -> None:
    path.write_text("mine\n")


@pytest.mark.parametrize("make", [_pipe, _socket, _loop, _plain])
@pytest.mark.parametrize(
    "name", ["manifests", "argocd-apps/gitlab-runner-homelab.yaml", "pipelines"]
)
def test_what_is_in_the_way_is_known_before_the_first_write(
    make: object, name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    make(path)  # type: ignore[operator]
    with pytest.raises(RefusedError) as refused:
        _render(GITOPS, tmp_path)
    assert name in refused.value.cause
    assert [p for p in tmp_path.rglob("*") if p.is_file() and p != path] == []


@pytest.mark.parametrize("make", [_pipe, _socket, _loop])
def test_what_is_beside_the_files_is_let_be(make: object, tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    make(tmp_path / "manifests" / "odd.yaml")  # type: ignore[operator]
    _render(GITOPS, tmp_path)
    assert {change.action for change in _render(GITOPS, tmp_path).changes} == {FileAction.UNCHANGED}


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A folder of a user who is not root, which may write everywhere; while the test runs as it."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if os.geteuid() == 0:
            os.chown(root, nobody, nobody)
            os.seteuid(nobody)
        try:
            yield root
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
            for path in root.rglob("*"):
                if path.is_dir():
                    path.chmod(0o755)


def test_a_folder_that_may_not_be_written_to_is_known_before_the_first_write(nobodys: Path) -> None:
    _render(GITOPS, nobodys)
    (nobodys / "argocd-apps/gitlab-runner-homelab.yaml").unlink()
    (nobodys / "pipelines/homelab.gitlab-ci.yml").unlink()
    (nobodys / "pipelines").chmod(0o555)
    before = _there(nobodys)
    with pytest.raises(WizardError) as unusable:
        _render(GITOPS, nobodys)
    assert f"{nobodys}/pipelines: Permission denied" in unusable.value.cause
    assert "folder's rights" in unusable.value.fix
    assert _there(nobodys) == before


def test_what_needs_no_write_is_no_reason_to_refuse(nobodys: Path) -> None:
    _render(GITOPS, nobodys)
    for path in (nobodys, *nobodys.rglob("*")):
        path.chmod(0o555)
    assert {change.action for change in _render(GITOPS, nobodys).changes} == {FileAction.UNCHANGED}


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    delivery = compare_files(GITOPS, tmp_path / "out")
    delivery.folder.check_writable(delivery.changes)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_too_long_is_said_and_nothing_written(tmp_path: Path) -> None:
    root = tmp_path / ("a" * 300)
    with pytest.raises(WizardError) as unusable:
        _render(GITOPS, root)
    assert "File name too long" in unusable.value.cause
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_name_no_file_system_takes_is_refused_by_check() -> None:
    with pytest.raises(ValueError, match="longer than 255 bytes"):
        _at("ä" * 128, "manifests")


@pytest.mark.parametrize("odd", ["file", "pipe", "loop", "dangling"])
def test_a_root_that_is_no_folder_is_said_in_words(odd: str, tmp_path: Path) -> None:
    root = tmp_path / "out"
    {
        "file": _plain,
        "pipe": _pipe,
        "loop": _loop,
        "dangling": lambda path: path.symlink_to(tmp_path / "gone"),
    }[odd](root)
    with pytest.raises(WizardError) as unusable:
        _render(GITOPS, root)
    assert str(root) in unusable.value.cause
    assert list(tmp_path.iterdir()) == [root]


@pytest.mark.parametrize("name", ["Läufer", "ランナー", "бегун"])
def test_a_folder_in_any_script_is_written_once(name: str, tmp_path: Path) -> None:
    profile = _at(name, f"{name}/manifests")
    _render(profile, tmp_path)
    first = _there(tmp_path)
    assert {change.action for change in _render(profile, tmp_path).changes} == {
        FileAction.UNCHANGED
    }
    assert _there(tmp_path) == first


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    _render(GITOPS, tmp_path)
    header = (tmp_path / "argocd-apps/gitlab-runner-homelab.yaml").read_text()
    (tmp_path / "manifests/.runner-wizard-ab12cd34.tmp").write_text("")
    (tmp_path / "argocd-apps/.ab12cd34.tmp").write_text(header)
    (tmp_path / "argocd-apps/.theirs.tmp").write_text("mine\n")
    _render(GITOPS, tmp_path)
    assert [path.name for path in tmp_path.rglob("*.tmp")] == [".theirs.tmp"]


def test_helm_and_plain_manifests_may_be_at_the_top_too(tmp_path: Path) -> None:
    for packaging in ("helm", "manifests"):
        base = packaged("homelab", packaging)
        repository = _at(".", ".").delivery.repository
        delivery = base.delivery.model_copy(update={"repository": repository})
        profile = base.model_copy(update={"delivery": delivery})
        root = tmp_path / packaging
        _render(profile, root)
        assert (root / "kustomization.yaml").exists()
        assert {one.action for one in _render(profile, root).changes} == {FileAction.UNCHANGED}
