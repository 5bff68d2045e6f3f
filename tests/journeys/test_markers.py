"""A marker in a description is a hint: only a runner of the wanted project is ever ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.test_adopt import made_by_hand
from tests.journeys.world import World


@pytest.fixture
def profile_id(world: World) -> str:
    world.gitlab.user.is_admin = True  # who may see and delete everything is to be the most careful
    return "3f9c2a71"


def mark(world: World, profile_id: str) -> None:
    world.change("version: 1\n", f"version: 1\nid: {profile_id}\n")


def refused(world: World, *arguments: str) -> dict[str, Any]:
    world.forget_writes()
    before = [(one.id, one.token) for one in world.gitlab.runners]
    ended = world.wizard(*arguments, str(world.profile), "--json")
    assert ended.code == 3, ended.out + ended.err
    assert [(one.id, one.token) for one in world.gitlab.runners] == before
    assert world.gitlab.writes == {}
    assert world.cluster.writes == []
    return ended.document["error"]


EVERY_VERB = (("plan",), ("apply", "--yes"), ("destroy", "--yes"))


@pytest.mark.parametrize("name", ["direct", "nothing-of-the-kind"])
def test_a_runner_that_is_only_enabled_in_our_project_is_refused_with_its_id_and_owner(
    world: World, profile_id: str, name: str
) -> None:
    other = world.gitlab.add_project("other/infra")
    theirs = made_by_hand(world, project_ids=[other.id, world.project.id])
    mark(world, profile_id)
    assert world.apply().code == 0
    theirs.description = f"shared [rw:{profile_id}/{name}]"
    for verb in EVERY_VERB:
        error = refused(world, *verb)
        assert "is on a runner that is not its own" in error["problem"]
        said = f"runner {theirs.id} of other/infra carries it, expected in acme/homelab"
        assert said in error["cause"]
        assert "removed from its description" in error["fix"]


def test_a_runner_of_one_project_is_not_taken_for_the_profiles_runner_of_another(
    world: World, profile_id: str
) -> None:
    monolith = world.gitlab.add_project("acme/monolith")
    old = made_by_hand(world, project_ids=[monolith.id])
    mark(world, profile_id)
    world.change(
        "builds: none\n",
        "builds: none\n  - name: monolith\n    scope: {project: acme/monolith}\n"
        "    tags: [mono]\n    run_untagged: false\n",
    )
    assert world.apply().code == 0
    old.description = f"mine [rw:{profile_id}/direct]"
    error = refused(world, "apply", "--yes")
    assert (
        f"runner {old.id} of acme/monolith carries it, expected in acme/homelab" in error["cause"]
    )


def test_a_lost_answer_is_not_recovered_from_somebody_elses_runner(
    world: World, profile_id: str
) -> None:
    mark(world, profile_id)
    other = world.gitlab.add_project("other/infra")
    theirs = made_by_hand(world, project_ids=[other.id, world.project.id])
    token = theirs.token

    def mark_theirs() -> None:
        theirs.description = f"x [rw:{profile_id}/direct]"

    world.gitlab.before_next("POST", "/user/runners", mark_theirs)
    world.gitlab.faults.pending[-1].drop_before = False
    world.gitlab.faults.pending[-1].drop_after = True
    ended = world.apply()
    assert theirs.token == token, "it keeps its token"
    assert ended.code != 0
    assert theirs.id in [one.id for one in world.gitlab.runners]


def test_a_plan_names_the_runner_it_deletes_by_id_and_project(world: World) -> None:
    assert world.apply().code == 0
    (runner,) = world.gitlab.runners
    world.add_twin_of(runner)
    twin = world.gitlab.runners[-1]
    said = world.wizard("plan", str(world.profile)).out
    assert f"delete  runner {twin.id} of acme/homelab: direct [rw:" in said
    assert "(a second runner with the same marker)" in said


def test_of_two_with_one_marker_the_one_whose_token_is_stored_is_kept(world: World) -> None:
    older = made_by_hand(world)
    assert world.apply().code == 0
    ours = next(one for one in world.gitlab.runners if one is not older)
    older.description = ours.description
    token = world.secret_token
    assert world.apply().code == 0
    assert [one.id for one in world.gitlab.runners] == [ours.id]
    assert world.secret_token == ours.token == token
