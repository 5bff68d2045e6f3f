"""Runner managers that somebody else set up, and what each of them was made of."""

from __future__ import annotations

import json

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
    assert (found.kind, found.name) == ("config", "ConfigMap ci/gitlab-runner, config.toml")
    assert found.text == f"concurrent = 3\n\n{TABLE}"


def test_without_the_right_to_read_helms_secrets_the_configmap_will_do(
    fake: FakeCluster, cluster: KubernetesCluster
):
    with_helm(fake, VALUES)
    config = fake.find("ConfigMap", "gitlab-runner", "ci")
    assert config
    fake.put(config | {"data": {"config.toml": TABLE}})
    fake.fails("GET", "/secrets", status=403, message=FORBIDDEN)
    assert only().kind == "config"


def test_one_without_any_configuration_says_what_to_do(
    fake: FakeCluster, cluster: KubernetesCluster
):
    by_hand(fake)
    with pytest.raises(NotFoundError, match="made of is not to be found") as refused:
        only()
    assert "Name its values.yaml" in refused.value.fix


def test_looking_writes_nothing(fake: FakeCluster, cluster: KubernetesCluster):
    with_argocd(fake, VALUES)
    only()
    assert fake.writes == []
