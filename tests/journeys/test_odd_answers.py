"""One odd answer of GitLab replaces nothing: that a runner is gone is believed when two say so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.world import World

LIST = "/projects/*/runners"


@pytest.fixture
def live(world: World) -> World:
    assert world.apply().code == 0
    world.forget_writes()
    return world


def unharmed(world: World, token: str) -> None:
    assert world.live_tokens == [world.secret_token] == [token]
    assert world.gitlab.writes["POST /user/runners"] == 0
    assert world.gitlab.writes["POST /runners/:id/reset_authentication_token"] == 0


def test_a_single_404_for_the_runner_makes_no_new_one(live: World) -> None:
    token = live.secret_token
    body = {"message": "404 Runner Not Found"}
    live.gitlab.fail_next("GET", "/runners/*", 404, body)
    ended = live.apply()
    assert ended.code == 0, ended.out
    assert ended.document["data"]["changed"] is False
    unharmed(live, token)


def test_an_empty_list_makes_no_new_runner(live: World) -> None:
    token = live.secret_token
    live.gitlab.fail_next("GET", LIST, 200, [])
    ended = live.apply()
    assert ended.code == 0, ended.out
    unharmed(live, token)


@pytest.mark.parametrize("answer", [{}, {"runners": []}, "none", None, [1], [[]], 5])
def test_a_list_that_is_none_is_an_error(live: World, answer: Any) -> None:
    token = live.secret_token
    live.gitlab.fail_next("GET", LIST, 200, answer if answer is not None else "null")
    ended = live.apply()
    assert ended.code == 1, ended.out
    assert "makes no sense" in ended.document["error"]["problem"]
    unharmed(live, token)


def test_a_gitlab_that_hides_the_runner_and_accepts_its_token_is_not_believed(live: World) -> None:
    token = live.secret_token
    live.gitlab.fail_next("GET", LIST, 200, [], times=3)
    live.gitlab.fail_next("GET", "/runners/*", 404, {"message": "404 Not found"}, times=9)
    ended = live.apply()
    assert ended.code == 1, ended.out
    error = ended.document["error"]
    (runner,) = live.gitlab.runners
    assert f"does not show runner {runner.id}, and yet accepts its token" in error["problem"]
    assert error["fix"].startswith("Try again")
    unharmed(live, token)


def test_a_destroy_that_is_shown_an_empty_list_forgets_no_runner(live: World) -> None:
    live.gitlab.fail_next("GET", LIST, 200, [])
    ended = live.wizard("destroy", str(live.profile), "--yes", "--json")
    assert ended.code == 0, ended.out
    assert live.gitlab.runners == []


def test_a_runner_that_is_gone_for_good_is_made_anew(live: World) -> None:
    live.gitlab.state.runners.clear()
    planned = live.wizard("plan", str(live.profile)).out
    assert "it is this profile's, and its runner is gone from GitLab" in planned
    ended = live.apply()
    assert ended.code == 0, ended.out
    assert live.live_tokens == [live.secret_token]


def test_a_runner_that_is_deleted_while_it_is_proven_is_told_in_words(world: World) -> None:
    def delete() -> None:
        world.gitlab.state.runners.clear()

    world.gitlab.before_next("GET", "/runners/*/managers", delete)
    ended = world.apply("--no-smoke")
    assert ended.code == 1, ended.out
    error = ended.document["error"]
    assert error["fix"]
    assert "mistake of its own" not in ended.out + ended.err
    again = world.apply("--timeout", "60")  # two managers start one after the other
    assert again.code == 0, again.out
    assert world.live_tokens == [world.secret_token]


def test_a_description_that_was_edited_in_gitlab_costs_no_second_runner(live: World) -> None:
    (runner,) = live.gitlab.runners
    token, runner.description = live.secret_token, "edited by a person"
    ended = live.apply()
    assert ended.code == 0, ended.out
    assert runner.description.startswith("direct [rw:")
    unharmed(live, token)
