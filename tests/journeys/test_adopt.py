"""Taking over a runner that GitLab has already: said before, safe to be killed, never stolen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gitlab import RunnerPlayer
from tests.fakes.gitlab.state import Project, Runner
from tests.journeys.world import World

EVENTS = range(1, 40)
AT = EVENTS if os.environ.get("CRASH_MATRIX") == "all" else (6, 7, 8, 9, 10, 11)
"""Around the marker: before it, after it, after the reset, after the token is stored."""


@pytest.fixture
def old(world: World) -> Runner:
    return made_by_hand(world)


def made_by_hand(world: World, **more: Any) -> Runner:
    """A runner that somebody made in GitLab's pages, and that serves the project."""
    number = world.gitlab.state.new_id()
    owner = {"project_ids": [world.project.id]} | more
    runner = Runner(
        id=number,
        runner_type=owner.pop("runner_type", "project_type"),
        token=f"glrt-{number:020}",
        created_at=world.gitlab.state.clock.now(),
        creator=world.gitlab.user,
        **{"description": "by hand", "tags": ["old"], "run_untagged": False, **owner},
    )
    world.gitlab.state.runners[runner.id] = runner
    return runner


def adopt(world: World, runner_id: int) -> None:
    world.change("- name: direct\n", f"- name: direct\n    adopt: {runner_id}\n")


def test_it_is_taken_over_and_proven_instead_of_made_anew(world: World, old: Runner) -> None:
    before = RunnerPlayer(world.gitlab.url, old.token)
    assert before.verify()
    adopt(world, old.id)

    ended = world.apply()

    assert ended.code == 0, ended.err + ended.out
    told = [event["event"] for event in ended.events]
    assert "RunnerAdopted" in told
    assert told[-1] == "Proven"
    assert world.gitlab.writes["POST /user/runners"] == 0
    assert world.gitlab.runners == [old]
    assert old.description.startswith("direct [rw:")
    assert (old.tags, old.run_untagged) == (["kubernetes"], True)
    assert world.secret_token == old.token
    assert not before.verify(), "the old manager is refused"
    world.forget_writes()
    assert world.apply().document["data"]["changed"] is False
    assert world.cluster.writes == []


def test_the_plan_says_beforehand_what_stops(world: World, old: Runner) -> None:
    website = world.gitlab.add_project("acme/website")
    old.project_ids.append(website.id)
    adopt(world, old.id)

    ended = world.wizard("plan", str(world.profile))

    assert "~ update  runner direct" in ended.out
    assert f"takes over runner {old.id} of acme/homelab, and replaces its token" in ended.out
    assert "description: by hand -> direct [rw:" in ended.out
    assert "Note: downtime: direct takes over" in ended.out
    assert "It also serves acme/website." in ended.out
    planned = world.wizard("plan", str(world.profile), "--json").document
    assert "downtime" in planned["data"]["notes"][0]
    assert not world.gitlab.writes


@pytest.mark.parametrize("event", AT)
def test_killed_and_run_again_it_is_ours_with_one_token(tmp_path: Path, event: int) -> None:
    with World(tmp_path) as world:
        old = made_by_hand(world)
        adopt(world, old.id)
        arguments = ("apply", str(world.profile), "--yes", "--json", "--timeout", "20")
        if world.killed_at(event, *arguments) < event:
            pytest.skip("the first run ended before this event")

        ended = world.apply()

        assert ended.code == 0, ended.err + ended.out
        assert world.gitlab.runners == [old]
        assert world.secret_token == old.token
        assert old.tags == ["kubernetes"]
        world.forget_writes()
        assert world.apply().document["data"]["changed"] is False


def test_destroy_removes_it_as_any_other_and_before_it_is_taken_over_not(
    world: World, old: Runner
) -> None:
    adopt(world, old.id)
    world.change("version: 1\n", "version: 1\nid: 3f9c2a71\n")
    assert world.wizard("destroy", str(world.profile), "--yes").code == 0
    assert world.gitlab.runners == [old], "it was not ours yet"

    assert world.apply().code == 0
    assert world.wizard("destroy", str(world.profile), "--yes").code == 0
    assert world.gitlab.runners == []


def test_a_runner_of_the_profile_is_renamed_by_taking_itself_over(world: World) -> None:
    assert world.apply().code == 0
    (runner,) = world.gitlab.runners
    world.change("- name: direct\n", f"- name: attic\n    adopt: {runner.id}\n")

    assert world.wizard("plan", str(world.profile)).out.count("delete  runner") == 0
    world.name = "attic"
    ended = world.apply()

    assert ended.code == 0, ended.err + ended.out
    assert world.gitlab.runners == [runner]
    assert "/attic]" in runner.description


def test_one_that_has_become_ours_otherwise_is_not_looked_for(world: World, old: Runner) -> None:
    assert world.apply().code == 0
    adopt(world, old.id)

    ended = world.wizard("plan", str(world.profile))

    assert "No change" in ended.out
    assert f"`adopt: {old.id}` is not used; remove it" in " ".join(ended.out.split())


class TestRefused:
    """What is not ours to take: refused before anything has been changed (exit code 3)."""

    @pytest.fixture(autouse=True)
    def nothing_is_changed(self, world: World) -> Iterator[None]:
        yield
        assert not world.gitlab.writes
        assert world.cluster.writes == []

    def refused(self, world: World, runner_id: int) -> str:
        adopt(world, runner_id)
        ended = world.apply()
        assert ended.code == 3, ended.err
        assert world.wizard("plan", str(world.profile)).code == 3
        error = ended.document["error"]
        return f"{error['problem']} {error['cause']}"

    def test_one_that_is_not_there(self, world: World) -> None:
        assert "There is no runner 4711 in GitLab" in self.refused(world, 4711)

    def test_one_of_another_profile(self, world: World) -> None:
        theirs = made_by_hand(world, description="x [rw:0badcafe/theirs]")
        assert "it is runner theirs of another profile" in self.refused(world, theirs.id)

    def test_one_of_another_project(self, world: World) -> None:
        other: Project = world.gitlab.add_project("acme/website")
        theirs = made_by_hand(world, project_ids=[other.id])
        said = self.refused(world, theirs.id)
        assert "it belongs to acme/website, not to acme/homelab" in said

    def test_one_of_another_kind(self, world: World) -> None:
        group = world.gitlab.add_group("acme")
        theirs = made_by_hand(world, runner_type="group_type", project_ids=[], group_id=group.id)
        said = self.refused(world, theirs.id)
        assert "it is a runner of a group, not of a project" in said
