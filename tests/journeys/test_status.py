"""`status`: one screen of what is true now, and an exit code that says what it comes to."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.journeys.gitops_world import RELEASE, GitOpsWorld
from tests.journeys.test_gitops import proven
from tests.journeys.world import NAMESPACE, Ended, World

DAY = 24 * 3600
NOT_OURS = 'pods is forbidden: User "reader" cannot list resource "pods" in API group ""'


@pytest.fixture
def live(world: World) -> World:
    ended = world.apply()
    assert ended.code == 0, ended.err
    world.forget_writes()
    return world


def status(world: World, *options: str) -> Ended:
    return world.wizard("status", str(world.profile), *options)


def problems(ended: Ended) -> list[str]:
    data = ended.document["data"]
    remarks = [*data["remarks"], *(one for r in data["runners"] for one in r["remarks"])]
    return [remark["finding"]["problem"] for remark in remarks]


def test_a_runner_that_works_is_told_on_one_screen(live: World) -> None:
    ended = status(live)
    assert ended.code == 0, ended.out
    assert "runner direct (" in ended.out
    assert "of acme/homelab): online, last contact" in ended.out
    assert "0 jobs running" in ended.out
    assert "GitLab accepts it" in ended.out
    assert f"the same in Secret {NAMESPACE}/gitlab-runner-direct-token, 1 running pod" in ended.out
    assert "Everything is as the profile says." in ended.out
    assert len(ended.out.splitlines()) <= 24


def test_nothing_is_written_by_looking(live: World) -> None:
    before = live.profile.read_bytes()
    assert status(live).code == 0
    assert live.cluster.writes == []
    asked = {route for route in live.gitlab.writes if "/jobs" not in route}
    assert asked <= {"DELETE /runners/managers"}  # of a manager that does not exist
    assert live.live_tokens == [live.secret_token]
    assert live.profile.read_bytes() == before


def test_a_manager_that_is_silent_is_not_online_whatever_gitlab_calls_it(live: World) -> None:
    for player in live.players:
        player.token = "gone"
    time.sleep(0.5)  # what is on its way still counts
    live.gitlab.advance(90 * 60)
    ended = status(live, "--json")
    assert ended.code == 1
    (runner,) = ended.document["data"]["runners"]
    assert (runner["is_online"], runner["state"]) == (False, "broken")
    assert "GitLab does not hear from the manager of direct." in problems(ended)


def test_a_field_that_somebody_changed_is_told_with_who_did(live: World) -> None:
    deployment = live.cluster.find("Deployment", "gitlab-runner-direct", NAMESPACE)
    assert deployment
    deployment["spec"]["replicas"] = 0
    deployment["metadata"]["managedFields"] = [
        *deployment["metadata"].get("managedFields", []),
        {
            "manager": "kubectl-scale",
            "operation": "Update",
            "time": "2026-01-02T03:04:05Z",
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        },
    ]
    live.cluster.put(deployment)
    ended = status(live)
    assert ended.code == 10
    assert f"Deployment {NAMESPACE}/gitlab-runner-direct was changed by kubectl-scale." in ended.out
    assert "spec.replicas: 0, rendered 1, by kubectl-scale at 2026-01-02 03:04 UTC" in ended.out


def test_a_setting_changed_in_gitlab_is_told_field_by_field(live: World) -> None:
    (runner,) = live.gitlab.runners
    runner.paused = True
    ended = status(live)
    assert ended.code == 10
    assert "paused: True, the profile says False" in ended.out
    assert ", paused, " in ended.out


def test_a_token_reset_elsewhere_is_told_before_anything_fails(live: World) -> None:
    (runner,) = live.gitlab.runners
    runner.token = runner.token[:-4] + "else"
    ended = status(live, "--json")
    assert ended.code == 1
    assert "GitLab refuses the stored token of direct." in problems(ended)
    (told,) = ended.document["data"]["runners"]
    assert told["token"]["is_accepted"] is False


def test_a_token_that_ends_soon_is_told_with_its_end(world: World) -> None:
    world.gitlab.token_lifetime = timedelta(days=30)
    assert world.apply().code == 0
    assert "expires in 29 days" in status(world).out
    world.gitlab.advance(26 * DAY)
    ended = status(world, "--json")
    assert any(said.startswith("The token of direct expires at") for said in problems(ended))


def test_another_token_in_the_secret_is_told_by_its_place(live: World) -> None:
    secret = live.cluster.find("Secret", "gitlab-runner-direct-token", NAMESPACE)
    assert secret
    secret["data"]["runner-token"] = base64.b64encode(b"another").decode()
    live.cluster.put(secret)
    place = f"Secret {NAMESPACE}/gitlab-runner-direct-token"
    assert f"{place} does not have the token of direct." in problems(status(live, "--json"))


def test_gitlab_away_hides_nothing_of_the_cluster(live: World) -> None:
    live.change(f"url: {live.gitlab.url}", "url: http://127.0.0.1:9")
    ended = status(live, "--trust", "http://127.0.0.1:9")
    assert ended.code == 1
    assert "GitLab could not be asked." in ended.out
    assert " in place and as rendered" in ended.out


def test_without_rights_to_pods_the_rest_is_told_all_the_same(live: World) -> None:
    live.cluster.fails("GET", "/pods", status=403, message=NOT_OURS)
    ended = status(live)
    assert ended.code == 0, ended.out
    assert "the managers' pods could not be seen." in ended.out
    assert "Nothing is known to be wrong, but not everything could be checked." in ended.out


def test_a_profile_that_was_never_applied_says_so(world: World) -> None:
    ended = status(world)
    assert ended.code == 1
    assert "This profile has never been applied: it has no id." in ended.out


def test_watching_looks_again_and_writes_a_line_each_time(live: World) -> None:
    arguments = ["status", str(live.profile), "--watch", "--every", "1", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "wizard", *arguments],
        env=live.environment,
        cwd=live.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    looks = [json.loads(process.stdout.readline()) for _ in range(2)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert [look["state"] for look in looks] == ["ok", "ok"]


def test_files_on_their_way_are_told_step_by_step(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        proven(world)
        ended = status(world)
        assert ended.code == 0, ended.out
        assert "as rendered, committed as " in ended.out
        file = next(world.repository.glob(f"manifests/{RELEASE}/*.yaml"))
        file.write_text(file.read_text() + "# a note\n")
        said = status(world)
        assert said.code == 10
        assert "1 file is not as the profile renders them." in said.out
        assert "1 file is not committed." in said.out
        assert file.name in said.out
