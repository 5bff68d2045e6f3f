"""Another version of the runner, with what changes between the two."""

from __future__ import annotations

import pytest

from tests.journeys.world import World


@pytest.fixture
def live(world: World) -> World:
    assert world.apply().code == 0
    return world


def test_an_upgrade_says_what_changes_and_apply_brings_it_about(live: World) -> None:
    ended = live.wizard("upgrade", str(live.profile), "--to", "19.4.0", "--yes")
    assert ended.code == 0, ended.err
    assert "runner 19.3.1 -> 19.4.0" in ended.err
    assert "keys of config.toml:" in ended.err
    assert "rights of the manager: the same" in ended.err
    assert "gitlab-runner:alpine-v19.4.0" in ended.err
    assert "runner_version: 19.4.0" in live.profile.read_text()
    ended = live.apply()
    assert ended.code == 0, ended.out
    assert ended.events[-1]["event"] == "Proven"


def test_nobody_is_there_to_agree_so_nothing_is_written(live: World) -> None:
    before = live.profile.read_text()
    ended = live.wizard("upgrade", str(live.profile))
    assert ended.code == 3
    assert "runner 19.3.1 -> 19.4." in ended.err
    assert live.profile.read_text() == before


def test_a_runner_is_not_made_newer_than_its_gitlab(live: World) -> None:
    live.gitlab.version = "19.3.2-ee"
    ended = live.wizard("upgrade", str(live.profile), "--to", "19.4.0", "--yes", "--json")
    assert ended.code == 3
    assert ended.document["error"]["problem"] == "Runner 19.4.0 is newer than GitLab 19.3.2-ee."
    assert "19.3." in ended.document["error"]["fix"]


def test_a_profile_that_the_new_version_would_not_read_is_told_and_left(live: World) -> None:
    before = live.profile.read_text()
    ended = live.wizard("upgrade", str(live.profile), "--to", "16.0.0", "--yes")
    assert ended.code == 2, ended.err
    assert live.profile.read_text() == before


def test_there_may_be_nothing_newer(live: World) -> None:
    live.gitlab.version = "19.3.1-ee"
    live.change("runner_version: 19.3.1", "runner_version: 19.3.2")
    ended = live.wizard("upgrade", str(live.profile), "--yes")
    assert ended.code == 0
    assert "is the newest known that goes with GitLab" in ended.out
