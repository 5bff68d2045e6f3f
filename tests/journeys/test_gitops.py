"""The homelab preset: token to Infisical, files to Git, the rest by Argo CD and its helpers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.kubernetes.controllers import running
from tests.journeys.gitops_world import FOLDER, RELEASE, STORE, GitOpsWorld
from tests.journeys.matrix import events
from tests.journeys.world import NAMESPACE


@pytest.fixture
def homelab(tmp_path: Path) -> Iterator[GitOpsWorld]:
    with GitOpsWorld(tmp_path) as world:
        yield world


def stored(world: GitOpsWorld) -> list[str]:
    return world.infisical.versions(world.vault, f"{FOLDER}/RUNNER_TOKEN")


def synced(world: GitOpsWorld) -> None:
    world.sync(world.commit())
    world.refresh()
    world.start_managers()


def proven(world: GitOpsWorld) -> None:
    world.apply()
    synced(world)
    world.apply()
    world.commit_if_needed()


def test_the_first_apply_ends_with_files_that_wait_for_a_commit(homelab: GitOpsWorld) -> None:
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    assert "git push" in ended.events[-1]["sentence"]
    assert (homelab.repository / f"argocd-apps/{RELEASE}.yaml").exists()
    assert stored(homelab) == homelab.live_tokens
    assert homelab.cluster.writes == []


def test_files_outside_any_repository_say_where_they_belong(homelab: GitOpsWorld) -> None:
    shutil.rmtree(homelab.repository / ".git")
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    said = ended.events[-1]["sentence"]
    assert "in no Git repository: first copy the files into a clone of https://" in said


def test_no_file_makes_a_namespace_that_others_made(homelab: GitOpsWorld) -> None:
    jobs = f"{NAMESPACE}-jobs"
    metadata = {"name": jobs, "labels": {"owner": "platform-team"}}
    live = homelab.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    assert homelab.apply().code == 4
    written = yaml.safe_load(homelab.profile.read_text())
    assert written["cluster"]["existing_namespaces"] == [jobs]
    files = list(homelab.repository.glob("manifests/*/namespaces.yaml"))
    made = [one["metadata"]["name"] for one in yaml.safe_load_all(files[0].read_text())]
    assert made == [NAMESPACE]
    synced(homelab)
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    assert homelab.cluster.find("Namespace", jobs) == live
    # What Argo CD made of the files is in the files still.
    assert [one["metadata"]["name"] for one in yaml.safe_load_all(files[0].read_text())] == made


def test_once_synced_the_next_apply_proves_the_runner(homelab: GitOpsWorld) -> None:
    homelab.apply()
    synced(homelab)
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert len(homelab.gitlab.runners) == 1


def test_after_the_proof_an_apply_changes_nothing(homelab: GitOpsWorld) -> None:
    proven(homelab)
    homelab.forget_writes()
    homelab.infisical.calls.clear()
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.document["data"]["changed"] is False
    assert homelab.gitlab.writes == {}
    assert [call for call in homelab.infisical.writes if "secrets" in call[1]] == []


def test_who_may_not_see_what_comes_of_the_files_is_not_stopped_by_that(
    homelab: GitOpsWorld,
) -> None:
    proven(homelab)
    said = (
        f'deployments.apps "{RELEASE}" is forbidden: User "dev" cannot get resource "deployments"'
    )
    homelab.cluster.fails("GET", "/deployments/", status=403, message=said, times=9)
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.document["data"]["changed"] is False


def test_without_a_sync_it_says_what_it_waits_for(homelab: GitOpsWorld) -> None:
    homelab.apply()
    homelab.commit()
    ended = homelab.apply()
    assert ended.code == 4, ended.err + ended.out
    assert "Argo CD has no Application" in ended.events[-1]["sentence"]


def test_an_older_revision_is_not_taken_for_ours(homelab: GitOpsWorld) -> None:
    homelab.apply()
    first = homelab.commit()
    homelab.sync(first)
    homelab.refresh()
    homelab.start_managers()
    homelab.change("limit: 2Gi", "limit: 3Gi")
    homelab.apply()
    homelab.commit()
    ended = homelab.wizard(
        "apply", str(homelab.profile), "--yes", "--json", "--timeout", "3", timeout=90
    )
    assert ended.code == 1
    assert "has not synced commit" in ended.document["error"]["cause"]


def test_a_ready_external_secret_with_another_token_is_no_success(homelab: GitOpsWorld) -> None:
    homelab.apply()
    revision = homelab.commit()
    homelab.sync(revision)
    homelab.refresh_with("stale")
    homelab.start_managers()
    ended = homelab.wizard(
        "apply", str(homelab.profile), "--yes", "--json", "--timeout", "3", timeout=90
    )
    assert ended.code == 1
    assert "does not hold the token" in ended.document["error"]["cause"]


def test_a_foreign_file_in_the_way_is_refused_before_a_runner_is_made(
    homelab: GitOpsWorld,
) -> None:
    foreign = homelab.repository / f"argocd-apps/{RELEASE}.yaml"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("# mine\n")
    ended = homelab.apply()
    assert ended.code == 3
    assert foreign.read_text() == "# mine\n"
    assert homelab.gitlab.runners == []


def test_a_backend_that_refuses_is_told_before_a_runner_is_made(homelab: GitOpsWorld) -> None:
    homelab.identity.roles.clear()
    ended = homelab.apply()
    assert ended.code == 3, ended.err + ended.out
    assert homelab.gitlab.runners == []


def test_a_store_that_is_not_there_is_told_before_a_runner_is_made(homelab: GitOpsWorld) -> None:
    homelab.cluster.remove(homelab.store)
    ended = homelab.apply()
    assert ended.code == 3
    assert f"there is no ClusterSecretStore {STORE}" in ended.document["error"]["problem"]
    assert homelab.gitlab.runners == []


def test_a_store_that_is_not_ready_is_told_in_its_own_words(homelab: GitOpsWorld) -> None:
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "InvalidProviderConfig",
        "message": "unable to create client",
    }
    homelab.cluster.put(homelab.store | {"status": {"conditions": [ready]}})
    ended = homelab.apply()
    assert ended.code == 3
    assert "is not ready" in ended.document["error"]["problem"]
    assert "unable to create client" in ended.document["error"]["cause"]
    assert homelab.gitlab.runners == []


def test_a_store_for_other_namespaces_is_told(homelab: GitOpsWorld) -> None:
    spec = homelab.store["spec"] | {"conditions": [{"namespaces": ["elsewhere"]}]}
    homelab.cluster.put(homelab.store | {"spec": spec})
    ended = homelab.apply()
    assert ended.code == 3
    assert "does not let namespace gitlab-runner use it" in ended.document["error"]["problem"]


@pytest.mark.parametrize(
    ("installed", "problem"),
    [
        (("argocd",), "External Secrets is not in the cluster."),
        (("argocd", "old-external-secrets"), "External Secrets is older than 0.16."),
        (("external-secrets",), "Argo CD is not in the cluster."),
    ],
)
def test_a_missing_operator_is_told_first_with_a_way_without_it(
    tmp_path: Path, installed: tuple[str, ...], problem: str
) -> None:
    with GitOpsWorld(tmp_path, *installed) as world:
        ended = world.apply()
        assert ended.code == 3
        assert ended.document["error"]["problem"] == problem
        assert "--preset direct" in ended.document["error"]["fix"]
        assert world.gitlab.runners == []


def test_a_run_signs_in_to_the_backend_no_more_than_needed_and_out_again(
    homelab: GitOpsWorld,
) -> None:
    homelab.apply()
    assert homelab.infisical.logins == 1
    assert all(token.revoked for token in homelab.infisical.tokens.values())


def test_a_run_that_fails_signs_out_of_the_backend_as_well(homelab: GitOpsWorld) -> None:
    homelab.gitlab.fail_next("POST", "/user/runners", 500, {"message": "500"})
    assert homelab.apply().code == 1
    assert homelab.infisical.tokens
    assert all(token.revoked for token in homelab.infisical.tokens.values())


def test_destroy_takes_the_files_first_and_the_runner_after_the_prune(
    homelab: GitOpsWorld,
) -> None:
    proven(homelab)
    ended = homelab.wizard("destroy", str(homelab.profile), "--yes", "--json")
    assert ended.code == 4, ended.err + ended.out
    assert not (homelab.repository / f"argocd-apps/{RELEASE}.yaml").exists()
    assert len(homelab.gitlab.runners) == 1
    homelab.sync(homelab.commit())
    ended = homelab.wizard("destroy", str(homelab.profile), "--yes", "--json")
    assert ended.code == 0, ended.err + ended.out
    assert homelab.gitlab.runners == []
    assert stored(homelab) == []


@pytest.mark.parametrize("event", events(3, 4, 5, 6))
def test_killed_and_run_again_there_is_one_runner_with_one_token(
    tmp_path: Path, event: int
) -> None:
    with GitOpsWorld(tmp_path) as world:
        arguments = ("apply", str(world.profile), "--yes", "--json")
        if world.killed_at(event, *arguments) < event:
            pytest.skip("the first run ended before this event")
        assert world.apply().code == 4
        assert [stored(world)[-1]] == world.live_tokens


@pytest.mark.parametrize("event", events(5, 8))
def test_killed_while_it_proves_it_proves_again_with_the_same_token(
    tmp_path: Path, event: int
) -> None:
    with GitOpsWorld(tmp_path) as world:
        world.apply()
        synced(world)
        before = stored(world)
        arguments = ("apply", str(world.profile), "--yes", "--json", "--timeout", "20")
        if world.killed_at(event, *arguments) < event:
            pytest.skip("the run ended before this event")
        ended = world.apply()
        assert ended.code == 0, ended.err + ended.out
        assert stored(world) == before
        (runner,) = world.gitlab.runners
        assert set(runner.tags) == {"homelab", "kubernetes"}


def test_a_manager_that_still_waits_for_a_secret_that_came_late_is_made_anew(
    homelab: GitOpsWorld,
) -> None:
    """By itself the kubelet would try again in minutes, and the proof would have given up."""

    def waits_for_its_secret(pod: dict[str, Any]) -> dict[str, Any]:
        there = homelab.cluster.find("Secret", f"{RELEASE}-token", NAMESPACE)
        return running(pod) if there else {"phase": "Pending"}

    homelab.cluster.controllers.pod_status = waits_for_its_secret
    homelab.apply()
    homelab.sync(homelab.commit())
    homelab.start_managers()
    (pod,) = homelab.cluster.objects("Pod")
    long_ago = {"creationTimestamp": "2026-01-01T00:00:00Z"}
    homelab.cluster.put(pod | {"metadata": pod["metadata"] | long_ago})
    homelab.refresh()
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    (anew,) = homelab.cluster.objects("Pod")
    assert anew["metadata"]["uid"] != pod["metadata"]["uid"]


def test_a_change_that_is_committed_is_not_done_before_argo_cd_has_it(homelab: GitOpsWorld) -> None:
    homelab.apply()
    synced(homelab)
    assert homelab.apply().code == 0
    homelab.change("limit: 2Gi", "limit: 3Gi")
    assert homelab.apply().code == 4
    revision = homelab.commit()
    ended = homelab.wizard("apply", str(homelab.profile), "--yes", "--json", "--timeout", "2")
    assert ended.code == 1, ended.out
    assert f"has not synced commit {revision[:8]}" in ended.document["error"]["cause"]
    homelab.sync(revision)
    homelab.refresh()
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out


def test_the_files_stay_while_a_job_needs_the_rights_in_them(homelab: GitOpsWorld) -> None:
    proven(homelab)
    file = homelab.repository / f"manifests/{RELEASE}/service-account.yaml"
    account = yaml.safe_load(file.read_text())["metadata"]
    pod = homelab.cluster.seed(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "runner-job", "namespace": account["namespace"]},
            "spec": {"serviceAccountName": account["name"], "containers": [{"name": "build"}]},
        }
    )
    command = ("destroy", str(homelab.profile), "--yes", "--json", "--timeout", "1")
    ended = homelab.wizard(*command)
    assert ended.code == 4, ended.out
    assert "1 pod of a job still runs: the files stay" in ended.events[-1]["sentence"]
    assert homelab.git("status", "--porcelain") == ""
    assert homelab.gitlab.runners[0].paused

    homelab.cluster.remove(pod)
    assert homelab.wizard(*command).code == 4
    assert "files are removed" in homelab.wizard(*command).events[-1]["sentence"]
