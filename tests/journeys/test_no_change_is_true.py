"""What plan and apply say of a runner that nothing of has to be changed is true now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes.gitlab import RunnerPlayer
from tests.journeys.gitops_world import RELEASE, GitOpsWorld
from tests.journeys.test_gitops import proven
from tests.journeys.world import NAMESPACE, World

DAY = 24 * 3600


@pytest.fixture
def live(world: World) -> World:
    assert world.apply().code == 0
    world.forget_writes()
    return world


def silence(world: World) -> None:
    """The managers stop asking for jobs."""
    for player in world.players:
        player.token = "gone"


def planned(world: World) -> tuple[int, str]:
    ended = world.wizard("plan", str(world.profile), "--detailed-exitcode")
    return ended.code, ended.out


def test_a_token_that_somebody_reset_is_found_and_replaced(live: World) -> None:
    silence(live)
    (runner,) = live.gitlab.runners
    runner.token = runner.token[:-4] + "else"
    code, said = planned(live)
    assert code == 10
    assert "GitLab refuses the stored token: it was reset elsewhere" in said
    ended = live.apply()
    assert ended.code == 0, ended.out
    assert live.live_tokens == [live.secret_token]
    assert ended.events[-1]["event"] == "Proven"


@pytest.mark.parametrize(
    ("days", "says"),
    [(26, "with less than a quarter of its life left"), (31, "its token expired at")],
)
def test_a_token_is_renewed_before_it_expires_and_after(world: World, days: int, says: str) -> None:
    world.gitlab.token_lifetime = timedelta(days=30)
    assert world.apply().code == 0
    old = world.secret_token
    world.gitlab.advance(days * DAY)
    code, said = planned(world)
    assert code == 10
    assert says in said
    ended = world.apply()
    assert ended.code == 0, ended.out
    assert world.live_tokens == [world.secret_token]
    assert world.secret_token != old
    assert planned(world)[0] == 0


def test_a_token_in_the_first_part_of_its_life_is_left_alone(world: World) -> None:
    world.gitlab.token_lifetime = timedelta(days=30)
    assert world.apply().code == 0
    world.gitlab.advance(20 * DAY)
    assert "new token" not in planned(world)[1]
    world.forget_writes()
    world.apply()
    assert world.gitlab.writes["POST /runners/:id/reset_authentication_token"] == 0


def test_managers_that_have_been_silent_for_days_are_said_and_are_no_success(live: World) -> None:
    silence(live)
    live.gitlab.advance(3 * DAY)
    code, said = planned(live)
    assert code == 10
    assert "No change" in said
    assert "but something is wrong" in said
    assert "direct: GitLab has heard from none of its managers since" in said
    document = live.wizard("plan", str(live.profile), "--json").document
    assert document["data"]["doubts"][0]["runner"] == "direct"
    ended = live.wizard("apply", str(live.profile), "--yes", "--json", "--timeout", "2")
    assert ended.code == 1, ended.out
    assert "GitLab has not heard from the manager" in ended.document["error"]["problem"]


def test_looking_does_not_make_a_dead_runner_look_alive(live: World) -> None:
    silence(live)
    live.gitlab.advance(3 * DAY)
    (runner,) = live.gitlab.runners
    managers = {name: one.contacted_at for name, one in runner.managers.items()}
    contacted = runner.contacted_at
    for _ in range(2):
        assert "none of its managers since" in planned(live)[1]
    assert {name: one.contacted_at for name, one in runner.managers.items()} == managers
    assert runner.contacted_at == contacted


def test_a_change_that_was_not_proven_is_proven_by_the_next_run(live: World) -> None:
    live.change("limit: 2Gi", "limit: 3Gi")
    command = ("apply", str(live.profile), "--yes", "--json", "--timeout", "20")
    ended = live.apply()
    assert ended.code == 0
    live.change("limit: 3Gi", "limit: 4Gi")
    reached = next(
        number
        for number, event in enumerate(ended.events, start=1)
        if event["sentence"].startswith("updated Deployment")
    )
    assert live.killed_at(reached, *command) == reached
    (runner,) = live.gitlab.runners
    jobs = len(live.jobs_of(runner))
    ended = live.apply()
    assert ended.code == 0, ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert len(live.jobs_of(runner)) > jobs


def test_a_pod_that_is_gone_is_said(live: World) -> None:
    deployment = live.cluster.find("Deployment", "gitlab-runner-direct", NAMESPACE)
    assert deployment
    status = deployment["status"] | {"availableReplicas": 0}
    live.cluster.put(deployment | {"status": status})
    said = planned(live)[1]
    assert "Deployment gitlab-runner/gitlab-runner-direct has 0 of 1 pods" in said


class TestThroughGit:
    @pytest.fixture
    def homelab(self, tmp_path: Path) -> Iterator[GitOpsWorld]:
        with GitOpsWorld(tmp_path) as world:
            proven(world)
            world.forget_writes()
            yield world

    def test_a_deployment_that_was_deleted_is_said_and_is_no_success(
        self, homelab: GitOpsWorld
    ) -> None:
        assert planned(homelab)[0] == 0, "all is well"
        found = homelab.cluster.find("Deployment", RELEASE, NAMESPACE)
        assert found
        homelab.cluster.remove(found)
        code, said = planned(homelab)
        assert code == 10
        assert f"the cluster has no Deployment gitlab-runner/{RELEASE}" in said
        ended = homelab.wizard("apply", str(homelab.profile), "--yes", "--json", "--timeout", "2")
        assert ended.code == 1, ended.out
        assert RELEASE in ended.document["error"]["problem"] + ended.document["error"]["cause"]

    def test_a_secret_that_is_not_what_the_backend_keeps_is_said(
        self, homelab: GitOpsWorld
    ) -> None:
        homelab.refresh_with("something else")
        code, said = planned(homelab)
        assert code == 10
        assert f"Secret gitlab-runner/{RELEASE}-token does not hold the token that is in" in said
        homelab.refresh()
        assert homelab.apply().code == 0


def test_a_plan_that_finds_nothing_asks_gitlab_seven_times(live: World) -> None:
    live.wizard("plan", str(live.profile))
    asked = [f"{call.method} {call.route}" for call in live.gitlab.calls]
    ours = [one for one in asked if one not in {"POST /jobs/request", "POST /runners/verify"}]
    assert sorted(ours) == [
        "DELETE /runners/managers",
        "GET /personal_access_tokens/self",
        "GET /projects/:id",
        "GET /projects/:id/runners",
        "GET /runners/:id",
        "GET /runners/:id/managers",
        "GET /user",  # and its token, above: plan says what apply would refuse
    ]


def test_a_manager_that_died_is_listed_and_taken_off_gitlabs_list(live: World) -> None:
    (runner,) = live.gitlab.runners
    (alive,) = runner.managers
    dead = RunnerPlayer(live.gitlab.url, live.secret_token)
    dead.request_job()
    live.gitlab.advance(4 * 3600)
    time.sleep(0.5)  # the other one asks for a job meanwhile
    code, said = planned(live)
    assert code == 10
    assert f"manager {dead.system_id} of runner direct" in said
    assert "GitLab has not heard from it since" in said
    jobs = len(live.jobs_of(runner))
    assert live.apply().code == 0
    assert list(runner.managers) == [alive]
    assert len(live.jobs_of(runner)) == jobs, "the runner itself needs no new proof"
    assert planned(live)[0] == 0
