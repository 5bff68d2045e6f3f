"""From a profile to a runner that has run a job, and what the second run does."""

from __future__ import annotations

from tests.journeys.world import NAMESPACE, World


def names(events: list[dict]) -> list[str]:
    return [event["event"] for event in events]


def test_the_first_apply_ends_with_a_job_that_has_run(world: World) -> None:
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert names(ended.events)[-1] == "Proven"
    (runner,) = world.gitlab.runners
    assert runner.token == world.secret_token
    assert [job.status for job in world.jobs_of(runner)] == ["success"]


def test_the_profile_gets_its_id_and_its_cluster(world: World) -> None:
    world.apply()
    text = world.profile.read_text()
    assert world.cluster.uid in text
    (runner,) = world.gitlab.runners
    profile_id = text.split("\nid: ")[1][:8]
    assert f"[rw:{profile_id}/direct]" in runner.description
    assert "# Nothing secret stands in this file" in text


def test_the_second_apply_changes_nothing_and_writes_nothing(world: World) -> None:
    assert world.apply().code == 0
    before = world.profile.read_bytes()
    world.forget_writes()
    ended = world.apply()
    assert ended.code == 0
    assert ended.document["data"]["changed"] is False
    assert world.cluster.writes == []
    assert world.gitlab.writes == {}
    assert world.profile.read_bytes() == before


def test_an_edited_limit_changes_the_config_and_is_proven_by_a_job_again(
    world: World,
) -> None:
    world.apply()
    world.forget_writes()
    world.change("limit: 2Gi", "limit: 3Gi")
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert world.changed_objects == [
        ("PATCH", f"ConfigMap {NAMESPACE}/gitlab-runner-direct"),
        ("PATCH", f"Deployment {NAMESPACE}/gitlab-runner-direct"),
    ]
    assert world.gitlab.writes["POST /user/runners"] == 0
    assert world.gitlab.writes["POST /runners/:id/reset_authentication_token"] == 0
    assert names(ended.events)[-1] == "Proven"
    (runner,) = world.gitlab.runners
    assert len(world.jobs_of(runner)) == 2
    assert "ManagerSeen" in names(ended.events)


def test_of_several_managers_every_one_is_heard_of_before_the_runner_counts_as_proven(
    world: World,
) -> None:
    world.change("runner_version: 19.3.1", "runner_version: 19.3.1\n  replicas: 2")
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    seen = [event["system_id"] for event in ended.events if event["event"] == "ManagerSeen"]
    assert len(set(seen)) == len(seen) == 2
    (runner,) = world.gitlab.runners
    assert len(runner.managers) == 2
    assert names(ended.events)[-1] == "Proven"


def test_a_changed_tag_is_set_in_gitlab_and_nowhere_else(world: World) -> None:
    world.apply()
    world.forget_writes()
    world.change("tags: [kubernetes]", "tags: [kubernetes, fast]")
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert world.changed_objects == []
    (runner,) = world.gitlab.runners
    assert set(runner.tags) == {"kubernetes", "fast"}


def test_without_a_smoke_job_the_result_reads_online_unproven(world: World) -> None:
    ended = world.apply("--no-smoke")
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["sentence"].startswith("direct: online, unproven")


def test_the_smoke_job_leaves_no_branch_and_no_tag_behind(world: World) -> None:
    world.apply()
    (runner,) = world.gitlab.runners
    assert set(runner.tags) == {"kubernetes"}
    assert set(world.project.branches) == {"main"}


def test_a_lost_token_secret_is_healed_by_a_reset(world: World) -> None:
    world.apply()
    old = world.secret_token
    secret = world.cluster.find("Secret", "gitlab-runner-direct-token", NAMESPACE)
    assert secret
    world.cluster.remove(secret)
    planned = world.wizard("plan", str(world.profile)).out
    assert "(gets a new token, as no token is stored; its managers are restarted)" in planned
    assert "(no token is stored there)" in planned
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert world.live_tokens == [world.secret_token]
    assert world.secret_token != old


def test_a_token_that_somebody_overwrote_is_replaced(world: World) -> None:
    world.apply()
    secret = world.cluster.find("Secret", "gitlab-runner-direct-token", NAMESPACE)
    assert secret
    world.cluster.put(secret | {"data": secret["data"] | {"runner-token": "bm9uc2Vuc2U="}})
    assert world.wizard("plan", str(world.profile), "--detailed-exitcode").code == 10
    assert world.apply().code == 0
    assert world.live_tokens == [world.secret_token]


def test_a_lost_answer_to_the_create_still_ends_in_one_runner(world: World) -> None:
    world.gitlab.fail_next("POST", "/user/runners", drop_after=True)
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert world.live_tokens == [world.secret_token]


def test_a_second_runner_with_our_marker_is_removed(world: World) -> None:
    world.apply()
    (runner,) = world.gitlab.runners
    world.add_twin_of(runner)
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert [one.id for one in world.gitlab.runners] == [runner.id]


def test_a_rollout_that_failed_is_no_success_though_nothing_is_left_to_change(
    world: World,
) -> None:
    assert world.apply().code == 0
    world.change("limit: 2Gi", "limit: 3Gi")
    world.cluster.controllers.pod_status = lambda pod: {"phase": "Pending"}
    command = ("apply", str(world.profile), "--yes", "--json", "--timeout", "2")
    for _ in range(2):
        ended = world.wizard(*command)
        assert ended.code == 1, ended.out
        assert "0 of 1 new pods" in ended.document["error"]["cause"]
