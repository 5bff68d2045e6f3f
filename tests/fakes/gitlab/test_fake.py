"""The fake's trickier habits, where a mistake would make other tests lie."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.fakes.gitlab import FakeGitLab, RunnerPlayer
from tests.fakes.gitlab.state import Project
from wizard.core.facts import Scope
from wizard.systems.gitlab import RunnerSettings
from wizard.systems.gitlab.adapter import PythonGitLab

TAGGED = "one:\n  tags: [big]\n  script: ['true']\n"
UNTAGGED = "one:\n  script: ['true']\n"
TWO_STAGES = "stages: [a, b]\nsecond: {stage: b, script: x}\nfirst: {stage: a, script: x}\n"


@pytest.fixture
def fake() -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        yield fake


@pytest.fixture
def project(fake: FakeGitLab) -> Project:
    return fake.add_project("acme/homelab")


@pytest.fixture
def gitlab(fake: FakeGitLab) -> PythonGitLab:
    return PythonGitLab(fake.url, fake.add_token())


@pytest.fixture
def runner(fake, gitlab, project):
    """Make a runner of the project and play its manager."""

    def make(*tags: str, run_untagged: bool = False, **settings: bool) -> RunnerPlayer:
        scope = Scope("project", project.path, project.id)
        wanted = RunnerSettings("r", frozenset(tags), run_untagged=run_untagged, **settings)
        token = gitlab.create_runner(scope, wanted).token
        return RunnerPlayer(fake.url, token.get_secret_value())

    return make


def push(gitlab: PythonGitLab, project: Project, text: str) -> None:
    gitlab.commit_file(project.id, "topic", "main", ".gitlab-ci.yml", text, "Go")


@pytest.mark.parametrize(
    ("text", "settings", "taken"),
    [
        (TAGGED, {"tags": ("big", "other")}, True),
        (TAGGED, {"tags": ("other",)}, False),
        (UNTAGGED, {"tags": ("big",)}, False),
        (UNTAGGED, {"tags": (), "run_untagged": True}, True),
        (UNTAGGED, {"tags": (), "run_untagged": True, "paused": True}, False),
        (UNTAGGED, {"tags": (), "run_untagged": True, "protected": True}, False),
    ],
)
def test_a_job_goes_only_to_a_runner_that_may_take_it(
    gitlab, project, runner, text, settings, taken
):
    player = runner(*settings.pop("tags"), **settings)
    push(gitlab, project, text)

    assert (player.request_job() is not None) is taken


def test_a_protected_runner_takes_jobs_of_protected_branches(fake, gitlab, project, runner):
    player = runner(run_untagged=True, protected=True)
    project.protected_branches.add("topic")
    push(gitlab, project, UNTAGGED)

    assert player.work()


def test_a_runner_of_another_project_gets_nothing(fake, gitlab, project, runner):
    player = runner(run_untagged=True)
    push(gitlab, fake.add_project("acme/other"), UNTAGGED)

    assert player.request_job() is None


def test_one_job_goes_to_one_manager_only(gitlab, project, runner):
    first = runner(run_untagged=True)
    second = RunnerPlayer(first.url, first.token)
    push(gitlab, project, UNTAGGED)

    assert [bool(first.request_job()), bool(second.request_job())] == [True, False]


def test_stages_run_one_after_the_other_and_not_after_a_failure(gitlab, project, runner):
    player = runner(run_untagged=True)
    push(gitlab, project, TWO_STAGES)

    first = player.request_job()
    assert first["job_info"]["name"] == "first"
    assert player.request_job() is None
    player.finish(first, "failed", "script_failure")

    (pipeline,) = gitlab.find_pipelines(project.id, "topic")
    assert {job.name: job.status for job in gitlab.jobs(project.id, pipeline.id)} == {
        "first": "failed",
        "second": "skipped",
    }


def test_a_trace_is_taken_only_where_it_goes_on(fake, gitlab, project, runner):
    player = runner(run_untagged=True)
    push(gitlab, project, UNTAGGED)
    job = player.request_job()

    end = player.append_trace(job, "one ")
    assert player.append_trace(job, "lost", end + 5) == end + 5
    player.append_trace(job, "two", end)

    assert gitlab.trace(project.id, job["id"]) == "one two"


def test_a_cancelled_job_is_refused_to_its_runner(gitlab, project, runner):
    player = runner(run_untagged=True)
    push(gitlab, project, UNTAGGED)
    job = player.request_job()
    gitlab.cancel_pipeline(project.id, job["job_info"]["pipeline_id"])

    assert player.finish(job) == 403


def test_a_dead_token_is_refused(fake, gitlab, project, runner):
    player = runner(run_untagged=True)
    gitlab.reset_token(fake.runners[0].id)

    with pytest.raises(PermissionError):
        player.request_job()


def test_a_player_works_in_the_background(gitlab, project, runner):
    with runner(run_untagged=True).working(every=0.01) as player:
        push(gitlab, project, UNTAGGED)
        for _ in range(500):
            (pipeline,) = gitlab.find_pipelines(project.id, "topic")
            if pipeline.status == "success":
                break
            time.sleep(0.01)

    assert pipeline.status == "success"
    assert gitlab.jobs(project.id, pipeline.id)[0].system_id == player.system_id


def test_it_can_be_started_by_hand():
    command = [sys.executable, "-m", "tests.fakes.gitlab", "--port", "0", "--projects", "3"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        url, token = (re.sub(r"^\s*\w+:\s*", "", line).strip() for line in lines[1:])
        gitlab = PythonGitLab(url, SecretStr(token))
        assert gitlab.resolve("project", "acme/homelab").id
        assert gitlab.search_projects().total == 4
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
