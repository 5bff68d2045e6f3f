"""Runner managers that somebody else set up, and what each of them was made of."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.setups import VALUES, by_hand, with_argocd, with_helm
from wizard.core.errors import NotFoundError
from wizard.systems.kubernetes import RunningSetup, SetupText
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.contexts import setup_text, setups_of

FORBIDDEN = (
    'secrets is forbidden: User "me" cannot list resource "secrets" in API group "" in the '
    'namespace "ci"'
)
TABLE = '[[runners]]\n  executor = "kubernetes"\n'


def only() -> SetupText:
    (setup,) = setups_of("fake")
    return setup_text("fake", setup)


def test_managers_are_known_by_their_image(fake: FakeCluster, cluster: KubernetesCluster):
    by_hand(fake)
    by_hand(fake, "mirrored", image="mirror.example.com/x/gitlab-runner@sha256:00")
    by_hand(fake, "helper", image="registry.gitlab.com/x/gitlab-runner-helper:x86_64-latest")
    by_hand(fake, "operator", image="example.com/gitlab-runner-operator:v1")
    assert setups_of("fake") == [
        RunningSetup("ci", "gitlab-runner", "alpine-v17.5.0"),
        RunningSetup("ci", "mirrored", ""),
    ]


def test_our_own_are_none_of_them(fake: FakeCluster, cluster: KubernetesCluster):
    by_hand(fake, labels={"app.kubernetes.io/managed-by": "runner-wizard"})
    assert setups_of("fake") == []


def test_what_argocd_syncs_is_read_from_its_application(
    fake: FakeCluster, cluster: KubernetesCluster
):
    with_argocd(fake, VALUES)
    found = only()
    assert (found.kind, found.name) == ("application", "Application argocd/runner")
    assert json.loads(found.text)["spec"]["source"]["helm"]["valuesObject"] == VALUES


def test_what_helm_installed_is_read_from_its_release(
    fake: FakeCluster, cluster: KubernetesCluster
):
    with_helm(fake, VALUES)
    found = only()
    assert (found.kind, found.name) == ("values", "Helm release ci/gitlab-runner")
    assert (found.chart, found.release, found.namespace) == ("0.70.0", "gitlab-runner", "ci")
    assert json.loads(found.text) == VALUES
    assert "privileged" not in repr(found), "it may hold secrets"


def test_what_was_made_by_hand_is_read_from_its_configmap(
    fake: FakeCluster, cluster: KubernetesCluster
):
    by_hand(fake, config_toml="concurrent = 3\n", config_template_toml=TABLE)
    found = only()
    name = "ConfigMap ci/gitlab-runner and Deployment ci/gitlab-runner"
    assert (found.kind, found.name) == ("objects", name)
    config, deployment = json.loads(found.text)["items"]
    assert config["data"] == {"config.toml": "concurrent = 3\n", "config.template.toml": TABLE}
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"].endswith("v17.5.0")


def test_a_config_that_is_in_a_secret_is_read_too(fake: FakeCluster, cluster: KubernetesCluster):
    by_hand(fake, config_toml=TABLE)
    body = fake.find("ConfigMap", "gitlab-runner", "ci")
    deployment = fake.find("Deployment", "gitlab-runner", "ci")
    assert body
    assert deployment
    held = base64.b64encode(body["data"]["config.toml"].encode()).decode()
    metadata = {"name": "config", "namespace": "ci"}
    fake.seed(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"config.toml": held}}
    )
    pod = deployment["spec"]["template"]["spec"]
    fake.put(_with_pod(deployment, pod | {"volumes": [{"secret": {"secretName": "config"}}]}))
    assert only().name == "Secret ci/config and Deployment ci/gitlab-runner"


def _with_pod(deployment: dict[str, Any], pod: dict[str, Any]) -> dict[str, Any]:
    template = deployment["spec"]["template"] | {"spec": pod}
    return deployment | {"spec": deployment["spec"] | {"template": template}}


def test_an_application_whose_values_are_in_git_gives_way_to_the_objects(
    fake: FakeCluster, cluster: KubernetesCluster
):
    with_argocd(fake, VALUES)
    application = fake.find("Application", "runner", "argocd")
    config = fake.find("ConfigMap", "gitlab-runner", "ci")
    assert application
    assert config
    source = application["spec"]["source"] | {"helm": {"valueFiles": ["$values/runner.yaml"]}}
    fake.put(application | {"spec": application["spec"] | {"source": source}})
    fake.put(config | {"data": {"config.toml": TABLE}})
    assert only().kind == "objects"


def test_the_version_of_a_chart_around_it_is_not_the_runners(
    fake: FakeCluster, cluster: KubernetesCluster
):
    inside = {"gitlab-runner": VALUES}
    around = {"name": "gitlab", "version": "9.0.1"}
    runner = {"name": "gitlab-runner", "version": "0.86.0"}
    with_helm(fake, inside, around | {"dependencies": [runner]})
    assert only().chart == "0.86.0"


def test_without_the_right_to_read_helms_secrets_the_configmap_will_do(
    fake: FakeCluster, cluster: KubernetesCluster
):
    with_helm(fake, VALUES)
    config = fake.find("ConfigMap", "gitlab-runner", "ci")
    assert config
    fake.put(config | {"data": {"config.toml": TABLE}})
    fake.fails("GET", "/secrets", status=403, message=FORBIDDEN)
    assert only().kind == "objects"


def test_one_without_any_configuration_says_what_to_do(
    fake: FakeCluster, cluster: KubernetesCluster
):
    by_hand(fake)
    with pytest.raises(NotFoundError, match="was not found") as refused:
        only()
    assert "Give its values.yaml" in refused.value.fix


def test_looking_writes_nothing(fake: FakeCluster, cluster: KubernetesCluster):
    with_argocd(fake, VALUES)
    only()
    assert fake.writes == []
