"""`verify`: the proof again, on its own, with the reason where it fails."""

from __future__ import annotations

import time

import pytest

from tests.fakes.gitlab import RunnerPlayer
from tests.journeys.test_smoke_job import nothing_is_left
from tests.journeys.world import NAMESPACE, World


@pytest.fixture
def live(world: World) -> World:
    ended = world.apply()
    assert ended.code == 0, ended.err
    world.forget_writes()
    return world


def verify(world: World, *options: str):
    return world.wizard("verify", str(world.profile), "--json", "--timeout", "8", *options)


def test_a_runner_is_proven_as_often_as_somebody_likes(live: World) -> None:
    for _ in range(2):
        ended = verify(live)
        assert ended.code == 0, ended.err + ended.out
        assert ended.events[-1] == {
            "event": "Proven",
            "sentence": "direct: proven by a job",
            "runner": "direct",
        }
    assert len(live.jobs_of(live.gitlab.runners[0])) == 3
    assert nothing_is_left(live)
    assert live.cluster.writes == []


def test_a_profile_that_is_not_applied_is_sent_to_apply(world: World) -> None:
    ended = verify(world)
    assert ended.code == 1
    error = ended.document["error"]
    assert error["cause"] == "it is not in GitLab"
    assert error["fix"] == "Run apply, which repairs it and proves it"
    assert not world.gitlab.runners


def test_a_manager_on_an_older_token_fails_the_proof_and_is_left_alone(live: World) -> None:
    secret = live.cluster.find("Secret", "gitlab-runner-direct-token", NAMESPACE)
    assert secret
    for entry in secret["metadata"]["managedFields"]:
        entry["time"] = "2099-01-01T00:00:00Z"
    live.cluster.put(secret)
    ended = verify(live)
    assert ended.code == 1
    assert ended.document["error"]["problem"] == "direct runs on an older token."
    assert live.cluster.writes == []


def test_a_smoke_job_that_fails_is_explained_at_once(
    live: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (
        "WARNING: Failed to pull image: toomanyrequests: You have reached your pull rate limit\n"
        "ERROR: Job failed: prepare environment\n"
    )

    def work(self: RunnerPlayer, _state: str = "", _reason: str = "") -> None:
        if job := self.request_job():
            self.append_trace(job, said)
            self.finish(job, "failed", "runner_system_failure")

    monkeypatch.setattr(RunnerPlayer, "work", work)
    ended = verify(live)
    assert ended.code == 1
    error = ended.document["error"]
    assert error["problem"] == "The smoke job of direct ended with failed."
    assert "Docker Hub gives these nodes no more images for now." in error["cause"]
    assert error["fix"].startswith("Use a mirror (images.mirrors)")
    assert "; read the whole log at http" in error["fix"]
    assert nothing_is_left(live)


def test_what_the_silent_managers_log_says_is_told(live: World) -> None:
    for player in live.players:
        player.token = "gone"
    time.sleep(0.5)  # what is on its way still counts
    live.gitlab.advance(1800)
    log = (
        'ERROR: Checking for jobs... error status="dial tcp: lookup gitlab.example.com on '
        '10.96.0.10:53: no such host"'
    )
    for pod in live.cluster.objects("Pod"):
        live.cluster.logs[NAMESPACE, pod["metadata"]["name"]] = log
    ended = verify(live)
    assert ended.code == 1
    error = ended.document["error"]
    assert error["problem"] == "GitLab has not heard from the manager of direct."
    assert "gitlab.example.com cannot be resolved from inside the cluster." in error["cause"]
    assert error["fix"].startswith("Open port 53 to the cluster's DNS")
