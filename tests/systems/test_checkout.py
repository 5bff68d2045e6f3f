"""The Git repository around a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.systems.gitops.checkout import origin_of


def repository(folder: Path, url: str) -> Path:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(
        f'[core]\n\tbare = false\n[remote "upstream"]\n\turl = elsewhere\n'
        f'[remote "origin"]\n\turl = {url}\n[branch "main"]\n\turl = no\n'
    )
    below = folder / "clusters" / "home"
    below.mkdir(parents=True)
    return below


@pytest.mark.parametrize(
    "url", ["https://gitlab.com/acme/gitops.git", "git@gitlab.com:acme/gitops.git"]
)
def test_origin_is_found_from_below(tmp_path: Path, url: str):
    assert origin_of(repository(tmp_path, url)) == url


def test_credentials_are_left_out(tmp_path: Path):
    below = repository(tmp_path, "https://me:pass@gitlab.com/acme/gitops.git")
    assert origin_of(below) == "https://gitlab.com/acme/gitops.git"


def test_a_folder_without_git_has_none(tmp_path: Path):
    assert origin_of(tmp_path) == ""
