"""Saving a profile: whole or not at all, for its owner's eyes, and valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.profile.profiles import SMALLEST
from wizard.core.errors import RefusedError, UsageError, WizardError
from wizard.core.problems import InvalidDocumentError
from wizard.profile.load import load, load_text
from wizard.profile.save import write, write_new


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.yaml"
    path.write_text("# mine\n" + SMALLEST, encoding="utf-8")
    return path


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_new(tmp_path / "p.yaml", SMALLEST)
    assert _mode(tmp_path / "p.yaml") == 0o600


def test_a_file_that_is_there_is_not_overwritten_by_a_new_one(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(RefusedError):
        write_new(file, SMALLEST)
    assert file.read_bytes() == before


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o600, 0o600), (0o400, 0o400)])
def test_a_mode_is_only_ever_made_stricter(file: Path, before: int, after: int) -> None:
    file.chmod(before)
    write(file, SMALLEST)
    assert _mode(file) == after


def test_of_a_symbolic_link_the_target_is_written(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file.name)
    write(link, "name: other\n")
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "name: other\n"


def test_windows_line_ends_are_written_as_they_are(file: Path) -> None:
    write(file, "a: 1\r\nb: 2\r\n")
    assert file.read_bytes() == b"a: 1\r\nb: 2\r\n"


def test_a_folder_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(WizardError, match="cannot be written") as caught:
        write(tmp_path / "none" / "p.yaml", SMALLEST)
    assert "nothing was changed" in caught.value.fix


def test_a_failed_write_leaves_the_file_and_no_litter(tmp_path: Path) -> None:
    folder = tmp_path / "p.yaml"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(WizardError, match="cannot be written"):
        write(folder, SMALLEST)  # a directory cannot be replaced by a file
    assert list(tmp_path.iterdir()) == [folder]


def test_saving_a_value_keeps_the_comments_and_returns_the_profile_as_it_is_now(
    file: Path,
) -> None:
    saved = load(file).save({("id",): "0a1b2c3d", ("cluster", "uid"): "u-1"})
    assert saved.profile.id == "0a1b2c3d"
    assert load(file).profile.cluster.uid == "u-1"
    assert file.read_text(encoding="utf-8").startswith("# mine\nversion: 1\nid: 0a1b2c3d\n")


def test_what_somebody_changed_meanwhile_is_not_lost(file: Path) -> None:
    loaded = load(file)
    file.write_text(SMALLEST.replace("name: one", "name: renamed"), encoding="utf-8")
    assert loaded.save({("id",): "0a1b2c3d"}).profile.runners[0].name == "renamed"


def test_a_value_that_would_make_the_profile_invalid_is_not_saved(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(InvalidDocumentError):
        load(file).save({("id",): "not hex"})
    assert file.read_bytes() == before


def test_standard_input_cannot_be_saved_to() -> None:
    with pytest.raises(UsageError, match="standard input"):
        load_text(SMALLEST, Path("-")).save({("id",): "0a1b2c3d"})


def test_a_rule_of_another_room_tells_its_problems_with_their_places(file: Path) -> None:
    loaded = load(file)
    loaded.check(lambda profile, problems: problems.at("runners", 0, "scope").warn(profile.name))
    assert [(one.message, one.line) for one in loaded.warnings] == [("small", 6)]
    with pytest.raises(InvalidDocumentError) as caught:
        loaded.check(lambda _, problems: problems.at("name").add("no"))
    assert caught.value.problems.found[0].line == 3
