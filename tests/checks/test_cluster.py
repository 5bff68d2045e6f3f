"""What a cluster says beforehand about jobs that could not run on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.kubernetes import FakeCluster
from wizard.checks import Connected, Pending, accounts, capacity, references, surroundings, webhooks
from wizard.core.findings import Check, Verdict
from wizard.core.run import RunOptions
from wizard.profile.load import load_text
from wizard.profile.presets import from_preset
from wizard.systems.kubernetes.contexts import connect
from wizard.wiring import Wiring

JOBS = "gitlab-runner-jobs"
Look = Callable[[Connected], Iterable[Check]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a check against a cluster; what it says that is not ok."""

    def asked(
        look: Look, cluster: FakeCluster, before: str = "", after: str = "", of_cluster: str = ""
    ) -> list[Check]:
        text = from_preset("direct", {}, "3f9c2a71")
        text = text.replace("cluster:\n", f"cluster:\n{of_cluster}", 1)
        assert before in text
        loaded = load_text(text.replace(before, after, 1) if before else text, tmp_path / "p.yaml")
        monkeypatch.setenv("KUBECONFIG", str(cluster.write_kubeconfig(tmp_path / "config")))
        connected = Connected(loaded, Wiring(loaded), RunOptions(), cluster=connect())
        connected = connected.with_pending(Pending(runners=tuple(loaded.profile.runners)))
        return [check for check in look(connected) if check.verdict is not Verdict.OK]

    return asked


def seed(cluster: FakeCluster, kind: str, name: str, **parts: Any) -> None:
    api = {"PriorityClass": "scheduling.k8s.io/v1"}.get(kind, "v1")
    metadata = {"name": name, **parts.pop("metadata", {})}
    cluster.seed({"apiVersion": api, "kind": kind, "metadata": metadata, **parts})


