"""Older and newer formats: one is brought up to date with a backup, the other says what to get."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.profile.profiles import SMALLEST, read, said
from wizard.core.problems import InvalidDocumentError
from wizard.profile.document import parse
from wizard.profile.edit import delete, set_values
from wizard.profile.migrate import STEPS, upgrade_file, upgraded, version_of
from wizard.profile.model import CURRENT_VERSION


def _title_instead_of_name(text: str) -> str:
    """A step as a later format may need it: a key gets another name."""
    name = parse(text, "x").data["name"]
    return delete(set_values(text, {("title",): name}), ("name",))


def _twice(text: str) -> str:
    return set_values(text, {("twice",): True})


FAKE = {1: _title_instead_of_name, 2: _twice}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.yaml"
    path.write_text("# mine\n" + SMALLEST, encoding="utf-8")
    return path


def test_there_is_a_step_from_every_older_format() -> None:
    assert set(STEPS) == set(range(1, CURRENT_VERSION))


def test_a_newer_format_says_which_wizard_to_get() -> None:
    told = said(SMALLEST.replace("version: 1", "version: 7"))
    assert list(told) == ["version"]
    assert "written by a newer Runner Wizard: its format is 7" in told["version"]
    assert "pip install -U gitlab-runner-wizard" in told["version"]


@pytest.mark.parametrize("version", ["0", "-1", "one", "1.5", "true", "[1]", "'1'"])
def test_what_is_no_format_is_said_alone(version: str) -> None:
    told = said(SMALLEST.replace("version: 1", f"version: {version}"))
    assert list(told) == ["version"]
    assert "is not a format; write version: 1" in told["version"]


def test_a_profile_that_names_no_format_is_in_the_current_one() -> None:
    assert read(SMALLEST.removeprefix("version: 1\n")).profile.version == CURRENT_VERSION


def test_an_older_file_goes_through_every_step_and_keeps_its_comments_and_a_backup(
    file: Path,
) -> None:
    before = file.read_bytes()
    backup = upgrade_file(file, FAKE, 3)
    assert backup == file.with_name("p.yaml.v1.bak")
    assert backup.read_bytes() == before
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# mine\nversion: 3\n")
    assert parse(text, "x").data["title"] == "small"
    assert parse(text, "x").data["twice"] is True


def test_a_second_upgrade_does_nothing(file: Path) -> None:
    upgrade_file(file, FAKE, 3)
    before = file.read_bytes()
    assert upgrade_file(file, FAKE, 3) is None
    assert file.read_bytes() == before


def test_a_backup_is_never_overwritten(file: Path) -> None:
    backup = file.with_name("p.yaml.v1.bak")
    backup.write_text("the first\n", encoding="utf-8")
    upgrade_file(file, FAKE, 3)
    assert backup.read_text(encoding="utf-8") == "the first\n"


def test_a_current_file_is_left_alone(file: Path) -> None:
    before = file.read_bytes()
    assert upgrade_file(file) is None
    assert file.read_bytes() == before


def test_a_file_in_between_takes_only_the_steps_it_lacks() -> None:
    text = upgraded("version: 2\nname: x\n", 2, FAKE, 3)
    assert parse(text, "x").data == {"version": 3, "name": "x", "twice": True}


def test_a_document_newer_than_the_steps_is_refused() -> None:
    with pytest.raises(InvalidDocumentError):
        version_of(parse("version: 4\n", "x"), 3)
