"""What must be agreed to before a draft takes the place of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.core.shipped import profiles
from wizard.profile.draft import Draft, Origin
from wizard.profile.overwriting import doubts

TEXT = (profiles() / "direct.yaml").read_text()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT)
    return path


def draft(file: Path) -> Draft:
    return Draft(file.read_text(), file, Origin.PROFILE)


def questions(one: Draft, path: Path) -> list[str]:
    return [doubt.question for doubt in doubts(one, path)]


def test_a_changed_answer_needs_no_question(file: Path):
    one = draft(file)
    one.set(("cluster", "namespace"), "ci")
    assert questions(one, file) == []


def test_a_new_file_needs_no_question(tmp_path: Path, file: Path):
    assert questions(draft(file), tmp_path / "new.yaml") == []


def test_what_others_wrote_meanwhile_is_shown(file: Path):
    one = draft(file)
    one.set(("cluster", "namespace"), "ci")
    file.write_text(TEXT + "# mine\n")
    (doubt,) = doubts(one, file)
    assert doubt.question == "mine.yaml has changed since it was read. Write over it?"
    assert "+# mine" in doubt.detail
    assert "namespace: ci" not in doubt.detail, "that is not lost"


def test_what_is_not_valid_yet_does_not_replace_what_is(file: Path):
    one = draft(file)
    one.set(("runners", 0, "jobs", "concurrent"), 0)
    assert questions(one, file) == [
        "mine.yaml is valid now, and would have 1 problem. Write over it?"
    ]


def test_what_is_not_valid_may_replace_what_never_was(file: Path):
    file.write_text(TEXT.replace("concurrent: 2", "concurrent: -1"))
    one = draft(file)
    one.set(("runners", 0, "jobs", "concurrent"), 0)
    assert questions(one, file) == []


def test_a_file_that_is_not_text_is_not_replaced_by_a_profile(tmp_path: Path, file: Path):
    other = tmp_path / "picture.png"
    other.write_bytes(b"\x89PNG\x00")
    assert questions(draft(file), other) == [
        "picture.png is there, but is not text that can be read. Write over it?"
    ]
