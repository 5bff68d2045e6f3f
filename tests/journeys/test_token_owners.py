"""Two profiles that name one place in a backend: neither harms the other's runner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.gitops_world import FOLDER, GitOpsWorld
from tests.journeys.world import Ended

PLACE = f"{FOLDER}/RUNNER_TOKEN"
OTHER = "0badcafe"


@pytest.fixture
def homelab(tmp_path: Path) -> Iterator[GitOpsWorld]:
    with GitOpsWorld(tmp_path) as world:
        yield world


def a_copy(world: GitOpsWorld, profile_id: str = OTHER, **changes: str) -> Path:
    """The profile as somebody copies it: another id and folder, the same place for the token."""
    text = world.profile.read_text()
    before = f"id: {profile_of(world)}\n"
    text = text.replace(before, f"id: {profile_id}\n").replace("./gitops", "./others")
    for old, new in changes.items():
        text = text.replace(old, new)
    path = world.folder / "copy.yaml"
    path.write_text(text)
    return path


def profile_of(world: GitOpsWorld) -> str:
    return world.profile.read_text().split("\nid: ")[1][:8]


def on(world: GitOpsWorld, verb: str, path: Path, *options: str) -> Ended:
    return world.wizard(verb, str(path), "--json", *options)


def stored(world: GitOpsWorld) -> list[str]:
    return world.infisical.versions(world.vault, PLACE)


def secret(world: GitOpsWorld) -> list[dict[str, str]]:
    """What is noted beside the token."""
    return world.vault.secrets["prod", FOLDER, "RUNNER_TOKEN"].versions[-1].metadata


def test_the_second_profile_is_refused_and_told_both_ways_out(homelab: GitOpsWorld) -> None:
    assert homelab.apply().code == 4
    before = stored(homelab)
    copy = a_copy(homelab)
    for verb, options in (("plan", ()), ("apply", ("--yes",))):
        ended = on(homelab, verb, copy, *options)
        assert ended.code == 3, ended.out
        error = ended.document["error"]
        (runner,) = homelab.gitlab.runners
        owner = f"another profile, with the id {profile_of(homelab)}, of runner {runner.id}"
        assert owner in error["problem"]
        assert "Give this runner another name, or another place" in error["fix"]
        assert f'write id: "{profile_of(homelab)}" into it' in error["fix"]
    assert stored(homelab) == before == homelab.live_tokens


def test_destroying_a_profile_that_was_never_applied_leaves_the_others_token(
    homelab: GitOpsWorld,
) -> None:
    assert homelab.apply().code == 4
    before = stored(homelab)
    copy = a_copy(homelab)
    planned = homelab.wizard("destroy", str(copy), "--json", "--yes")
    said = f"belongs to another profile, with the id {profile_of(homelab)}"
    assert planned.code == 0, planned.out
    assert any(said in event["sentence"] for event in planned.events), planned.out
    assert stored(homelab) == before == homelab.live_tokens


def test_a_copy_for_another_project_does_not_take_the_token_of_the_first(
    homelab: GitOpsWorld,
) -> None:
    assert homelab.apply().code == 4
    before = stored(homelab)
    homelab.gitlab.add_project("acme/attic")
    changes = {"project: acme/homelab": "project: acme/attic"}
    copy = a_copy(homelab, profile_of(homelab), **changes)
    for verb in ("plan", "apply", "destroy"):
        ended = on(homelab, verb, copy, *(("--yes",) if verb != "plan" else ()))
        assert ended.code == 3, ended.out
        (runner,) = homelab.gitlab.runners
        cause = ended.document["error"]["cause"]
        assert f"runner {runner.id} of acme/homelab carries it, expected in acme/attic" in cause
    assert stored(homelab) == before == homelab.live_tokens


def test_a_token_of_an_earlier_version_is_known_by_its_note_and_becomes_ours(
    homelab: GitOpsWorld,
) -> None:
    assert homelab.apply().code == 4
    token = stored(homelab)[-1]
    secret(homelab).clear()
    assert homelab.apply().code == 4
    (runner,) = homelab.gitlab.runners
    assert runner.token == stored(homelab)[-1] == token
    owner = {"key": "RUNNER_WIZARD_OWNER", "value": f"{profile_of(homelab)}/{runner.id}"}
    assert secret(homelab) == [owner]


def test_a_token_that_nothing_shows_to_be_ours_is_left_alone(homelab: GitOpsWorld) -> None:
    homelab.vault.put("prod", PLACE, "somebody's")
    for verb in (("plan",), ("apply", "--yes")):
        ended = on(homelab, verb[0], homelab.profile, *verb[1:])
        assert ended.code == 3, ended.out
        error = ended.document["error"]
        assert "nothing shows that it is this profile's" in error["problem"]
        assert "another name" in error["fix"]
        assert "delete it, then run apply again" in error["fix"]
    assert stored(homelab) == ["somebody's"]
    assert homelab.gitlab.runners == []


def test_one_that_is_stored_by_another_between_two_calls_costs_no_runner(
    homelab: GitOpsWorld,
) -> None:
    def another_profile_stores() -> None:
        homelab.vault.put("prod", PLACE, "theirs")
        secret(homelab).append({"key": "RUNNER_WIZARD_OWNER", "value": f"{OTHER}/99"})

    homelab.gitlab.before_next("POST", "/user/runners", another_profile_stores)
    ended = homelab.apply()
    assert ended.code == 1, ended.out
    assert f"another profile, with the id {OTHER}" in ended.document["error"]["problem"]
    assert homelab.gitlab.runners == []
    assert stored(homelab) == ["theirs"]
