"""The adapter's own logic against the fake; what a real server judges is in `test_real.py`."""

from __future__ import annotations

import base64
import secrets

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.systems.kubernetes.objects import (
    NAMESPACE,
    OURS,
    PROFILE,
    config_map,
    deployment,
    namespace,
    pod,
    secret,
)
from wizard.core.changes import Action
from wizard.core.errors import ConflictError, NotFoundError
from wizard.core.manifest import Manifest, ObjectRef
from wizard.core.secrets import SecretStr, fingerprint
from wizard.systems.kubernetes import Outcome, Permission, ServiceAccountRef
from wizard.systems.kubernetes.adapter import KubernetesCluster


def test_a_second_apply_writes_nothing(fake: FakeCluster, cluster: KubernetesCluster):
    wanted = [namespace(), config_map(), deployment()]
    assert [cluster.apply(one).outcome for one in wanted] == [Outcome.CREATED] * 3
    fake.writes.clear()
    assert [cluster.apply(one).outcome for one in wanted] == [Outcome.UNCHANGED] * 3
    assert fake.writes == []


def test_a_diff_writes_nothing_and_shows_the_field(fake: FakeCluster, cluster: KubernetesCluster):
    cluster.apply(namespace())
    cluster.apply(config_map())
    fake.writes.clear()
    change = cluster.diff(config_map(data={"limit": "5"}))
    assert change.action is Action.UPDATE
    assert [(one.path, one.before, one.after) for one in change.fields] == [
        ("data.limit", "2", "5")
    ]
    assert cluster.diff(config_map()).action is Action.KEEP
    assert fake.writes == []


def test_a_create_in_a_namespace_to_come_says_that_it_was_not_judged(
    fake: FakeCluster, cluster: KubernetesCluster
):
    change = cluster.diff(config_map())
    assert change.action is Action.CREATE
    assert "could not judge it yet" in change.why


def test_an_object_of_a_kind_that_is_not_served_names_the_operator(tmp_path, monkeypatch):
    from wizard.systems.kubernetes.contexts import connect

    body = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "token", "namespace": NAMESPACE},
    }
    with FakeCluster() as bare:
        monkeypatch.setenv("KUBECONFIG", str(bare.write_kubeconfig(tmp_path / "bare")))
        cluster = connect()
        assert not cluster.serves("external-secrets.io/v1", "ExternalSecret")
        assert cluster.get(Manifest(body).ref) is None
        with pytest.raises(NotFoundError) as error:
            cluster.diff(Manifest(body))
    assert "External Secrets" in error.value.fix


def test_what_helm_looks_after_is_refused_until_taken_over(
    fake: FakeCluster, cluster: KubernetesCluster
):
    cluster.apply(namespace())
    theirs = config_map().body
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    annotations = {"meta.helm.sh/release-name": "runner"}
    metadata = {**theirs["metadata"], "labels": labels, "annotations": annotations}
    fake.seed({**theirs, "metadata": metadata})
    with pytest.raises(ConflictError, match="Helm release runner"):
        cluster.diff(config_map())
    fake.writes.clear()
    with pytest.raises(ConflictError, match="Helm release runner"):
        cluster.apply(config_map())
    assert fake.writes == []
    assert cluster.apply(config_map(), force=True).outcome is Outcome.UPDATED


def test_ours_are_found_by_label_and_field_manager_and_nothing_else(
    fake: FakeCluster, cluster: KubernetesCluster
):
    for one in (namespace(), config_map(), deployment()):
        cluster.apply(one)
    fake.seed(dict(config_map("copied-labels").body))
    cluster.apply(
        Manifest({**config_map("of-another-profile").body, "metadata": _of_another_profile()})
    )
    found = [str(owned.ref) for owned in cluster.owned(PROFILE)]
    assert found == [f"Namespace {NAMESPACE}", "ConfigMap ci/settings", "Deployment ci/manager"]


