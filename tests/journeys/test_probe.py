"""`verify --probe`: what a job would meet, looked at from where jobs run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.world import World
from wizard.core.shipped import asset

JOBS = "gitlab-runner-jobs"
NO_ACCOUNT = "fatal: could not read Username: terminal prompts disabled"
FINE = f"""\
probe: names yes 10.0.0.5
probe: tcp yes gitlab.example.com:443
probe: api no 10.96.0.1:443
probe: metadata no 169.254.169.254:80
probe: token no
probe: git 128 {NO_ACCOUNT}
"""


class Jobs:
    """The kubelet, for pods of probes: they end at once and have said this."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.log = FINE
        self.status: dict[str, Any] = {"phase": "Succeeded"}
        self.pods: list[dict[str, Any]] = []
        world.cluster.controllers.changed = self.made

    def made(self, body: dict[str, Any]) -> None:
        if body["kind"] == "Pod" and "runner-wizard/probe" in body["metadata"]["labels"]:
            self.pods.append(body)
            self.world.cluster.put(body | {"status": self.status})
            self.world.cluster.logs[JOBS, body["metadata"]["name"]] = self.log


@pytest.fixture
def jobs(world: World) -> Jobs:
    ended = world.apply()
    assert ended.code == 0, ended.err
    return Jobs(world)


def probe(jobs: Jobs):
    profile = str(jobs.world.profile)
    return jobs.world.wizard("verify", profile, "--probe", "--json", "--timeout", "8")


def test_a_probe_says_what_a_job_would_meet_and_leaves_nothing(jobs: Jobs) -> None:
    ended = probe(jobs)
    assert ended.code == 0, ended.err + ended.out
    said = [event["sentence"] for event in ended.events if event["event"] == "Probed"]
    host = "127.0.0.1"
    assert said == [
        f"direct, from a job's pod: {host} has an address in the build container (10.0.0.5)",
        f"direct, from a job's pod: {host} has an address in the helper container (10.0.0.5)",
        f"direct, from a job's pod: a job can clone from {host}",
        "direct, from a job's pod: no token of Kubernetes is in the job's reach",
        "direct, from a job's pod: the cloud's metadata service is out of reach",
        "direct, from a job's pod: the API server is out of reach",
    ]
    assert ended.events[-1]["event"] == "Proven"
    (pod,) = jobs.pods
    assert pod["spec"]["activeDeadlineSeconds"] == 180
    assert jobs.world.cluster.find("Pod", pod["metadata"]["name"], JOBS) is None


def test_a_probe_of_a_killed_run_is_swept_by_the_next(jobs: Jobs) -> None:
    probe(jobs)
    (left,) = jobs.pods
    jobs.world.cluster.seed(left)
    assert probe(jobs).code == 0
    assert jobs.world.cluster.find("Pod", left["metadata"]["name"], JOBS) is None


@pytest.mark.parametrize(
    ("fine", "found", "problem", "cause"),
    [
        (
            "probe: names yes 10.0.0.5",
            "probe: names no nameserver 10.96.0.10 options ndots:5",
            "Jobs of direct cannot find 127.0.0.1: the build container gets no address.",
            "nameserver 10.96.0.10",
        ),
        (
            NO_ACCOUNT,
            "fatal: unable to access: SSL certificate problem: unable to get local issuer",
            "Jobs of direct cannot clone from 127.0.0.1.",
            "SSL certificate problem",
        ),
    ],
)
def test_what_no_job_would_get_past_fails_the_proof(
    jobs: Jobs, fine: str, found: str, problem: str, cause: str
) -> None:
    assert fine in jobs.log
    jobs.log = jobs.log.replace(fine, found)
    ended = probe(jobs)
    assert ended.code == 1, ended.out
    assert ended.document["error"]["problem"] == problem
    assert cause in ended.document["error"]["cause"]
    assert jobs.world.cluster.find("Pod", jobs.pods[0]["metadata"]["name"], JOBS) is None


@pytest.mark.parametrize(
    ("fine", "found", "problem"),
    [
        ("token no", "token yes mounted", "Jobs of direct can read a token of Kubernetes."),
        ("metadata no", "metadata yes", "Jobs of direct reach the cloud's metadata service."),
    ],
)
def test_what_jobs_should_not_reach_is_warned_of(
    jobs: Jobs, fine: str, found: str, problem: str
) -> None:
    jobs.log = jobs.log.replace(fine, found)
    ended = probe(jobs)
    assert ended.code == 0, ended.out
    (warned,) = [one["sentence"] for one in ended.events if one["event"] == "Warned"]
    assert problem in warned


def test_a_pod_that_cannot_start_says_what_every_job_would_wait_for(jobs: Jobs) -> None:
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "alpine:3.22"'}
    container = {"name": "build", "state": {"waiting": waiting}}
    jobs.status = {"phase": "Pending", "containerStatuses": [container]}
    ended = probe(jobs)
    assert ended.code == 1, ended.out
    error = ended.document["error"]
    assert error["problem"] == "A pod of a job of direct does not start."
    assert "ImagePullBackOff" in error["cause"]


def test_the_script_says_what_it_cannot_know_in_an_image_without_tools(tmp_path: Path) -> None:
    """`sh` alone, and nothing else on the path."""
    shell = shutil.which("sh")
    assert shell
    environment = {"PATH": str(tmp_path), "PROBE_HOST": "gitlab.invalid", "PROBE_PORT": "443"}
    ended = subprocess.run(
        [shell, "-c", asset("probe.sh").read_text()],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"KUBERNETES_SERVICE_HOST": "10.96.0.1"},
    )
    assert ended.stderr == ""
    assert ended.stdout.splitlines()[:4] == [
        "probe: names unknown the image has neither getent nor nslookup",
        "probe: tcp unknown the image has neither nc nor bash",
        "probe: api unknown the image has neither nc nor bash",
        "probe: metadata unknown the image has neither nc nor bash",
    ]


@pytest.mark.skipif(not shutil.which("git"), reason="git asks GitLab")
def test_the_script_asks_git_as_a_job_does(world: World) -> None:
    environment = {"PATH": os.environ["PATH"], "PROBE_HOST": "127.0.0.1", "PROBE_CA": ""}
    port = world.gitlab.url.rpartition(":")[2]
    ended = subprocess.run(
        ["sh", "-c", asset("probe.sh").read_text()],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"PROBE_PORT": port, "PROBE_URL": f"{world.gitlab.url}/a/b.git"},
    )
    said = dict(line.split(" ", 2)[1:] for line in ended.stdout.splitlines() if "git" in line)
    assert said["git"].startswith("128 fatal:")
