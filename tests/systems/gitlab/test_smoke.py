"""What the smoke job asks of GitLab: a branch, a pipeline, a job, and the way back."""

from __future__ import annotations

import pytest

from tests.fakes.gitlab import RunnerPlayer
from tests.fakes.gitlab.state import DEVELOPER
from wizard.core.errors import ConflictError, NotAllowedError, ScopeTooSmallError, WizardError

CI = """\
variables: {GIT_STRATEGY: none}
smoke:
  image: alpine:3.22
  tags: [homelab]
  script: ["echo nonce $CI_JOB_ID"]
"""
BRANCH = "runner-wizard/3f9c2a71"


@pytest.fixture
def commit(gitlab, project):
    def make(branch=BRANCH, message="Prove a runner", path=".gitlab-ci.yml"):
        return gitlab.commit_file(project.id, branch, "main", path, CI, message)

    return make


@pytest.fixture
def player(gitlab, fake, project, wanted):
    created = gitlab.create_runner(project, wanted)
    return RunnerPlayer(fake.url, created.token.get_secret_value())


def test_a_smoke_job_is_run_by_the_runner_that_was_made(gitlab, project, commit, player):
    commit()
    (pipeline,) = gitlab.find_pipelines(project.id, BRANCH)
    assert pipeline.status == "pending"
    assert gitlab.jobs(project.id, pipeline.id)[0].runner_id == 0

    taken = player.work()

    (job,) = gitlab.jobs(project.id, pipeline.id)
    assert job.ended
    assert (job.status, job.system_id) == ("success", player.system_id)
    assert job.runner_id == gitlab.find_runners(project, "homelab")[0].id
    assert job.tags == {"homelab"}
    assert f"nonce {taken['id']}" in gitlab.trace(project.id, job.id)


def test_a_failed_job_says_why(gitlab, project, commit, player):
    commit()
    player.work("failed", "runner_system_failure")

    (pipeline,) = gitlab.find_pipelines(project.id, BRANCH)
    (job,) = gitlab.jobs(project.id, pipeline.id)

    assert (job.status, job.failure_reason) == ("failed", "runner_system_failure")


def test_a_file_that_is_there_already_is_updated(gitlab, fake, project, commit):
    commit(path="README.md")

    branch = fake.state.projects[project.id].branches[BRANCH]
    assert fake.state.trees[branch]["README.md"] == CI


def test_a_branch_that_exists_is_a_conflict(commit):
    commit()

    with pytest.raises(ConflictError, match="runner-wizard/3f9c2a71") as refused:
        commit()

    assert "already exists" in refused.value.cause


def test_the_branch_is_deleted_and_deleting_again_is_fine(gitlab, fake, project, commit):
    commit()

    gitlab.delete_branch(project.id, BRANCH)
    gitlab.delete_branch(project.id, BRANCH)

    assert list(fake.state.projects[project.id].branches) == ["main"]


def test_a_pipeline_can_be_started_by_hand(gitlab, project, commit):
    commit(message="Prove a runner [skip ci]")
    (skipped,) = gitlab.find_pipelines(project.id, BRANCH)
    assert skipped.status == "skipped"
    assert gitlab.jobs(project.id, skipped.id) == []

    started = gitlab.create_pipeline(project.id, BRANCH)

    assert gitlab.find_pipelines(project.id, BRANCH) == [started, skipped]
    assert gitlab.pipeline(project.id, started.id) == started


def test_a_branch_without_a_pipeline_file_is_told_so(gitlab, project):
    with pytest.raises(WizardError, match="start a pipeline on main") as refused:
        gitlab.create_pipeline(project.id, "main")

    assert refused.value.cause == "GitLab says: Missing CI config file"


def test_a_cancelled_pipeline_runs_no_more_and_cancelling_again_is_fine(
    gitlab, project, commit, player
):
    commit()
    (pipeline,) = gitlab.find_pipelines(project.id, BRANCH)

    gitlab.cancel_pipeline(project.id, pipeline.id)
    gitlab.cancel_pipeline(project.id, pipeline.id)
    gitlab.cancel_pipeline(project.id, 12345)

    assert player.work() is None
    assert gitlab.jobs(project.id, pipeline.id)[0].status == "canceled"


def test_an_empty_repository_has_no_default_branch(gitlab, fake, project):
    empty = fake.add_project("acme/empty", files={})

    assert gitlab.project(project.id).default_branch == "main"
    assert gitlab.project(empty.id).default_branch == ""


def test_runner_scopes_alone_cannot_prove_and_say_what_it_takes(connect, project):
    gitlab = connect("create_runner", "manage_runner", "read_api")

    with pytest.raises(ScopeTooSmallError) as refused:
        gitlab.commit_file(project.id, BRANCH, "main", "x", "y", "z")

    assert "Make a token with api" in refused.value.fix


def test_a_developer_may_not_push_to_a_protected_branch(gitlab, fake, project):
    fake.state.groups_above("acme")[0].members[fake.user.id] = DEVELOPER
    fake.state.projects[project.id].members[fake.user.id] = DEVELOPER

    with pytest.raises(NotAllowedError) as refused:
        gitlab.commit_file(project.id, "main", "main", "x", "y", "z")

    assert "not allowed to push" in refused.value.cause


def test_bytes_that_are_no_text_do_not_break_the_trace(gitlab, fake, project, commit, player):
    commit()
    job = player.request_job()
    fake.state.jobs[job["id"]].trace = b"before \xff\xfe after"

    assert gitlab.trace(project.id, job["id"]) == "before \ufffd\ufffd after"


def test_a_trace_reads_as_a_person_would_read_it(gitlab, fake, project, commit, player):
    """Times, colours and sections as gitlab-runner 19.3 sends them."""
    commit()
    job = player.request_job()
    fake.state.jobs[job["id"]].trace = (
        b"2026-11-26T05:10:19.773997Z 00O section_start:1795669819:prepare_script\r\x1b[0K\n"
        b"2026-11-26T05:10:19.774000Z 00O+\x1b[0K\x1b[36;1mPreparing environment\x1b[0;m\n"
        b"2026-11-26T05:10:23.568557Z 01E sh: /scripts/prepare_script: not found\n"
        b"no time here\n"
    )
    assert gitlab.trace(project.id, job["id"]).splitlines() == [
        "",
        "Preparing environment",
        "sh: /scripts/prepare_script: not found",
        "no time here",
    ]
