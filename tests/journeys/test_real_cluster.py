"""The first set-up against a real API server: conflicts, no-ops and refusals are its own."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.cluster import RealCluster
from tests.journeys.controllers import PlayedControllers
from tests.journeys.world import NAMESPACE, World

pytestmark = pytest.mark.cluster
RELEASE = "gitlab-runner-direct"
_KINDS = {
    "/api/v1": ("serviceaccounts", "configmaps", "secrets"),
    "/apis/apps/v1": ("deployments",),
    "/apis/rbac.authorization.k8s.io/v1": ("roles", "rolebindings"),
    "/apis/policy/v1": ("poddisruptionbudgets",),
}


class RealWorld(World):
    """`World`, on a real API server whose controllers are played."""

    def __init__(self, folder: Path, real: RealCluster) -> None:
        super().__init__(folder)
        self.real = real

    def __enter__(self) -> Self:
        super().__enter__()
        self.kubeconfig = self.real.kubeconfig()
        context = "context: admin"
        self.change("context: fake", context)
        namespaces = {NAMESPACE, f"{NAMESPACE}-jobs"}
        self._stack.enter_context(PlayedControllers(self.real, namespaces, self._pod_started))
        return self

    def token_of(self, release: str) -> str:
        path = f"/api/v1/namespaces/{NAMESPACE}/secrets/{release}-token"
        return base64.b64decode(self.real.call("GET", path)["data"]["runner-token"]).decode()

    def versions(self) -> dict[str, str]:
        """The resourceVersion of everything that is ours."""
        return {
            f"{kind} {item['metadata']['name']}": item["metadata"]["resourceVersion"]
            for root, kinds in _KINDS.items()
            for kind in kinds
            for item in self._items(f"{root}/{kind}")
        }

    def leases(self) -> list[dict[str, Any]]:
        return self._items(f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases")

    def _items(self, path: str) -> list[dict[str, Any]]:
        selector = "labelSelector=app.kubernetes.io/managed-by%3Drunner-wizard"
        items: list[dict[str, Any]] = self.real.call("GET", f"{path}?{selector}")["items"]
        return items


@pytest.fixture
def world(tmp_path: Path, real_cluster: RealCluster) -> Iterator[RealWorld]:
    with RealWorld(tmp_path, real_cluster) as world:
        yield world
        world.wizard("destroy", str(world.profile), "--yes")


def test_from_nothing_to_proven_and_away_again(world: RealWorld) -> None:
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert world.live_tokens == [world.secret_token]

    before = world.versions()
    again = world.apply()
    assert again.document["data"]["changed"] is False
    assert world.versions() == before

    world.change("limit: 2Gi", "limit: 3Gi")
    assert world.apply().code == 0
    after = world.versions()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {f"configmaps {RELEASE}", f"deployments {RELEASE}"}
    assert [one["spec"].get("holderIdentity") for one in world.leases()] == [None]

    ended = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert ended.code == 0, ended.err + ended.out
    assert world.versions() == {}
    assert world.leases() == []
    assert world.gitlab.runners == []


def test_a_rotated_token_reaches_the_secret_and_the_manager_restarts(world: RealWorld) -> None:
    assert world.apply().code == 0
    old, before = world.secret_token, world.versions()
    time.sleep(1.1)  # the times of pods and Secrets are whole seconds
    ended = world.wizard("rotate", str(world.profile), "--yes", "--json", "--timeout", "30")
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert any(event["event"] == "ManagerRemoved" for event in ended.events)
    assert world.live_tokens == [world.secret_token] != [old]
    after = world.versions()
    assert {name for name in after if after[name] != before.get(name)} == {
        f"secrets {RELEASE}-token"
    }
    assert world.apply().document["data"]["changed"] is False


@pytest.mark.parametrize("event", [4, 8, 9, 12])
def test_killed_and_run_again_there_is_one_runner_with_one_token(
    world: RealWorld, event: int
) -> None:
    world.killed_at(event, "apply", str(world.profile), "--yes", "--json", "--timeout", "20")
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert world.live_tokens == [world.secret_token]


def test_fields_of_somebody_else_are_not_taken_over(world: RealWorld) -> None:
    assert world.apply().code == 0
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}"
    theirs = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": RELEASE, "namespace": NAMESPACE},
        "spec": {"replicas": 3},
    }
    world.real.call(
        "PATCH",
        f"{path}?fieldManager=somebody&force=true",
        theirs,
        "application/apply-patch+yaml",
    )
    ended = world.apply()
    assert ended.code == 3, ended.out
    error = ended.document["error"]
    assert "somebody" in error["problem"] + error["cause"]


def test_what_somebody_changed_by_hand_is_shown_and_taken_back(world: RealWorld) -> None:
    assert world.apply().code == 0
    before = world.versions()
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}"
    merge = "application/merge-patch+json"
    world.real.call("PATCH", f"{path}?fieldManager=kubectl-edit", {"spec": {"replicas": 3}}, merge)
    ended = world.wizard("plan", str(world.profile))
    assert "by hand, with kubectl-edit" in ended.out
    assert "spec.replicas: 3 -> 1" in ended.out
    assert world.apply().code == 0
    changed = {name for name, version in world.versions().items() if before.get(name) != version}
    assert changed == {f"deployments {RELEASE}"}
    assert world.real.call("GET", path)["spec"]["replicas"] == 1


def test_the_manager_may_do_what_a_job_needs_and_nothing_else(world: RealWorld) -> None:
    assert world.apply("--no-smoke").code == 0
    jobs = f"{NAMESPACE}-jobs"

    def allowed(verb: str, resource: str, namespace: str, subresource: str = "") -> bool:
        review = world.real.call(
            "POST",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {
                "spec": {
                    "user": f"system:serviceaccount:{NAMESPACE}:{RELEASE}",
                    "resourceAttributes": {
                        "verb": verb,
                        "resource": resource,
                        "subresource": subresource,
                        "namespace": namespace,
                    },
                }
            },
        )
        return bool(review["status"]["allowed"])

    for verb in ("create", "get", "list", "watch", "delete"):
        assert allowed(verb, "pods", jobs)
    for subresource in ("attach", "exec"):
        assert allowed("create", "pods", jobs, subresource)
    for verb in ("create", "get", "update", "delete"):
        assert allowed(verb, "secrets", jobs)
    assert not allowed("list", "secrets", jobs)
    assert not allowed("get", "configmaps", jobs)
    for namespace in (NAMESPACE, "default", "kube-system", ""):
        assert not allowed("get", "secrets", namespace)
        assert not allowed("create", "pods", namespace)


def test_a_token_that_was_patched_by_hand_is_replaced_and_not_lost(world: RealWorld) -> None:
    assert world.apply("--no-smoke").code == 0
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets/{RELEASE}-token?fieldManager=kubectl-patch"
    wrong = {"stringData": {"runner-token": "not-the-token"}}
    world.real.call("PATCH", path, wrong, "application/merge-patch+json")
    ended = world.apply("--no-smoke")
    assert world.live_tokens == [world.secret_token], ended.err + ended.out


# What others made


def _make(world: RealWorld, path: str, name: str, **body: Any) -> None:
    manager = "fieldManager=kubectl-create"
    world.real.call("POST", f"{path}?{manager}", {"metadata": {"name": name}, **body})


def _remove(world: RealWorld, name: str) -> None:
    path = f"/api/v1/namespaces/{name}"
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{name}"
    for things in (f"{path}/serviceaccounts", f"{path}/resourcequotas", f"{rbac}/rolebindings"):
        world.real.call("DELETE", things)  # no controller empties a namespace here
    world.real.call("DELETE", path)
    listed = "/api/v1/namespaces?fieldSelector=metadata.name%3D" + name
    while world.real.call("GET", listed)["items"]:  # the played controllers finish it
        time.sleep(0.1)


@pytest.fixture
def theirs(world: RealWorld) -> Iterator[list[str]]:
    """Both namespaces, made with kubectl before the profile's first apply."""
    names = [NAMESPACE, f"{NAMESPACE}-jobs"]
    for name in names:
        _make(world, "/api/v1/namespaces", name)
        _make(world, f"/api/v1/namespaces/{name}/serviceaccounts", "default")
    yield names
    world.wizard("destroy", str(world.profile), "--yes")
    for name in names:
        _remove(world, name)


