"""The presets, and profiles made from them."""

from __future__ import annotations

import random
import secrets
from pathlib import Path

import pytest
import yaml

from tests.profile.profiles import problems, read
from wizard.core.errors import UsageError
from wizard.profile.load import load
from wizard.profile.presets import find_preset, from_preset, new_id, presets

NAMES = [preset.name for preset in presets()]


def test_the_presets_are_there_with_a_title_of_one_line() -> None:
    assert NAMES == ["airgapped", "direct", "eks", "homelab", "team"]
    for preset in presets():
        assert preset.title
        assert preset.about.startswith(preset.title)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_valid_without_a_warning_and_has_no_id(name: str) -> None:
    loaded = load(find_preset(name).path)
    assert loaded.warnings == []
    assert loaded.profile.id is None


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_reads_the_same_in_old_yaml(name: str) -> None:
    path = find_preset(name).path
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == load(path).document.data


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_teaches_in_comments(name: str) -> None:
    lines = find_preset(name).path.read_text(encoding="utf-8").splitlines()
    assert sum(line.lstrip().startswith("#") for line in lines) > len(lines) / 4


def test_the_homelab_preset_says_what_became_of_kaniko() -> None:
    text = find_preset("homelab").path.read_text(encoding="utf-8")
    assert "archived Kaniko in June 2025" in text
    assert "fork that its community maintains" in text


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="no preset 'homlab'") as caught:
        find_preset("homlab")
    assert "did you mean 'homelab'?" in caught.value.cause
    assert "airgapped, direct, eks, homelab, team" in caught.value.fix


def test_a_profile_made_from_a_preset_has_its_comments_the_answers_and_an_id() -> None:
    text = from_preset("homelab", {("name",): "mine", ("runners", 0, "builds"): "none"}, "0a1b2c3d")
    profile = read(text).profile
    assert (profile.id, profile.name) == ("0a1b2c3d", "mine")
    assert profile.runners[0].builds.strategy == "none"
    assert text.count("#") == find_preset("homelab").path.read_text(encoding="utf-8").count("#")


def test_a_profile_whose_answers_are_wrong_is_told_so_when_it_is_read() -> None:
    assert problems(from_preset("direct", {("name",): "A b"}, new_id()))


def test_an_id_is_eight_hex_digits_that_nobody_takes_for_a_number() -> None:
    for _ in range(2000):
        made = new_id()
        assert len(made) == 8
        assert yaml.safe_load(f"id: {made}") == {"id": made}


def test_an_id_that_would_be_a_number_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter(["12345678", "1234e567", "00000000", "0a1b2c3d"])
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(made))
    assert new_id() == "0a1b2c3d"


def test_ids_do_not_depend_on_a_seed() -> None:
    random.seed(1)
    first = new_id()
    random.seed(1)
    assert new_id() != first


def test_a_preset_is_found_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_preset("direct").path.is_file()
