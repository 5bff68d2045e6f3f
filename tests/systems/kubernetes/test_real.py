"""What only a real API server can judge: conflicts, no-ops, schemas, Pod Security, RBAC."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.cluster import RealCluster
from tests.systems.kubernetes.objects import (
    NAMESPACE,
    OURS,
    POD_LABELS,
    PROFILE,
    config_map,
    deployment,
    namespace,
    pod,
    secret,
)
from wizard.core.changes import Action
from wizard.core.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
    WizardError,
)
from wizard.core.manifest import Manifest, ObjectRef
from wizard.core.secrets import SecretStr, fingerprint
from wizard.systems.kubernetes import Lease, Outcome, Permission, ServiceAccountRef, created_by
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.contexts import connect

pytestmark = pytest.mark.cluster
CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"


@pytest.fixture
def cluster(
    real_cluster: RealCluster, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KubernetesCluster]:
    """An admin's view, in a namespace that is emptied afterwards (nobody here removes it)."""
    real_cluster.use(monkeypatch)
    cluster = connect()
    cluster.apply(namespace(), force=True)
    yield cluster
    for owned in cluster.owned(PROFILE):
        if owned.ref.kind != "Namespace":
            cluster.delete(owned.ref, uid=owned.uid)


def _restricted(**container: Any) -> dict[str, Any]:
    safe = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return pod(securityContext=safe | container)


def test_a_second_apply_leaves_every_resource_version(cluster: KubernetesCluster):
    value = "glrt-" + secrets.token_hex(10)
    wanted = [namespace(), config_map(), secret(value), deployment()]
    first = [cluster.apply(one).after["metadata"]["resourceVersion"] for one in wanted]
    again = [cluster.apply(one) for one in wanted]
    assert {one.outcome for one in again} == {Outcome.UNCHANGED}
    assert [one.after["metadata"]["resourceVersion"] for one in again] == first
    assert {cluster.diff(one).action for one in wanted} == {Action.KEEP}
    assert cluster.secret_fingerprint(secret(value).ref, "runner-token") == fingerprint(
        SecretStr(value)
    )


def test_a_diff_shows_the_field_and_not_what_the_server_defaults(cluster: KubernetesCluster):
    cluster.apply(deployment("manager:1"))
    change = cluster.diff(deployment("manager:2"))
    assert [(one.path, one.before, one.after) for one in change.fields] == [
        ("spec.template.spec.containers[0].image", "manager:1", "manager:2")
    ]
    assert cluster.apply(deployment("manager:1")).outcome is Outcome.UNCHANGED


def test_a_key_we_no_longer_want_goes(cluster: KubernetesCluster):
    cluster.apply(config_map(data={"limit": "2", "old": "1"}))
    (field,) = cluster.diff(config_map(data={"limit": "2"})).fields
    assert (field.path, field.before, field.after) == ("data.old", "1", None)
    assert cluster.apply(config_map(data={"limit": "2"})).after["data"] == {"limit": "2"}


