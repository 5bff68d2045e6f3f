"""Two runs at once: one runner, one token, and each run ends with a true sentence."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journeys.race import WAYS, race
from tests.journeys.world import NAMESPACE, World
from wizard.core.errors import RefusedError
from wizard.operations.lock import only_run
from wizard.profile.load import load

ID = "3f9c2a71"
TIMES = int(os.environ.get("RACES", "1"))
"""How often each race is run; `make races` says fifty."""


@pytest.fixture
def with_id(world: World) -> World:
    world.change("version: 1\n", f"version: 1\nid: {ID}\n")
    return world


@pytest.mark.parametrize("time", range(TIMES))
@pytest.mark.parametrize("applies", [2, 5] if TIMES > 1 else [2])
@pytest.mark.parametrize("way", WAYS)
def test_a_race_ends_with_one_runner_and_its_token(
    world: World, way: str, applies: int, time: int
) -> None:
    verdict = race(world, way, applies, "--no-smoke")
    assert verdict.faults == []


def test_a_twin_that_came_first_is_found_before_our_token_is_stored(with_id: World) -> None:
    world = with_id
    before: list[int] = []

    def another_run_creates() -> None:
        ours = world.gitlab.runners[0]
        twin = replace(ours, id=ours.id - 1, token=ours.token + "x", managers={})
        before.append(twin.id)
        world.gitlab.state.runners = {twin.id: twin, ours.id: ours}

    world.gitlab.state.new_id()  # room for the twin's
    world.gitlab.before_next("GET", "/projects/*/runners", another_run_creates, skip=1)
    ended = world.apply()
    assert ended.code == 1, ended.out
    error = ended.document["error"]
    assert "Another apply of this profile created direct at the same time" in error["problem"]
    assert "its token was stored nowhere" in error["cause"]
    assert [one.id for one in world.gitlab.runners] == before
    assert world.cluster.find("Secret", "gitlab-runner-direct-token", NAMESPACE) is None


def test_a_twin_that_came_second_is_waited_out_so_that_one_run_succeeds(with_id: World) -> None:
    world = with_id
    twins: list[int] = []

    def another_run_creates() -> None:
        world.add_twin_of(world.gitlab.runners[0])
        twins.append(max(world.gitlab.state.runners))

    def and_gives_way() -> None:
        del world.gitlab.state.runners[twins[0]]

    # Listed for the plan, for a twin, and then for the proof.
    world.gitlab.before_next("GET", "/projects/*/runners", another_run_creates, skip=2)
    world.gitlab.before_next("GET", "/projects/*/runners", and_gives_way, skip=4)
    ended = world.apply("--no-smoke")
    assert ended.code == 0, ended.out
    assert twins
    assert world.live_tokens == [world.secret_token]


def test_a_token_that_another_run_writes_over_ours_is_not_noted_as_ours(with_id: World) -> None:
    world = with_id

    def another_run_stores() -> None:
        secret = world.cluster.find("Secret", "gitlab-runner-direct-token", NAMESPACE)
        assert secret
        theirs = base64.b64encode(b"glrt-theirs").decode()
        world.cluster.put(secret | {"data": secret["data"] | {"runner-token": theirs}})

    world.gitlab.before_next("PUT", "/runners/*", another_run_stores)  # ours was just read back
    ended = world.apply()
    assert ended.code == 1, ended.out
    error = ended.document["error"]
    assert "has lost its token while it was to be proven" in error["problem"]
    assert "run apply again: it gets a new token" in error["fix"]
    again = world.apply()
    assert again.code == 0, again.out
    assert world.live_tokens == [world.secret_token]


def test_a_token_that_is_reset_during_the_proof_is_not_called_proven(with_id: World) -> None:
    world = with_id

    def somebody_resets() -> None:
        world.gitlab.runners[0].token = world.gitlab.runners[0].token[:-4] + "else"

    # Listed for the plan, for a twin, and before and after the proof: just before that last time.
    world.gitlab.before_next("GET", "/projects/*/runners", somebody_resets, skip=3)
    ended = world.apply("--no-smoke")
    assert ended.code == 1, ended.out
    assert "has lost its token" in ended.document["error"]["problem"]
    assert "GitLab refuses the stored token" in ended.document["error"]["cause"]
    assert world.apply().code == 0
    assert world.live_tokens == [world.secret_token]


def test_a_second_run_on_the_same_file_says_who_is_at_work_and_stops(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(world.folder))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    before = world.profile.read_bytes()
    with only_run(world.profile, "apply"):
        ended = world.apply()
    assert ended.code == 3, ended.out
    error = ended.document["error"]
    assert f"Another run is working on {world.profile}" in error["problem"]
    assert "it is apply, process " in error["cause"]
    assert world.gitlab.runners == []
    assert world.profile.read_bytes() == before
    assert world.apply().code == 0


def test_an_id_that_another_run_has_written_is_not_replaced(world: World) -> None:
    opened = load(world.profile)
    world.change("version: 1\n", f"version: 1\nid: {ID}\n")
    before = world.profile.read_bytes()
    with pytest.raises(RefusedError) as refused:
        opened.save({("id",): "0badcafe", ("cluster", "uid"): "x"})
    assert f"has the id {ID} by now" in refused.value.problem
    assert world.profile.read_bytes() == before


def test_two_names_of_one_file_are_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file, link = tmp_path / "a.yaml", tmp_path / "b.yaml"
    file.write_text("")
    link.symlink_to(file)
    with only_run(file, "destroy"):
        with (
            pytest.raises(RefusedError, match="Another run is working") as refused,
            only_run(link, "x"),
        ):
            pass
        assert "destroy" in refused.value.cause
        with only_run(tmp_path / "c.yaml", "apply"):
            pass
    with only_run(link, "apply"):
        pass
