"""Tokens in plain Secrets of the cluster."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.proxy import Call, FaultyProxy, Reply
from tests.systems.backends.conformance import PATIENCE, Conformance, new_token, profile
from wizard.core.errors import ConflictError
from wizard.core.manifest import own_labels
from wizard.profile.runner import Runner
from wizard.systems.backends.kubernetes_secret import KubernetesSecrets
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.api import Api, Timeouts
from wizard.systems.kubernetes.kubeconfig import Selection

NAMESPACE = "gitlab-runner"
_FORBIDDEN = 'secrets is forbidden: User "stranger" cannot {} resource "secrets" in API group ""'


class KubernetesPlace:
    """A cluster as the shared suite wants it."""

    throttled = Reply(
        429,
        b'{"kind": "Status", "reason": "TooManyRequests", "code": 429, "message": "slow down"}',
        {"Retry-After": "1"},
    )

    def __init__(self, cluster: FakeCluster, proxy: FaultyProxy) -> None:
        self.cluster = cluster
        self.proxy = proxy
        self.profile = profile({"backend": "kubernetes"})

    def backend(self) -> KubernetesSecrets:
        way = Selection("fake", {"server": self.proxy.url}, {"token": self.cluster.token})
        api = Api(way, Timeouts(connect=2, read=PATIENCE, sign_in=2))
        return KubernetesSecrets(self.profile, KubernetesCluster(api))

    def stranger(self) -> KubernetesSecrets:
        for method, verb in (("GET", "get"), ("PATCH", "patch"), ("DELETE", "delete")):
            path = f"namespaces/{NAMESPACE}/secrets"
            self.cluster.fails(method, path, status=403, message=_FORBIDDEN.format(verb))
        self.cluster.deny(resource="secrets")
        return self.backend()

    def put(self, runner: Runner, value: str) -> None:
        data = {"runner-token": base64.b64encode(value.encode()).decode()}
        """Write as somebody else does, into a Secret that carries the profile's labels."""
        metadata = {
            "name": runner.token_secret,
            "namespace": NAMESPACE,
            "labels": own_labels(self.profile.id),
        }
        found = self.cluster.find("Secret", runner.token_secret, NAMESPACE)
        if found:
            self.cluster.put(found | {"data": data})
        else:
            body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
            self.cluster.seed(body)

    def writes(self, call: Call) -> bool:
        return call.method != "GET" and "/secrets/" in call.path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesPlace]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with FakeCluster() as cluster, FaultyProxy(cluster.url) as proxy:
        metadata = {"name": NAMESPACE}
        cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        yield KubernetesPlace(cluster, proxy)


class TestConformance(Conformance):
    """The shared suite."""


def test_the_secret_has_both_keys_that_the_chart_mounts(place: KubernetesPlace) -> None:
    one = place.profile.runners[0]
    token = new_token()
    place.backend().write(one, token)
    secret = place.cluster.find("Secret", one.token_secret, NAMESPACE)
    assert secret
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert data == {
        "runner-token": token.get_secret_value(),
        "runner-registration-token": "",
    }
    assert secret["metadata"]["labels"]["runner-wizard/id"] == place.profile.id


def test_a_secret_of_a_helm_release_is_left_alone(place: KubernetesPlace) -> None:
    one = place.profile.runners[0]
    place.put(one, "theirs")
    secret = place.cluster.find("Secret", one.token_secret, NAMESPACE)
    assert secret
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    place.cluster.put(secret | {"metadata": secret["metadata"] | {"labels": labels}})
    with pytest.raises(ConflictError) as refused:
        place.backend().write(one, new_token())
    assert "Helm" in refused.value.problem


def test_what_somebody_else_made_is_not_removed(place: KubernetesPlace) -> None:
    one = place.profile.runners[0]
    place.put(one, "theirs")
    assert place.backend().remove(one) is False
    assert place.cluster.find("Secret", one.token_secret, NAMESPACE)
