"""Pure readings: order, other owners, field-level differences, what a pod asks for."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.systems.kubernetes.objects import config_map, deployment, namespace, secret
from wizard.core.changes import FieldChange
from wizard.systems.kubernetes import in_order, in_reverse, owner_of
from wizard.systems.kubernetes.compare import field_changes
from wizard.systems.kubernetes.discover import pod_requests

MI = 1024**2


def test_each_object_comes_after_what_it_needs():
    mixed = [deployment(), config_map(), secret("x" * 12), namespace()]
    assert [m.kind for m in in_order(mixed)] == ["Namespace", "Secret", "ConfigMap", "Deployment"]


def test_deletion_goes_the_other_way_round():
    mixed = [namespace(), config_map(), deployment()]
    assert [m.kind for m in in_reverse(mixed)] == ["Deployment", "ConfigMap", "Namespace"]


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "web:apps/x"}}, "application web"),
        ({"labels": {"argocd.argoproj.io/instance": "web"}}, "application web"),
        (
            {
                "labels": {"app.kubernetes.io/instance": "web"},
                "managedFields": [{"manager": "argocd-controller"}],
            },
            "application web",
        ),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux Kustomization apps"),
        (
            {
                "labels": {
                    "helm.toolkit.fluxcd.io/name": "runner",
                    "helm.toolkit.fluxcd.io/namespace": "ci",
                }
            },
            "Flux HelmRelease ci/runner",
        ),
        ({"labels": {"olm.owner": "runner-operator"}}, "OLM operator runner-operator"),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm"),
        ({"annotations": {"meta.helm.sh/release-name": "runner"}}, "Helm release runner"),
    ],
)
def test_another_owner_is_known_by_its_marks(metadata: dict[str, Any], owner: str):
    assert owner in owner_of({"metadata": metadata})


def test_an_object_of_ours_has_no_other_owner():
    assert owner_of(config_map().body) == ""


def test_argo_cd_is_named_where_it_applied_a_helm_chart():
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    annotations = {"argocd.argoproj.io/tracking-id": "web:apps/x"}
    assert "Argo CD" in owner_of({"metadata": {"labels": labels, "annotations": annotations}})


def test_a_change_is_told_by_the_path_of_its_field():
    found = field_changes(deployment("manager:1").body, deployment("manager:2").body)
    path = "spec.template.spec.containers[0].image"
    assert found == [FieldChange(path, "manager:1", "manager:2")]


def test_one_more_container_does_not_change_the_others():
    before: dict[str, Any] = {"metadata": {}, "c": [{"name": "b", "image": "b:1"}]}
    after = {"metadata": {}, "c": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}
    paths = [change.path for change in field_changes(before, after)]
    assert paths == ["c[a].name", "c[a].image"]


def test_what_the_server_keeps_for_itself_is_no_change():
    before = config_map().body
    metadata = before["metadata"] | {"resourceVersion": "7", "uid": "u", "managedFields": []}
    assert field_changes(before, before | {"metadata": metadata, "status": {"x": 1}}) == []


def test_a_key_with_dots_and_slashes_stands_in_brackets():
    found = field_changes(config_map(data={"a": "1"}).body, config_map(data={"a/b.c": "1"}).body)
    assert [change.path for change in found] == ["data.a", "data['a/b.c']"]


def test_a_secret_shows_only_hashes_in_data_and_in_what_kubectl_left_behind():
    value = "unlikely-to-appear-" + "z" * 12
    encoded = base64.b64encode(value.encode()).decode()
    left_behind = {"kubectl.kubernetes.io/last-applied-configuration": encoded}
    body = secret(value).body
    stored = {
        **{key: body[key] for key in ("apiVersion", "kind")},
        "metadata": {**body["metadata"], "annotations": left_behind},
        "data": {"runner-token": encoded},
    }
    changed = {**stored, "data": {"runner-token": base64.b64encode(b"other").decode()}}
    text = repr(field_changes(stored, changed)) + repr(field_changes(None, body))
    assert "sha256:" in text
    assert value not in text
    assert encoded not in text


def _asks(cpu: str, memory: str = "0", **more: str) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu, "memory": memory}}, **more}


def test_a_pod_asks_for_its_containers_together():
    spec = {"containers": [_asks("100m", "64Mi"), _asks("1", "1Mi")]}
    assert pod_requests(spec) == (1100, 65 * MI)


def test_a_larger_init_container_counts_instead():
    spec = {"initContainers": [_asks("2"), _asks("1")], "containers": [_asks("500m")]}
    assert pod_requests(spec)[0] == 2000


def test_a_sidecar_counts_with_the_containers_and_with_later_init_containers():
    sidecar = _asks("300m", restartPolicy="Always")
    spec = {"initContainers": [sidecar, _asks("1")], "containers": [_asks("500m")]}
    assert pod_requests(spec)[0] == 1300
    assert pod_requests({"initContainers": [sidecar], "containers": [_asks("500m")]})[0] == 800


def test_the_overhead_of_a_runtime_class_is_added():
    spec = {"containers": [_asks("500m")], "overhead": {"cpu": "250m"}}
    assert pod_requests(spec)[0] == 750