def node(cluster: FakeCluster, name: str, cpu: str = "4", memory: str = "8Gi", **info: str) -> None:
    system = {"architecture": "amd64", "operatingSystem": "linux"} | info
    status = {
        "allocatable": {"cpu": cpu, "memory": memory},
        "nodeInfo": system,
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    seed(cluster, "Node", name, status=status)


def problems(checks: list[Check]) -> list[str]:
    return [check.finding.problem for check in checks if check.finding]


def test_jobs_that_fit_are_not_mentioned(ask: Any) -> None:
    with FakeCluster() as cluster:
        node(cluster, "a")
        assert ask(capacity.on_nodes, cluster) == []


def test_a_job_larger_than_every_node_is_told(ask: Any) -> None:
    with FakeCluster() as cluster:
        node(cluster, "a", memory="256Mi")
        (check,) = ask(capacity.on_nodes, cluster)
        assert check.finding.problem == "No node is large enough for a job of direct."
        assert "all its containers together" in check.finding.evidence


def test_more_jobs_at_once_than_fit_are_told_with_how_many_do(ask: Any) -> None:
    with FakeCluster() as cluster:
        node(cluster, "a", cpu="400m")
        said = problems(ask(capacity.on_nodes, cluster, "concurrent: 2", "concurrent: 20"))
        assert said[0].endswith("of the 20 jobs that direct runs at once fit on the nodes now.")


def test_nodes_of_another_architecture_only_are_told(ask: Any) -> None:
    with FakeCluster() as cluster:
        node(cluster, "a", architecture="arm64")
        (check,) = ask(capacity.on_nodes, cluster)
        assert check.finding.problem == "No node takes the jobs of direct."
        assert "linux/arm64" in check.finding.evidence


def test_windows_nodes_never_take_a_job(ask: Any) -> None:
    with FakeCluster() as cluster:
        node(cluster, "win", operatingSystem="windows")
        (check,) = ask(capacity.on_nodes, cluster)
        assert check.finding.problem == "No node takes the jobs of direct."
        assert "kubernetes.io/os=linux" in check.finding.evidence
        node(cluster, "a")
        assert ask(capacity.on_nodes, cluster) == []


def test_a_tainted_node_takes_only_jobs_that_tolerate_it(ask: Any) -> None:
    with FakeCluster() as cluster:
        status = {
            "nodeInfo": {"architecture": "amd64"},
            "allocatable": {"cpu": "9", "memory": "9Gi"},
        }
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        taint = {"key": "ci", "value": "yes", "effect": "NoSchedule"}
        seed(cluster, "Node", "a", status=status | ready, spec={"taints": [taint]})
        assert problems(ask(capacity.on_nodes, cluster)) == ["No node takes the jobs of direct."]
        tolerating = "concurrent: 2\n      tolerations: [{key: ci, value: 'yes'}]"
        assert ask(capacity.on_nodes, cluster, "concurrent: 2", tolerating) == []


def test_a_quota_for_fewer_jobs_than_run_at_once_is_told(ask: Any) -> None:
    with FakeCluster() as cluster:
        seed(cluster, "Namespace", JOBS)
        place = {"namespace": JOBS}
        seed(cluster, "ResourceQuota", "small", metadata=place, spec={"hard": {"pods": "1"}})
        (check,) = ask(capacity.in_quota, cluster)
        assert check.finding.problem == (
            "1 of the 2 jobs that direct runs at once fit into the quota small."
        )


def test_a_pull_secret_that_is_not_in_the_jobs_namespace_is_told(ask: Any) -> None:
    with FakeCluster() as cluster:
        seed(cluster, "Namespace", JOBS)
        named = "concurrent: 2\n      image_pull_secrets: [nosuch]"
        (check,) = ask(references.named_objects, cluster, "concurrent: 2", named)
        assert f"There is no Secret {JOBS}/nosuch" in check.finding.problem
        seed(cluster, "Secret", "nosuch", metadata={"namespace": JOBS})
        assert ask(references.named_objects, cluster, "concurrent: 2", named) == []


def test_a_priority_class_that_is_not_there_is_refused(ask: Any) -> None:
    with FakeCluster() as cluster:
        named = "concurrent: 2\n      priority_class: urgent"
        (check,) = ask(references.named_objects, cluster, "concurrent: 2", named)
        assert check.verdict is Verdict.FAIL
        seed(cluster, "PriorityClass", "urgent")
        assert ask(references.named_objects, cluster, "concurrent: 2", named) == []


def test_a_claim_for_one_node_is_told_where_several_jobs_run(ask: Any) -> None:
    with FakeCluster() as cluster:
        seed(cluster, "Namespace", JOBS)
        spec = {"accessModes": ["ReadWriteOnce"]}
        seed(cluster, "PersistentVolumeClaim", "cache", metadata={"namespace": JOBS}, spec=spec)
        volume = "{pvc: [{name: cache, mount_path: /cache}]}"
        named = f"extra_config: {{kubernetes: {{volumes: {volume}}}}}\n    tags: [kubernetes]"
        (check,) = ask(references.named_objects, cluster, "tags: [kubernetes]", named)
        assert "can be mounted on one node at a time" in check.finding.problem


def test_a_namespace_with_sidecar_injection_is_told(ask: Any) -> None:
    with FakeCluster() as cluster:
        seed(cluster, "Namespace", JOBS, metadata={"labels": {"istio-injection": "enabled"}})
        (check,) = ask(surroundings.sidecars, cluster)
        assert "sidecar.istio.io/inject: 'false'" in check.finding.fix
        out = (
            "extra_config: {kubernetes: {pod_labels: {sidecar.istio.io/inject: 'false'}}}\n"
            "    tags: [kubernetes]"
        )
        assert ask(surroundings.sidecars, cluster, "tags: [kubernetes]", out) == []


def test_on_an_openshift_no_pod_names_a_user_unless_its_builds_need_one(ask: Any) -> None:
    said = "  platform: openshift\n"
    with FakeCluster("openshift") as cluster:
        (check,) = ask(surroundings.openshift, cluster)
        assert check.finding.fix.startswith("Write cluster.platform: openshift")
        assert ask(surroundings.openshift, cluster, "cluster:\n", f"cluster:\n{said}") == []
        built = ("builds: none", "builds: kaniko")
        (check,) = ask(surroundings.openshift, cluster, *built, said)
        assert (
            "oc adm policy add-scc-to-user anyuid -z gitlab-runner-direct-job" in check.finding.fix
        )
    with FakeCluster() as cluster:
        assert ask(surroundings.openshift, cluster) == []


def test_a_limit_range_that_refuses_a_container_is_told_with_its_name(ask: Any) -> None:
    with FakeCluster() as cluster:
        seed(cluster, "Namespace", JOBS)
        limits = [{"type": "Container", "max": {"memory": "256Mi"}, "min": {"cpu": "1m"}}]
        seed(cluster, "LimitRange", "l", metadata={"namespace": JOBS}, spec={"limits": limits})
        (check,) = ask(capacity.in_limits, cluster)
        assert check.finding.problem == "The LimitRange l refuses the jobs of direct."
        assert "build: memory limit 2Gi, at most 256Mi" in check.finding.evidence


def hook(**more: Any) -> dict[str, Any]:
    rules = [{"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}]
    service = {"service": {"namespace": "policy", "name": "judge"}}
    return {"name": "judge.example.com", "rules": rules, "clientConfig": service, **more}


@pytest.mark.parametrize(
    ("webhook", "says"),
    [
        (hook(), "has no backend to answer"),
        (hook(failurePolicy="Ignore"), ""),
        (hook(namespaceSelector={"matchLabels": {"policy": "on"}}), ""),
        (hook(timeoutSeconds=30, clientConfig={"url": "https://x"}), "may hold up every pod"),
    ],
)
def test_a_webhook_that_fails_closed_and_cannot_answer_is_told(
    ask: Any, webhook: dict[str, Any], says: str
) -> None:
    with FakeCluster() as cluster:
        seed(cluster, "Namespace", JOBS)
        cluster.seed(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "ValidatingWebhookConfiguration",
                "metadata": {"name": "policy"},
                "webhooks": [webhook],
            }
        )
        said = problems(ask(webhooks.of_job_pods, cluster))
        assert bool(said) == bool(says)
        assert all(says in one for one in said)


def test_rights_that_somebody_denies_the_manager_are_told_one_by_one(ask: Any) -> None:
    with FakeCluster() as cluster:
        for name in (JOBS, "gitlab-runner"):
            seed(cluster, "Namespace", name)
        for kind in ("Role", "RoleBinding"):
            metadata = {"name": "gitlab-runner-direct", "namespace": JOBS}
            api = "rbac.authorization.k8s.io/v1"
            cluster.seed({"apiVersion": api, "kind": kind, "metadata": metadata})
        assert ask(accounts.of_managers, cluster) == []
        user = "system:serviceaccount:gitlab-runner:gitlab-runner-direct"
        cluster.deny(verb="create", resource="pods", user=user, subresource="exec")
        (check,) = ask(accounts.of_managers, cluster)
        assert f"missing: create pods/exec in namespace {JOBS}" in check.finding.evidence


def test_rights_that_somebody_gave_the_jobs_are_told(ask: Any) -> None:
    with FakeCluster() as cluster:
        assert ask(accounts.of_jobs, cluster) == []
        cluster.give(verb="list", resource="secrets")
        (check,) = ask(accounts.of_jobs, cluster)
        assert check.finding.evidence == f"allowed: list secrets in namespace {JOBS}"
