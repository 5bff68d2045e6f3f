"""Every call may be refused, throttled, cut or answered with nonsense."""

from __future__ import annotations

import json
import time

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.systems.kubernetes.objects import config_map, namespace
from wizard.core.errors import NotAllowedError, NotReachedError, WizardError
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.api import Api, Timeouts
from wizard.systems.kubernetes.kubeconfig import load

FORBIDDEN = (
    'configmaps "settings" is forbidden: User "ci" cannot patch resource "configmaps" '
    'in API group "" in the namespace "ci"'
)


def test_a_missing_permission_is_named_so_that_it_can_be_asked_for(
    fake: FakeCluster, cluster: KubernetesCluster
):
    cluster.apply(namespace())
    fake.fails("PATCH", "configmaps", status=403, message=FORBIDDEN)
    with pytest.raises(NotAllowedError) as error:
        cluster.apply(config_map())
    assert error.value.problem == "You may not patch configmaps in namespace ci."
    assert "context fake" in error.value.cause


def test_an_unknown_user_is_told_to_sign_in(fake: FakeCluster, cluster: KubernetesCluster):
    fake.fails("GET", "/version", status=401, message="Unauthorized")
    with pytest.raises(NotAllowedError, match="does not know us"):
        cluster.version()


def test_a_policy_is_told_in_its_own_words(fake: FakeCluster, cluster: KubernetesCluster):
    cluster.apply(namespace())
    said = 'configmaps "settings" is forbidden: no settings on a Friday'
    fake.fails("PATCH", "configmaps", status=403, message=said)
    with pytest.raises(WizardError) as error:
        cluster.apply(config_map())
    assert (
        error.value.problem == "ConfigMap ci/settings: A policy of the cluster refuses this object."
    )
    assert error.value.cause == "no settings on a Friday"


def test_a_busy_server_is_obeyed(fake: FakeCluster, cluster: KubernetesCluster):
    fake.fails("GET", "/version", status=429, times=1, headers={"Retry-After": "1"})
    started = time.monotonic()
    assert cluster.version() == "v1.32.0"
    assert time.monotonic() - started >= 1


def test_a_server_that_wants_too_much_patience_is_given_up(
    fake: FakeCluster, cluster: KubernetesCluster
):
    fake.fails("GET", "/version", status=429, headers={"Retry-After": "60"})
    started = time.monotonic()
    with pytest.raises(NotReachedError, match="too busy"):
        cluster.version()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 503, "message": "etcd is away"}])
def test_a_read_that_was_cut_is_repeated(
    fake: FakeCluster, cluster: KubernetesCluster, fault: dict[str, object]
):
    fake.fails("GET", "/version", times=1, **fault)
    assert cluster.version() == "v1.32.0"


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 500, "message": "etcd is away"}])
def test_a_write_that_was_cut_is_sent_once_and_said_to_be_maybe_done(
    fake: FakeCluster, cluster: KubernetesCluster, fault: dict[str, object]
):
    cluster.apply(namespace())
    fake.fails("PATCH", "configmaps", **fault)
    fake.requests.clear()
    with pytest.raises(NotReachedError) as error:
        cluster.apply(config_map())
    assert error.value.maybe_done
    assert [method for method, _ in fake.requests if method == "PATCH"] == ["PATCH"]


@pytest.mark.parametrize("status", [200, 302, 502])
def test_an_answer_that_is_not_kubernetes_is_told_as_such(
    fake: FakeCluster, cluster: KubernetesCluster, status: int
):
    page = b"<html>Please sign in to the hotel's network</html>"
    fake.fails("GET", "/version", status=status, body=page, headers={"Location": fake.url})
    with pytest.raises(NotReachedError, match="does not look like a Kubernetes API") as error:
        cluster.version()
    assert "hotel" in error.value.cause


def test_silence_ends_with_the_read_timeout(fake: FakeCluster, cluster: KubernetesCluster):
    fake.fails("GET", "/version", delay=5)
    quick = KubernetesCluster(Api(load().select(""), Timeouts(read=0.2)))
    started = time.monotonic()
    with pytest.raises(NotReachedError, match="in time"):
        quick.version()
    assert time.monotonic() - started < 2


def test_nobody_listening_is_told_with_address_and_context(
    fake: FakeCluster, cluster: KubernetesCluster
):
    fake._server.shutdown()
    fake._server.server_close()
    with pytest.raises(NotReachedError) as error:
        cluster.version()
    assert fake.url in error.value.cause
    assert "context fake" in error.value.cause
    assert not error.value.maybe_done


def test_the_token_appears_in_no_message_and_no_repr(fake: FakeCluster, cluster: KubernetesCluster):
    fake.fails("GET", "/version", status=400, message=f"I saw {fake.token}")
    with pytest.raises(WizardError) as error:
        cluster.version()
    assert fake.token not in str(error.value)
    assert fake.token not in repr(cluster._api._opened)


def test_a_comparison_looks_again_where_another_run_was_quicker(cluster, fake):
    cluster.apply(namespace())
    cluster.apply(config_map())
    said = "Operation cannot be fulfilled on configmaps: the object has been modified"
    fake.fails("PATCH", "configmaps", status=409, message=said, times=1)

    change = cluster.diff(config_map(data={"limit": "3"}))
    assert [field.path for field in change.fields] == ["data.limit"]


@pytest.mark.parametrize(("kind", "lacks"), [("Pod", "spec"), ("Deployment", "spec.template")])
def test_an_object_without_what_every_server_writes_is_no_answer(
    fake: FakeCluster, cluster: KubernetesCluster, kind: str, lacks: str
):
    body = {"metadata": {"name": "bare", "uid": "1"}}
    body |= {"spec": {"selector": {}}} if kind == "Deployment" else {}
    plural = f"{kind.lower()}s"
    fake.fails("GET", f"/{plural}", body=json.dumps({"items": [body]}).encode())
    api_version = "apps/v1" if kind == "Deployment" else "v1"
    with pytest.raises(NotReachedError, match="makes no sense") as error:
        cluster.find(api_version, kind)
    assert f"items[0].{lacks} is missing" in error.value.cause
