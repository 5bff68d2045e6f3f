"""`doctor` on a profile and on a job: every witness is asked, and the failure named."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.journeys.world import NAMESPACE, World

JOBS = "gitlab-runner-jobs"
CI = "test:\n  tags: [{tag}]\n  script: [make]\n"


@pytest.fixture
def live(world: World) -> World:
    ended = world.apply()
    assert ended.code == 0, ended.err
    return world


def seed_pod(cluster: FakeCluster, job_id: int) -> None:
    """The pod of a job whose build ran out of memory."""
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    cluster.seed(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"runner-x-project-1-concurrent-0-{job_id}",
                "namespace": JOBS,
                "annotations": {"job.runner.gitlab.com/id": str(job_id)},
            },
            "spec": {"containers": [{"name": "build"}]},
            "status": {"containerStatuses": [{"name": "build", "state": ended}]},
        }
    )


def test_all_witnesses_of_a_profile_are_asked(live: World) -> None:
    live.cluster.seed(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "e1", "namespace": NAMESPACE},
            "type": "Warning",
            "reason": "FailedMount",
            "message": 'MountVolume.SetUp failed for volume "projected-secrets" : references '
            "non-existent secret key: runner-registration-token",
            "involvedObject": {"kind": "Pod", "name": "x"},
        }
    )
    seed_pod(live.cluster, 4711)
    for player in live.players:
        player.token = "gone"
    time.sleep(0.5)  # what is on its way still counts
    live.gitlab.advance(2 * 3600)
    ended = live.wizard("doctor", str(live.profile), "--json")
    assert ended.code == 1
    data = ended.document["data"]
    known = {one["failure"] for one in data["known"]}
    assert {"registration-key-missing", "build-out-of-memory"} <= known
    problems = [one["problem"] for one in data["findings"]]
    assert "GitLab does not hear from the manager of direct." in problems
    looked = " ".join(data["looked_at"])
    assert "the log of pod gitlab-runner-direct-" in looked
    assert f"the events of namespace {NAMESPACE}" in looked
    assert f"the pods of namespace {JOBS}" in looked


def test_a_job_that_no_runner_takes_is_held_against_each_runner(live: World) -> None:
    state, project = live.gitlab.state, live.project
    state.commit(project, "main", {".gitlab-ci.yml": CI.format(tag="nosuch")})
    from tests.fakes.gitlab.ci import new_pipeline

    job = new_pipeline(state, project, "main", "push").jobs[0]
    ended = live.wizard("doctor", "--job", f"{live.gitlab.url}/acme/homelab/-/jobs/{job.id}")
    assert ended.code == 1, ended.err
    assert f"No runner can pick up job {job.id} (nosuch)." in ended.out
    assert "it lacks the tag nosuch" in ended.out


def test_a_job_that_failed_is_explained_by_its_log_and_its_pod(live: World) -> None:
    state, project = live.gitlab.state, live.project
    state.commit(project, "main", {".gitlab-ci.yml": CI.format(tag="nosuch")})
    from tests.fakes.gitlab.ci import new_pipeline

    job = new_pipeline(state, project, "main", "push").jobs[0]
    job.status, job.failure_reason = "failed", "runner_system_failure"
    job.trace = b'ERROR: Job failed (system failure): container not found ("helper")\n'
    seed_pod(live.cluster, job.id)
    ended = live.wizard("doctor", str(live.profile), "--job", str(job.id), "--json")
    assert ended.code == 1, ended.err
    known = [one["failure"] for one in ended.document["data"]["known"]]
    assert known == ["helper-out-of-memory", "build-out-of-memory"]


def test_a_token_is_not_sent_to_the_address_of_a_pasted_job(live: World, tmp_path: Path) -> None:
    ended = live.wizard("doctor", "--job", "https://gitlab.example.com/acme/app/-/jobs/1")
    assert ended.code == 3
    assert "GITLAB_TOKEN was not sent to https://gitlab.example.com." in ended.err