def _of_another_profile() -> dict[str, object]:
    metadata = config_map("of-another-profile").body["metadata"]
    return {**metadata, "labels": {**metadata["labels"], "runner-wizard/id": "00000000"}}


def test_looking_for_ours_reads_no_secret(fake: FakeCluster, cluster: KubernetesCluster):
    cluster.apply(namespace())
    cluster.apply(secret(secrets.token_hex(10)))
    assert "Secret ci/token" in [str(owned.ref) for owned in cluster.owned(PROFILE)]
    listing = next(
        headers
        for (_, path), headers in zip(fake.requests, fake.headers, strict=True)
        if path.startswith("/api/v1/secrets")
    )
    assert "PartialObjectMetadataList" in listing["Accept"]


def test_a_delete_hits_only_the_incarnation_that_was_seen(
    fake: FakeCluster, cluster: KubernetesCluster
):
    cluster.apply(namespace())
    first = cluster.apply(config_map()).after["metadata"]["uid"]
    ref = config_map().ref
    assert cluster.delete(ref, uid=first)
    assert not cluster.delete(ref, uid=first)
    cluster.apply(config_map())
    with pytest.raises(ConflictError):
        cluster.delete(ref, uid=first)
    assert cluster.get(ref)


def test_a_secret_is_compared_by_its_hash(fake: FakeCluster, cluster: KubernetesCluster):
    value = "glrt-" + secrets.token_hex(10)
    cluster.apply(namespace())
    assert cluster.secret_fingerprint(secret(value).ref, "runner-token") is None
    applied = cluster.apply(secret(value))
    assert cluster.secret_fingerprint(secret(value).ref, "runner-token") == fingerprint(
        SecretStr(value)
    )
    assert cluster.secret_fingerprint(secret(value).ref, "other") is None
    encoded = base64.b64encode(value.encode()).decode()
    assert encoded not in repr(applied) + repr(cluster.diff(secret(value + "x")))


def test_permissions_that_are_not_given_are_told(fake: FakeCluster, cluster: KubernetesCluster):
    wanted = [
        Permission("create", "", "pods", NAMESPACE),
        Permission("create", "", "pods/exec", NAMESPACE),
        Permission("list", "", "secrets", NAMESPACE),
    ]
    fake.deny(resource="pods", subresource="exec")
    assert cluster.refused(wanted) == [wanted[1]]
    account = ServiceAccountRef(NAMESPACE, "manager")
    fake.deny(resource="secrets", user="system:serviceaccount:ci:manager")
    assert cluster.refused(wanted, account) == wanted[1:]
    assert cluster.may(wanted[2])
    assert str(wanted[1]) == "create pods/exec in namespace ci"


def test_a_long_list_is_read_page_by_page(fake: FakeCluster, cluster: KubernetesCluster):
    cluster.apply(namespace())
    for number in range(501):
        fake.seed(dict(config_map(f"number-{number}").body))
    found = cluster.find("v1", "ConfigMap", NAMESPACE, OURS)
    assert len(found) == 501


def test_a_found_object_says_what_it_is(fake: FakeCluster, cluster: KubernetesCluster):
    assert {one["kind"] for one in cluster.find("v1", "Namespace")} == {"Namespace"}


def test_the_last_log_lines_are_redacted(fake: FakeCluster, cluster: KubernetesCluster):
    token = "glrt-" + secrets.token_hex(10)
    fake.logs[NAMESPACE, "manager-1"] = "\n".join(["first", "second", f"token {token} refused"])
    seen = cluster.logs(NAMESPACE, "manager-1", lines=2)
    assert seen == "second\ntoken [redacted] refused"


def test_an_admitted_pod_is_not_made(fake: FakeCluster, cluster: KubernetesCluster):
    cluster.apply(namespace())
    fake.writes.clear()
    assert cluster.admit(pod()) == ()
    assert fake.objects("Pod") == []
    with pytest.raises(NotFoundError):
        cluster.admit({**pod(), "metadata": {"name": "x", "namespace": "nowhere"}})


