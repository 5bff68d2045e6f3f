"""A plan that was reviewed is carried out exactly so, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.world import World
from tests.wizard_process import Ended

SAVED = "plan.json"


@pytest.fixture
def live(world: World) -> World:
    assert world.apply().code == 0
    return world


def planned(world: World, *options: str) -> Path:
    ended = world.wizard("plan", str(world.profile), "--out", SAVED, *options)
    assert ended.code == 0, ended.err
    return world.folder / SAVED


def applied(world: World, *options: str) -> Ended:
    command = ("apply", str(world.profile), "--plan", SAVED, "--json", "--timeout", "20")
    return world.wizard(*command, *options)


def test_what_was_reviewed_is_applied_without_another_question(live: World) -> None:
    live.change("limit: 2Gi", "limit: 3Gi")
    file = planned(live)
    assert live.secret_token not in file.read_text()
    ended = applied(live)
    assert ended.code == 0, ended.out
    assert any(event["event"] == "ObjectApplied" for event in ended.events)


def test_a_first_set_up_is_applied_as_it_was_reviewed(world: World) -> None:
    planned(world)
    ended = applied(world)
    assert ended.code == 0, ended.out
    assert ended.events[-1]["event"] == "Proven"


def test_what_has_moved_since_is_said_and_nothing_is_changed(live: World) -> None:
    live.change("limit: 2Gi", "limit: 3Gi")
    planned(live)
    live.change("limit: 3Gi", "limit: 4Gi")
    live.gitlab.runners[0].tags.append("by-hand")
    live.forget_writes()
    ended = applied(live)
    assert ended.code == 3, ended.out
    error = ended.document["error"]
    assert error["problem"] == "What would change is not what plan.json says."
    assert "otherwise: update ConfigMap gitlab-runner/gitlab-runner-direct: data" in error["cause"]
    assert "new: update runner direct" in error["cause"]
    assert live.cluster.writes == []
    assert not live.gitlab.writes


def test_a_plan_that_was_carried_out_is_not_carried_out_again(live: World) -> None:
    live.change("limit: 2Gi", "limit: 3Gi")
    planned(live)
    assert applied(live).code == 0
    ended = applied(live)
    assert ended.code == 3
    assert "no longer: update ConfigMap" in ended.document["error"]["cause"]


def test_the_plan_of_another_profile_is_refused(live: World) -> None:
    file = planned(live)
    saved = json.loads(file.read_text())
    file.write_text(json.dumps(saved | {"profile_id": "0badcafe"}))
    ended = applied(live)
    assert ended.code == 3
    assert "the one with the id 0badcafe" in ended.document["error"]["cause"]


@pytest.mark.parametrize("text", ["", "[]", '{"changes": []}', '{"format": "runner-wizard/1"}'])
def test_a_file_that_is_no_plan_is_not_taken_for_one(live: World, text: str) -> None:
    (live.folder / SAVED).write_text(text)
    ended = applied(live)
    assert ended.code == 2
    assert ended.document["error"]["problem"] == "plan.json is not a saved plan."