def test_namespaces_made_with_kubectl_stay_as_they_are(world: RealWorld, theirs: list[str]) -> None:
    jobs = f"/api/v1/namespaces/{theirs[1]}"
    _make(world, f"{jobs}/resourcequotas", "quota", spec={"hard": {"pods": "10"}})
    before = [world.real.call("GET", f"/api/v1/namespaces/{name}") for name in theirs]
    ended = world.apply()  # a first one, without an id, into a job namespace that is there
    assert ended.code == 0, ended.err + ended.out
    ended = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert ended.code == 0, ended.err + ended.out
    after = [world.real.call("GET", f"/api/v1/namespaces/{name}") for name in theirs]
    assert after == before
    assert world.versions() == {}
    again = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert again.document["data"]["changed"] is False


def test_a_namespace_of_ours_stays_for_anything_that_somebody_put_into_it(
    world: RealWorld,
) -> None:
    assert world.apply("--no-smoke").code == 0
    jobs = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}-jobs/networkpolicies"
    _make(world, jobs, "default-deny", spec={"podSelector": {}})
    ended = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert ended.code == 0, ended.err + ended.out
    assert any("NetworkPolicy default-deny" in event["sentence"] for event in ended.events)
    assert world.real.call("GET", f"{jobs}/default-deny")
    world.real.call("DELETE", f"{jobs}/default-deny")


def test_an_administrator_of_the_two_namespaces_can_install(
    world: RealWorld, theirs: list[str]
) -> None:
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    for name in theirs:
        # The role `admin` is put together of these by a controller that is not here.
        for role in ("admin", "edit", "view"):
            reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole"}
            _make(
                world,
                f"{rbac}/namespaces/{name}/rolebindings",
                f"team-{role}",
                roleRef=reference | {"name": f"system:aggregate-to-{role}"},
                subjects=[{"kind": "User", "name": "nobody"}],
            )
    world.kubeconfig = world.real.kubeconfig("nobody")
    world.change("context: admin", "context: nobody\n  namespaces: existing")
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert world.wizard("plan", str(world.profile), "--detailed-exitcode").code == 0
    ended = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert ended.code == 0, ended.err + ended.out
    assert world.versions() == {}


def test_a_namespace_of_ours_takes_the_level_that_another_build_strategy_needs(
    world: RealWorld,
) -> None:
    """Asked before its level is lowered, it would have refused the very pods it is lowered for."""
    assert world.apply("--no-smoke").code == 0
    world.change("builds: none", "builds: kaniko")
    ended = world.apply("--no-smoke")
    assert ended.code == 0, ended.err + ended.out
    jobs = world.real.call("GET", f"/api/v1/namespaces/{NAMESPACE}-jobs")
    assert jobs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
