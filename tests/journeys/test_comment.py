"""The plan as a comment on the merge request whose pipeline it is made in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.world import World
from tests.wizard_process import Ended, run_wizard


def planned(world: World, **variables: str) -> Ended:
    pipeline = {
        "CI_SERVER_URL": world.gitlab.url,
        "CI_PROJECT_ID": str(world.project.id),
        "CI_MERGE_REQUEST_IID": "7",
    }
    return run_wizard(
        "plan",
        str(world.profile),
        "--comment",
        environment=world.environment | pipeline | variables,
        folder=world.folder,
    )


@pytest.fixture
def notes(world: World) -> list[dict[str, Any]]:
    world.project.notes[7] = []
    return world.project.notes[7]


def test_a_second_plan_brings_the_comment_of_the_first_up_to_date(
    world: World, notes: list[dict[str, Any]]
) -> None:
    ended = planned(world)
    assert ended.code == 0, ended.err
    assert "commented on merge request !7" in ended.err
    (note,) = notes
    assert "- + create `runner direct`" in note["body"]
    notes.insert(0, {"id": 1, "body": "Looks good to me", "author": {"id": 0}, "system": False})

    assert world.apply().code == 0
    ended = planned(world)
    assert "brought the comment up to date on merge request !7" in ended.err
    assert len(notes) == 2
    assert "No change" in notes[1]["body"]


def test_another_persons_comment_is_not_written_over(
    world: World, notes: list[dict[str, Any]]
) -> None:
    planned(world)
    notes[0]["author"] = {"id": 0}
    before = notes[0]["body"]
    assert planned(world).code == 0
    assert notes[0]["body"] == before
    assert len(notes) == 2


def test_outside_a_merge_request_there_is_nothing_to_comment_on(world: World) -> None:
    ended = planned(world, CI_MERGE_REQUEST_IID="")
    assert ended.code == 2
    assert "missing: CI_MERGE_REQUEST_IID" in ended.err


def test_a_merge_request_on_another_gitlab_is_not_commented_on(world: World) -> None:
    ended = planned(world, CI_SERVER_URL="https://gitlab.example.com")
    assert ended.code == 2
    assert "the token for one GitLab is not sent to another" in ended.err
