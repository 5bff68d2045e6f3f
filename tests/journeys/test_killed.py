"""Killed at a step boundary and run again: one runner, one token, nothing left over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.matrix import events
from tests.journeys.world import World


# Around the create: before it, after it, after the token is stored.
@pytest.mark.parametrize("event", events(3, 6, 8, 9))
def test_killed_and_run_again_there_is_one_runner_with_one_token(
    tmp_path: Path, event: int
) -> None:
    with World(tmp_path) as world:
        arguments = ("apply", str(world.profile), "--yes", "--json", "--timeout", "20")
        if world.killed_at(event, *arguments) < event:
            pytest.skip("the first run ended before this event")
        ended = world.apply()
        assert ended.code == 0, ended.err + ended.out
        assert world.live_tokens == [world.secret_token]
        (runner,) = world.gitlab.runners
        assert set(runner.tags) == {"kubernetes"}
        world.forget_writes()
        assert world.apply().document["data"]["changed"] is False
        assert world.cluster.writes == []


@pytest.mark.parametrize("event", events(2, 5, 8))
def test_a_destroy_that_was_killed_is_completed_by_the_next(tmp_path: Path, event: int) -> None:
    with World(tmp_path) as world:
        assert world.apply().code == 0
        arguments = ("destroy", str(world.profile), "--yes", "--json")
        if world.killed_at(event, *arguments) < event:
            pytest.skip("the first run ended before this event")
        assert world.wizard(*arguments).code == 0
        assert world.gitlab.runners == []
        assert {body["metadata"]["name"] for body in world.cluster.objects("Namespace")} == {
            "default",
            "kube-system",
        }


def test_the_branch_of_a_smoke_job_that_was_killed_goes_with_its_tag(world: World) -> None:
    assert world.apply().code == 0
    (runner,) = world.gitlab.runners
    left = "runner-wizard-smoke-0123abcd"
    runner.tags.append(left)
    world.gitlab.state.commit(world.project, left, {".gitlab-ci.yml": "job: {script: [exit]}"})
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert set(world.project.branches) == {"main"}
    assert set(runner.tags) == {"kubernetes"}


def test_a_branch_that_cannot_be_removed_keeps_nobody_from_a_runner(world: World) -> None:
    assert world.apply().code == 0
    (runner,) = world.gitlab.runners
    left = "runner-wizard-smoke-0123abcd"
    runner.tags.append(left)
    world.gitlab.state.commit(world.project, left, {".gitlab-ci.yml": "job: {script: [exit]}"})
    world.project.protected_branches.add(left)
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert f"left the branch {left} behind" in ended.out
    assert set(runner.tags) == {"kubernetes"}