def test_what_there_is_on_the_cluster(fake: FakeCluster, cluster: KubernetesCluster):
    _seed_a_node(fake)
    fake.seed(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ClusterSecretStore",
            "metadata": {"name": "infisical"},
            "spec": {"provider": {"infisical": {}}},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
    )
    facts = cluster.discover()
    assert facts.reachable
    assert (facts.uid, facts.version, facts.server) == (fake.uid, "v1.32.0", fake.url)
    assert facts.operators == (("argocd", "v1alpha1"), ("external-secrets", "v1"))
    (store,) = facts.stores
    assert (store.provider, store.ready) == ("infisical", True)
    (node,) = facts.nodes
    assert (node.architecture, node.cpu, node.cpu_free) == ("arm64", 4000, 3500)
    assert node.memory_free == (8 * 1024 - 256) * 1024**2
    assert facts.namespaces == ("default", "kube-system")
    assert facts.trouble == ""


def _seed_a_node(fake: FakeCluster) -> None:
    fake.seed(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "one"},
            "status": {
                "allocatable": {"cpu": "4", "memory": "8Gi"},
                "nodeInfo": {"architecture": "arm64"},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
    )
    requests = {"resources": {"requests": {"cpu": "500m", "memory": "256Mi"}}}
    for name, phase in (("running", "Running"), ("done", "Succeeded")):
        body = pod(name, **requests)
        body["metadata"]["namespace"] = "default"
        body["spec"]["nodeName"] = "one"
        fake.seed(body | {"status": {"phase": phase}})


def test_what_may_not_be_seen_is_named_and_the_rest_is_there(
    fake: FakeCluster, cluster: KubernetesCluster
):
    said = 'nodes is forbidden: User "dev" cannot list resource "nodes" in API group ""'
    fake.fails("GET", "/nodes", status=403, message=said)
    facts = cluster.discover()
    assert facts.reachable
    assert facts.nodes == ()
    assert facts.namespaces
    assert "You may not list nodes" in facts.trouble


def test_a_tainted_or_cordoned_node_takes_no_ordinary_pod(
    fake: FakeCluster, cluster: KubernetesCluster
):
    _seed_a_node(fake)
    node = fake.find("Node", "one")
    assert node
    node["spec"] = {"taints": [{"key": "node-role", "effect": "NoSchedule"}]}
    fake.put(node)
    assert not cluster.discover().nodes[0].schedulable


def test_an_object_that_is_not_there_is_none(cluster: KubernetesCluster):
    assert cluster.get(ObjectRef("v1", "ConfigMap", "default", "nothing")) is None


def test_an_annotation_is_set_on_an_object_of_somebody_else_and_does_not_make_it_ours(
    fake: FakeCluster, cluster: KubernetesCluster
):
    labels = {"app.kubernetes.io/managed-by": "runner-wizard", "runner-wizard/id": "3f9c2a71"}
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "theirs", "namespace": "default", "labels": labels},
        "data": {"kept": "as it is"},
    }
    fake.seed(body)
    ref = ObjectRef("v1", "ConfigMap", "default", "theirs")

    cluster.annotate(ref, {"force-sync": "1"})

    found = fake.find("ConfigMap", "theirs", "default")
    assert found
    assert found["metadata"]["annotations"] == {"force-sync": "1"}
    assert found["data"] == body["data"]
    assert cluster.owned("3f9c2a71") == []
    with pytest.raises(NotFoundError):
        cluster.annotate(ObjectRef("v1", "ConfigMap", "default", "nobody's"), {"a": "b"})


def test_a_service_is_read_through_the_api_server(fake: FakeCluster, cluster: KubernetesCluster):
    fake.services["/api/v1/namespaces/kube-system/services/http:sealer:/proxy/v1/cert.pem"] = "PEM"

    assert cluster.service_get("kube-system", "sealer", "/v1/cert.pem") == "PEM"
    with pytest.raises(NotFoundError):
        cluster.service_get("kube-system", "nobody", "/v1/cert.pem")
