"""The smoke job starts nothing of the project's, and where it cannot run, that is told at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.gitlab.state import Project
from tests.journeys.world import Ended, World

DEPLOYS = "deploy-review:\n  tags: [kubernetes]\n  script:\n    - ./deploy.sh production\n"


def unproven(ended: Ended) -> str:
    assert ended.code == 0, ended.err + ended.out
    (last,) = [event for event in ended.events if event["event"] == "Unproven"]
    return last["sentence"]


def nothing_is_left(world: World) -> bool:
    tags = [tag for runner in world.gitlab.runners for tag in runner.tags]
    return set(world.project.branches) == {"main"} and not [t for t in tags if "smoke" in t]


def jobs(world: World) -> set[str]:
    return {job.name for job in world.gitlab.state.jobs.values()}


@pytest.mark.parametrize("path", ["", ".gitlab/ci.yml"])
def test_the_projects_own_pipeline_is_never_started(world: World, path: str) -> None:
    world.project.ci_config_path = path
    files = {"README.md": "x", path or ".gitlab-ci.yml": DEPLOYS}
    world.gitlab.state.commit(world.project, "main", files)
    ended = world.apply()
    assert ended.code == 0, ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert jobs(world) == {"runner-wizard-smoke"}
    assert nothing_is_left(world)


@pytest.mark.parametrize(
    "path", ["https://example.com/ci.yml", "ci.yml@acme/pipelines", "ci.yml@acme/pipelines:main"]
)
def test_pipelines_that_are_defined_elsewhere_are_not_started(world: World, path: str) -> None:
    world.project.ci_config_path = path
    assert f"are defined elsewhere ({path})" in unproven(world.apply())
    assert not world.gitlab.state.pipelines
    assert nothing_is_left(world)


def test_another_pipeline_that_gitlab_makes_in_place_of_ours_is_canceled_at_once(
    tmp_path: Path,
) -> None:
    """The project tells nothing of it: a compliance framework's, for one."""
    with World(tmp_path, jobs_end=False) as world:
        world.project.imposed_ci = DEPLOYS
        said = unproven(world.apply())
        assert "made another pipeline than ours, with deploy-review, which was canceled" in said
        (pipeline,) = (one for one in world.gitlab.state.pipelines.values() if one.jobs)
        assert pipeline.status == "canceled"
        assert nothing_is_left(world)


def _unreadable(project: Project) -> None:
    project.code_is_hidden = True


def _archived(project: Project) -> None:
    project.archived = True


def _without_ci(project: Project) -> None:
    project.ci_enabled = False


def _all_protected(project: Project) -> None:
    project.protected_branches = {"main", "*"}


def _named_branches(project: Project) -> None:
    project.push_rule = {"branch_name_regex": "^(feature|fix)/"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_unreadable, "this token may not read the code of acme/homelab"),
        (_archived, "is archived"),
        (_without_ci, "CI/CD is switched off in acme/homelab"),
        (_all_protected, "is protected in acme/homelab (by *)"),
        (_named_branches, "wants other names of branches: ^(feature|fix)/"),
    ],
)
def test_a_project_in_which_no_job_can_be_run_is_told_at_once(
    world: World, change: Callable[[Project], None], why: str
) -> None:
    world.gitlab.premium = True
    change(world.project)
    plan = world.wizard("plan", str(world.profile))
    assert plan.code == 0
    assert why in plan.out
    assert why in unproven(world.apply())
    assert not world.gitlab.writes["POST /projects/:id/repository/commits"]


def test_a_branch_that_gitlab_refuses_is_told_in_its_words(world: World) -> None:
    world.project.push_rule = {"branch_name_regex": "^(feature|fix)/"}  # not for this user to see
    said = unproven(world.apply())
    assert "does not follow the pattern '^(feature|fix)/'" in said
    assert "--no-smoke" in said
    assert nothing_is_left(world)


def test_a_pipeline_that_failed_at_birth_ends_the_wait_with_gitlabs_reason(world: World) -> None:
    reason = "The pipeline failed due to the user not being verified."
    world.gitlab.state.fails_at_birth = reason
    assert reason in unproven(world.apply())
    assert nothing_is_left(world)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("tags: [kubernetes]", f"tags: {[f't{n}' for n in range(50)]}", "it has 50 tags"),
        ("tags: [kubernetes]", "tags: [kubernetes]\n    paused: true", "it is paused"),
        (
            "tags: [kubernetes]",
            "tags: [kubernetes]\n    protected: true",
            "protected branches only",
        ),
    ],
)
def test_a_runner_that_can_take_no_smoke_job_ends_well_also_when_run_again(
    tmp_path: Path, before: str, after: str, why: str
) -> None:
    with World(tmp_path) as world:
        world.change(before, after)
        assert why in unproven(world.apply())
        again = world.apply()
        assert again.code == 0, again.out


def test_what_a_killed_smoke_job_left_is_canceled_and_removed_by_the_next_run(
    tmp_path: Path,
) -> None:
    with World(tmp_path, jobs_end=False) as world:
        assert world.killed_at_kind("SmokeJobStarted", "apply", str(world.profile), "--yes")
        assert len(world.project.branches) == 2
        for player in world.players:
            player.ends_jobs = True
        ended = world.apply()
        assert ended.code == 0, ended.out
        assert nothing_is_left(world)
        states = {pipeline.status for pipeline in world.gitlab.state.pipelines.values()}
        assert not states & {"pending", "running", "created"}
