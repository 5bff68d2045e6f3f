"""Runners that take no new jobs for a while, by whoever said so."""

from __future__ import annotations

import threading
import time

import pytest

from tests.fakes.gitlab.ci import CI_FILE, new_pipeline
from tests.fakes.gitlab.state import Job
from tests.journeys.world import World
from tests.wizard_process import Ended


@pytest.fixture
def live(world: World) -> World:
    assert world.apply().code == 0
    return world


def said(ended: Ended) -> list[str]:
    return [event["sentence"] for event in ended.events]


def run(world: World, verb: str, *options: str) -> Ended:
    return world.wizard(verb, str(world.profile), "--json", *options)


def test_a_pause_is_held_by_a_name_and_apply_leaves_it(live: World) -> None:
    (runner,) = live.gitlab.runners
    before = runner.maintenance_note
    ended = run(live, "pause", "--reason", "node maintenance")
    assert ended.code == 0, ended.out
    assert runner.paused
    assert "paused by" in (runner.maintenance_note or "")
    planned = live.wizard("plan", str(live.profile), "--detailed-exitcode")
    assert planned.code == 0, planned.out
    assert "is paused by" in planned.out
    assert "(node maintenance); apply leaves it so until `unpause`" in planned.out
    assert live.apply().document["data"]["changed"] is False
    assert runner.paused

    assert run(live, "unpause").code == 0
    assert not runner.paused
    assert runner.maintenance_note == before
    assert live.apply().document["data"]["changed"] is False


def test_a_pause_outlives_a_change_and_a_rotation(live: World) -> None:
    (runner,) = live.gitlab.runners
    run(live, "pause")
    live.change("limit: 2Gi", "limit: 3Gi")
    ended = live.apply()
    assert ended.code == 0, ended.out
    assert any("online, unproven (it is paused)" in line for line in said(ended))
    ended = run(live, "rotate", "--yes", "--timeout", "20")
    assert ended.code == 0, ended.out
    assert runner.paused
    assert "paused by" in (runner.maintenance_note or "")
    assert live.live_tokens == [live.secret_token]
    run(live, "unpause")
    assert live.apply().events[-1]["event"] == "Proven"


def test_a_pause_that_was_ended_in_gitlab_is_over(live: World) -> None:
    (runner,) = live.gitlab.runners
    run(live, "pause")
    runner.paused = False
    assert live.apply().code == 0
    assert not runner.paused
    assert "paused by" not in (runner.maintenance_note or "")


def test_what_another_user_has_paused_is_not_unpaused_unasked(live: World) -> None:
    (runner,) = live.gitlab.runners
    run(live, "pause", "--reason", "noisy evening")
    note = runner.maintenance_note or ""
    holder = note.partition("paused by ")[2].split()[0]
    runner.maintenance_note = note.replace(f"paused by {holder}", "paused by zoe")
    ended = run(live, "unpause")
    assert ended.code == 3
    assert "direct is paused by zoe since" in ended.document["error"]["cause"]
    assert runner.paused
    assert run(live, "unpause", "--yes").code == 0
    assert not runner.paused


def test_a_runner_that_the_profile_pauses_is_not_unpaused(live: World) -> None:
    live.change("run_untagged: true", "run_untagged: true\n    paused: true")
    assert live.apply().code == 0
    ended = run(live, "unpause")
    assert ended.code == 3
    assert "the next apply would pause it again" in ended.document["error"]["cause"]


def begun(world: World) -> Job:
    """A job that runs and does not end by itself."""
    for player in world.players:
        player.ends_jobs = False
    world.gitlab.state.commit(world.project, "busy", {CI_FILE: "job: {script: [sleep 9]}"})
    (job,) = new_pipeline(world.gitlab.state, world.project, "busy", "api").jobs
    while job.status != "running":
        time.sleep(0.05)
    return job


def test_a_drain_waits_for_the_jobs_that_run(live: World) -> None:
    job = begun(live)
    ended = run(live, "drain", "--timeout", "1")
    assert ended.code == 1
    assert ended.document["error"]["problem"] == "direct still runs 1 job."
    assert live.gitlab.runners[0].paused

    threading.Timer(1, lambda: setattr(job, "status", "success")).start()
    ended = run(live, "drain")
    assert ended.code == 0, ended.out
    assert said(ended)[-1] == "direct is drained: it takes no new jobs, and none runs"


def test_what_was_never_applied_cannot_be_paused(world: World) -> None:
    ended = run(world, "pause")
    assert ended.code == 3
    assert ended.document["error"]["fix"] == "Run apply first"