def test_a_field_of_another_manager_is_a_conflict_that_names_both(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    cluster.apply(config_map())
    real_cluster.call(
        "PATCH",
        f"{CONFIG_MAPS}/settings?fieldManager=somebody-else",
        {"data": {"limit": "9"}},
        "application/merge-patch+json",
    )
    for call in (cluster.apply, cluster.diff):
        with pytest.raises(ConflictError) as error:
            call(config_map(data={"limit": "3"}))
        assert "somebody-else" in error.value.problem
        assert "ConfigMap ci/settings" in error.value.problem
        assert ".data.limit" in error.value.cause
    assert cluster.diff(config_map(data={"limit": "3"}), force=True).action is Action.UPDATE
    assert cluster.apply(config_map(data={"limit": "3"}), force=True).outcome is Outcome.UPDATED
    assert cluster.apply(config_map(data={"limit": "3"})).outcome is Outcome.UNCHANGED


def changed_by(server: RealCluster, manager: str, body: dict[str, Any]) -> None:
    path = f"{CONFIG_MAPS}/settings?fieldManager={manager}"
    server.call("PATCH", path, body, "application/merge-patch+json")


def test_what_was_changed_by_hand_in_an_object_of_ours_is_taken_back(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    wanted = config_map(data={"limit": "3"})
    cluster.apply(wanted)
    changed_by(real_cluster, "kubectl-edit", {"data": {"limit": "9"}})
    change = cluster.diff(wanted)
    (field,) = change.fields
    assert (field.path, field.before, field.after) == ("data.limit", "9", "3")
    assert "by hand, with kubectl-edit" in change.why
    assert cluster.apply(wanted).after["data"] == {"limit": "3"}
    assert cluster.diff(wanted).action is Action.KEEP


def test_a_controller_keeps_its_field_though_somebodys_hand_was_there_too(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    wanted = config_map(data={"limit": "3", "more": "1"})
    cluster.apply(wanted)
    changed_by(real_cluster, "kubectl-edit", {"data": {"limit": "9"}})
    changed_by(real_cluster, "some-controller", {"data": {"more": "2"}})
    with pytest.raises(ConflictError) as error:
        cluster.apply(wanted)
    assert "kubectl-edit, some-controller" in error.value.problem


def test_what_somebody_made_by_hand_is_not_ours_to_take(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    theirs = config_map("theirs", data={"limit": "9"}).body
    theirs["metadata"] = {"name": "theirs", "namespace": NAMESPACE}
    real_cluster.call("POST", f"{CONFIG_MAPS}?fieldManager=kubectl-create", theirs)
    with pytest.raises(ConflictError):
        cluster.apply(config_map("theirs", data={"limit": "3"}))


def test_taking_over_equal_fields_is_a_change_that_says_so(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    wanted = config_map("by-hand")
    real_cluster.call("POST", CONFIG_MAPS, wanted.body)
    change = cluster.diff(wanted)
    assert (change.action, change.fields) == (Action.UPDATE, ())
    assert "become ours" in change.why
    cluster.apply(wanted)
    assert cluster.diff(wanted).action is Action.KEEP


def test_an_unknown_field_is_refused_by_its_name(cluster: KubernetesCluster):
    wrong = config_map(dataa={"limit": "2"})
    for call in (cluster.apply, cluster.diff):
        with pytest.raises(WizardError) as error:
            call(wrong)
        assert "does not accept" in error.value.problem
        assert "dataa" in error.value.cause


def test_an_unknown_field_of_a_custom_resource_is_refused_by_its_name(
    cluster: KubernetesCluster, real_cluster_with_operators: RealCluster
):
    wanted = _external_secret()
    assert cluster.apply(wanted).outcome is Outcome.CREATED
    assert cluster.apply(wanted).outcome is Outcome.UNCHANGED
    spec = {**wanted.body["spec"], "refreshIntervall": "15m0s"}
    with pytest.raises(WizardError) as error:
        cluster.apply(Manifest({**wanted.body, "spec": spec}))
    assert "refreshIntervall" in error.value.cause
    assert "ExternalSecret ci/token" in [str(one.ref) for one in cluster.owned(PROFILE)]
    assert dict(cluster.discover().operators).keys() == {"argocd", "external-secrets", "flux"}


def _external_secret() -> Manifest:
    return Manifest(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": "token", "namespace": NAMESPACE, "labels": OURS},
            "spec": {
                "refreshInterval": "15m0s",
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": "store"},
                "target": {"name": "token"},
                "data": [{"secretKey": "runner-token", "remoteRef": {"key": "TOKEN"}}],
            },
        }
    )


def test_a_wrong_value_is_refused_in_the_servers_words(cluster: KubernetesCluster):
    body = deployment().body
    selector = {"matchLabels": {"app": "somebody-else"}}
    with pytest.raises(WizardError) as error:
        cluster.diff(Manifest({**body, "spec": {**body["spec"], "selector": selector}}))
    assert "selector" in error.value.cause


def test_an_object_in_a_namespace_to_come_is_a_create_that_says_so(cluster: KubernetesCluster):
    body = config_map().body
    metadata = {**body["metadata"], "namespace": "to-come"}
    change = cluster.diff(Manifest({**body, "metadata": metadata}))
    assert change.action is Action.CREATE
    assert "its namespace is new" in change.why


def test_what_is_ours_is_pruned_by_label_and_what_is_not_stays(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    cluster.apply(config_map("wanted"))
    cluster.apply(config_map("unwanted"))
    real_cluster.call("POST", CONFIG_MAPS, config_map("copied-labels").body)
    owned = {one.ref.name: one for one in cluster.owned(PROFILE)}
    assert "copied-labels" not in owned
    assert cluster.delete(owned["unwanted"].ref, uid=owned["unwanted"].uid)
    assert not cluster.delete(owned["unwanted"].ref, uid=owned["unwanted"].uid)
    with pytest.raises(ConflictError):
        cluster.delete(owned["wanted"].ref, uid=owned["unwanted"].uid)
    left = {one["metadata"]["name"] for one in cluster.find("v1", "ConfigMap", NAMESPACE, OURS)}
    assert left == {"wanted", "copied-labels"}
    real_cluster.call("DELETE", f"{CONFIG_MAPS}/copied-labels")


def test_pod_security_judges_the_job_pod(cluster: KubernetesCluster, real_cluster: RealCluster):
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    cluster.apply(namespace(**labels))
    cluster.apply(_default_account())
    assert cluster.admit(_restricted()) == ()
    with pytest.raises(RefusedError) as error:
        cluster.admit(_restricted(privileged=True, allowPrivilegeEscalation=True))
    assert "violates PodSecurity" in error.value.cause
    assert "privileged" in error.value.cause
    with pytest.raises(NotFoundError):
        cluster.admit({**pod(), "metadata": {"name": "job", "namespace": "to-come"}})
    labels["pod-security.kubernetes.io/enforce"] = "privileged"
    cluster.apply(namespace(**labels))
    (warning,) = cluster.admit(pod())
    assert "would violate PodSecurity" in warning
    cluster.apply(namespace())


def test_a_quota_judges_the_job_pod(cluster: KubernetesCluster, real_cluster: RealCluster):
    quota = {"metadata": {"name": "none", "namespace": NAMESPACE, "labels": OURS}}
    spec = {"spec": {"hard": {"pods": "0"}}}
    cluster.apply(Manifest({"apiVersion": "v1", "kind": "ResourceQuota"} | quota | spec))
    cluster.apply(_default_account())
    path = f"/api/v1/namespaces/{NAMESPACE}/resourcequotas/none"
    _status(real_cluster, path, {"hard": {"pods": "0"}, "used": {"pods": "0"}})
    with pytest.raises(RefusedError) as error:
        cluster.admit(pod())
    assert "exceeded quota: none" in error.value.cause


def _default_account() -> Manifest:
    """What a controller makes in every namespace of a whole cluster."""
    metadata = {"name": "default", "namespace": NAMESPACE, "labels": OURS}
    return Manifest({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


def test_a_read_only_user_sees_and_is_told_what_to_ask_for(
    cluster: KubernetesCluster, real_cluster: RealCluster, monkeypatch: pytest.MonkeyPatch
):
    cluster.apply(config_map())
    real_cluster.use(monkeypatch, "reader")
    reader = connect()
    assert reader.get(config_map().ref)
    with pytest.raises(NotAllowedError) as error:
        reader.apply(config_map(data={"limit": "3"}))
    assert error.value.problem == f"You may not patch configmaps in namespace {NAMESPACE}."
    wanted = [
        Permission("get", "", "configmaps", NAMESPACE),
        Permission("patch", "", "configmaps", NAMESPACE),
        Permission("list", "", "secrets", NAMESPACE),
    ]
    assert reader.refused(wanted) == wanted[1:]
    assert reader.discover().namespaces
    assert "nodes" in reader.discover().trouble


def test_a_user_without_any_right_is_told_so(
    cluster: KubernetesCluster, real_cluster: RealCluster, monkeypatch: pytest.MonkeyPatch
):
    real_cluster.use(monkeypatch, "nobody")
    with pytest.raises(
        NotAllowedError, match="You may not get namespaces in namespace kube-system"
    ):
        connect().uid()
    facts = connect().discover()
    assert facts.reachable
    assert facts.uid == ""


def test_a_service_accounts_rights_can_be_asked_for(cluster: KubernetesCluster):
    metadata = {"name": "manager", "namespace": NAMESPACE, "labels": OURS}
    rbac = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["pods", "pods/exec"], "verbs": ["create"]}
    role = {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]}
    subject = {"kind": "ServiceAccount", "name": "manager", "namespace": NAMESPACE}
    binding = {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "manager"},
        "subjects": [subject],
    }
    cluster.apply(Manifest(role))
    cluster.apply(Manifest(binding))
    account = ServiceAccountRef(NAMESPACE, "manager")
    given = [Permission("create", "", "pods/exec", NAMESPACE)]
    not_given = [
        Permission("create", "", "pods/exec", "default"),
        Permission("list", "", "secrets", NAMESPACE),
        Permission("create", "", "pods"),
    ]
    assert cluster.refused(given + not_given, account) == not_given


def test_a_rollout_is_followed_through_the_objects_the_controllers_write(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    cluster.apply(_default_account())
    live = cluster.apply(deployment()).after
    apps = f"/apis/apps/v1/namespaces/{NAMESPACE}"
    replica_set = real_cluster.call("POST", f"{apps}/replicasets", _replica_set(live))
    _observe(real_cluster, live)
    said = "0/1 nodes are available: 1 Too many pods."
    job = _manager_pod(replica_set)
    created = real_cluster.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", job)
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{created['metadata']['name']}"
    unscheduled = {"type": "PodScheduled", "status": "False", "message": said}
    _status(real_cluster, path, {"conditions": [unscheduled | {"reason": "Unschedulable"}]})
    sentences = cluster.watch_rollout(
        deployment().ref, deadline=20, cancel=threading.Event(), grace=15
    )
    assert said in next(sentences)
    _status(
        real_cluster,
        f"{apps}/replicasets/manager-1",
        {"replicas": 1, "availableReplicas": 1, "readyReplicas": 1},
    )
    _status(real_cluster, path, {"conditions": []})
    *_, last = sentences
    assert last == "Deployment ci/manager: 1 of 1 new pods available."
    real_cluster.call("DELETE", f"{path}?gracePeriodSeconds=0")
    real_cluster.call("DELETE", f"{apps}/replicasets/manager-1")


def _replica_set(live: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": "manager-1",
            "labels": POD_LABELS,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [_owner("apps/v1", live)],
        },
        "spec": {key: live["spec"][key] for key in ("replicas", "selector", "template")},
    }


def _manager_pod(replica_set: dict[str, Any]) -> dict[str, Any]:
    template = replica_set["spec"]["template"]
    metadata = {
        "name": "manager-1-a",
        "labels": POD_LABELS,
        "ownerReferences": [_owner("apps/v1", replica_set)],
    }
    spec = template["spec"] | {"automountServiceAccountToken": False}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _owner(api_version: str, body: dict[str, Any]) -> dict[str, Any]:
    name, uid = body["metadata"]["name"], body["metadata"]["uid"]
    kind = "Deployment" if name == "manager" else "ReplicaSet"
    owner = {"apiVersion": api_version, "kind": kind, "name": name, "uid": uid}
    return owner | {"controller": True}


def _observe(real: RealCluster, live: dict[str, Any]) -> None:
    """What the Deployment controller does when it takes up a change."""
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{live['metadata']['name']}"
    annotations = {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}}}
    seen = real.call("PATCH", path, annotations, "application/merge-patch+json")
    _status(real, path, {"observedGeneration": seen["metadata"]["generation"]})


def _status(real: RealCluster, path: str, status: dict[str, Any]) -> None:
    real.call("PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json")


def test_a_secret_in_a_refusal_is_not_repeated(cluster: KubernetesCluster):
    from wizard.core.secrets import remember_secret

    value = remember_secret(SecretStr("secret-" + secrets.token_hex(10)))
    body = secret(value.get_secret_value()).body
    wrong = {**body, "immutable": value.get_secret_value()}
    with pytest.raises(WizardError) as error:
        cluster.apply(Manifest(wrong))
    assert value.get_secret_value() not in str(error.value)
    encoded = base64.b64encode(value.get_secret_value().encode()).decode()
    assert encoded not in str(error.value)


def test_what_is_there_already_is_never_created_by_us(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    """An apply that may only create: nothing that others make at that moment becomes ours."""
    metadata = {"name": "settings", "namespace": NAMESPACE}
    real_cluster.call("POST", f"{CONFIG_MAPS}?fieldManager=terraform", {"metadata": metadata})
    before = real_cluster.call("GET", f"{CONFIG_MAPS}/settings")
    look, cluster.get = cluster.get, lambda ref: None  # type: ignore[method-assign]
    with pytest.raises(ConflictError):
        cluster.apply(config_map())
    cluster.get = look  # type: ignore[method-assign]
    with pytest.raises(ConflictError, match="the wizard did not create it"):
        cluster.apply(config_map())
    assert real_cluster.call("GET", f"{CONFIG_MAPS}/settings") == before
    real_cluster.call("DELETE", f"{CONFIG_MAPS}/settings")


def test_what_an_earlier_release_created_is_known_by_its_field_manager(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    apply = "application/apply-patch+yaml"
    body = dict(config_map("old").body)
    real_cluster.call("PATCH", f"{CONFIG_MAPS}/old?fieldManager=runner-wizard", body, apply)
    body = dict(config_map("labelled").body)
    made = {"metadata": {"name": "labelled"}, "data": {"a": "b"}}
    real_cluster.call("POST", f"{CONFIG_MAPS}?fieldManager=kubectl-create", made)
    real_cluster.call("PATCH", f"{CONFIG_MAPS}/labelled?fieldManager=runner-wizard", body, apply)
    found = {owned.ref.name: owned.created for owned in cluster.owned(PROFILE)}
    assert found["old"] is True
    assert found["labelled"] is False


def test_a_higher_level_names_the_pods_that_it_would_refuse(
    cluster: KubernetesCluster, real_cluster: RealCluster
):
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    real_cluster.call("POST", accounts, {"metadata": {"name": "default"}})
    pods = f"/api/v1/namespaces/{NAMESPACE}/pods"
    real_cluster.call("POST", pods, pod("as-root"))
    warnings = cluster.enforce(NAMESPACE, "restricted", dry_run=True)
    assert any("as-root" in warning for warning in warnings), warnings
    live = real_cluster.call("GET", f"/api/v1/namespaces/{NAMESPACE}")
    assert "pod-security.kubernetes.io/enforce" not in live["metadata"]["labels"]
    real_cluster.call("DELETE", f"{pods}/as-root", {"gracePeriodSeconds": 0})
    real_cluster.call("DELETE", f"{accounts}/default")


def test_of_two_that_take_a_lease_the_second_is_told_and_its_end_is_seen(
    cluster: KubernetesCluster,
):
    ref = ObjectRef("coordination.k8s.io/v1", "Lease", NAMESPACE, f"runner-wizard-{PROFILE}")
    assert cluster.lease(ref) is None
    now = cluster.now()
    wanted = Lease(ref, PROFILE, "anna@laptop/1", "apply", now, now, seconds=30, turns=1)
    taken = cluster.write_lease(wanted)
    assert (taken.holder, taken.doing, taken.since) == ("anna@laptop/1", "apply", now)
    with pytest.raises(ConflictError):
        cluster.write_lease(replace(wanted, holder="ci@job/2"))
    renewed = cluster.write_lease(replace(taken, renewed=now + timedelta(seconds=10)))
    assert renewed.since == now
    with pytest.raises(ConflictError):
        cluster.write_lease(replace(taken, holder="ci@job/2"))
    free = cluster.write_lease(replace(renewed, holder="", doing="", since=None, renewed=None))
    assert cluster.lease(ref) == free
    assert (free.holder, free.since, free.turns) == ("", None, 1)
    live = cluster.get(ref)
    assert live
    assert created_by(live, PROFILE)
    assert cluster.delete(ref, uid=live["metadata"]["uid"])


def test_in_a_namespace_that_is_not_there_no_lease_is_taken(cluster: KubernetesCluster):
    ref = ObjectRef("coordination.k8s.io/v1", "Lease", "not-there", "runner-wizard")
    assert cluster.lease(ref) is None
    with pytest.raises(NotFoundError):
        cluster.write_lease(Lease(ref, PROFILE, "anna@laptop/1", seconds=30))
