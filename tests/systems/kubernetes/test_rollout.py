"""Waiting for pods ends with "available", or with a reason in words."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.controllers import running
from tests.systems.kubernetes.objects import NAMESPACE, POD_LABELS, deployment, namespace
from wizard.core.errors import WizardError
from wizard.core.manifest import Manifest
from wizard.systems.kubernetes.adapter import KubernetesCluster

Pod = dict[str, Any]


@pytest.fixture(autouse=True)
def in_a_namespace(cluster: KubernetesCluster) -> None:
    cluster.apply(namespace())


def _watch(cluster: KubernetesCluster, **limits: Any) -> Iterator[str]:
    limits = {"deadline": 10, "grace": 0.5, "cancel": threading.Event()} | limits
    return cluster.watch_rollout(deployment().ref, **limits)


def _waiting(reason: str, message: str = "", **more: Any) -> Callable[[Pod], Pod]:
    container = {
        "name": "manager",
        "image": "registry.example.com/manager:1",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": message}},
    }
    status = {"phase": "Pending", "conditions": [], "containerStatuses": [container | more]}
    return lambda pod: status


def _given_up(cluster: KubernetesCluster, **limits: Any) -> WizardError:
    cluster.apply(deployment())
    with pytest.raises(WizardError) as error:
        list(_watch(cluster, **limits))
    return error.value


def test_a_rollout_ends_when_the_new_pods_are_available(cluster: KubernetesCluster):
    cluster.apply(deployment())
    assert list(_watch(cluster)) == ["Deployment ci/manager: 1 of 1 new pods available."]


def test_an_old_pod_that_is_available_is_not_taken_for_the_new_one(
    fake: FakeCluster, cluster: KubernetesCluster
):
    cluster.apply(deployment("manager:1"))
    fake.controllers.pod_status = _waiting("ImagePullBackOff", "no such tag")
    cluster.apply(deployment("manager:2"))
    with pytest.raises(WizardError, match="cannot be pulled"):
        list(_watch(cluster))


def test_a_change_the_controller_has_not_seen_yet_is_not_taken_for_done(
    fake: FakeCluster, cluster: KubernetesCluster
):
    cluster.apply(deployment())
    live = fake.find("Deployment", "manager", NAMESPACE)
    assert live
    live["metadata"]["generation"] += 1
    fake.put(live)
    with pytest.raises(WizardError) as error:
        list(_watch(cluster, deadline=0.3))
    assert "pick up the change" in error.value.cause


def test_a_pod_without_a_node_is_told_in_the_schedulers_words(
    fake: FakeCluster, cluster: KubernetesCluster
):
    said = "0/3 nodes are available: 3 Insufficient memory."
    condition = {"type": "PodScheduled", "status": "False", "message": said}
    fake.controllers.pod_status = lambda pod: {"phase": "Pending", "conditions": [condition]}
    error = _given_up(cluster)
    assert "No node can take pod" in error.problem
    assert error.cause == said


def test_an_image_that_cannot_be_pulled_is_named(fake: FakeCluster, cluster: KubernetesCluster):
    fake.controllers.pod_status = _waiting("ImagePullBackOff", "manifest unknown")
    error = _given_up(cluster)
    assert "registry.example.com/manager:1" in error.problem
    assert "manifest unknown" in error.cause


def test_a_missing_key_of_a_secret_is_told(fake: FakeCluster, cluster: KubernetesCluster):
    said = "couldn't find key runner-token in Secret ci/token"
    fake.controllers.pod_status = _waiting("CreateContainerConfigError", said)
    assert _given_up(cluster).cause == said


def test_a_crash_loop_shows_its_last_words_without_secrets(
    fake: FakeCluster, cluster: KubernetesCluster
):
    token = "glrt-" + secrets.token_hex(10)
    last = {"terminated": {"exitCode": 1, "reason": "Error"}}
    status = _waiting("CrashLoopBackOff", restartCount=3, lastState=last)

    def crash(pod: Pod) -> Pod:
        words = [*(f"line {number}" for number in range(30)), f"cannot verify {token}"]
        fake.logs[NAMESPACE, pod["metadata"]["name"]] = "\n".join(words)
        return status(pod)

    fake.controllers.pod_status = crash
    error = _given_up(cluster)
    assert "keeps crashing" in error.problem
    assert "exit code 1" in error.cause
    assert "cannot verify [redacted]" in error.cause
    assert len(error.cause.splitlines()) == 21
    assert token not in str(error)


def test_a_container_killed_for_memory_is_told_to_have_more(
    fake: FakeCluster, cluster: KubernetesCluster
):
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    fake.controllers.pod_status = _waiting("CrashLoopBackOff", restartCount=3, lastState=last)
    assert _given_up(cluster).fix == "Raise its memory limit"


def test_a_volume_that_cannot_be_mounted_is_found_in_the_events(
    fake: FakeCluster, cluster: KubernetesCluster
):
    fake.controllers.pod_status = _waiting("ContainerCreating")
    cluster.apply(deployment())
    (pod,) = fake.objects("Pod")
    fake.seed(_event(pod, "FailedMount", 'secret "token" not found'))
    fake.seed(_event({"metadata": {"uid": "another"}}, "FailedMount", "another pod's"))
    with pytest.raises(WizardError, match="cannot be mounted") as error:
        list(_watch(cluster))
    assert error.value.cause == 'secret "token" not found'


def test_the_wait_goes_on_without_the_right_to_read_events(
    fake: FakeCluster, cluster: KubernetesCluster
):
    fake.controllers.pod_status = _waiting("ContainerCreating")
    said = 'events is forbidden: User "ci" cannot list resource "events" in API group ""'
    fake.fails("GET", "/events", status=403, message=said)
    assert "was not ready in" in _given_up(cluster, deadline=0.3).problem


def _event(pod: Pod, reason: str, message: str) -> Pod:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "event-", "namespace": NAMESPACE},
        "involvedObject": {"uid": pod["metadata"]["uid"]},
        "reason": reason,
        "message": message,
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }


def test_a_quota_that_lets_no_pod_be_made_is_told(fake: FakeCluster, cluster: KubernetesCluster):
    fake.controllers.pod_status = _waiting("ContainerCreating")
    cluster.apply(deployment())
    (replica_set,) = fake.objects("ReplicaSet")
    said = 'pods "manager-x" is forbidden: exceeded quota: small'
    failure = {"type": "ReplicaFailure", "status": "True", "message": said}
    fake.put(replica_set | {"status": {"conditions": [failure]}})
    with pytest.raises(WizardError, match="does not let the pod be created") as error:
        list(_watch(cluster))
    assert error.value.cause == said


def test_a_trouble_that_passes_in_time_is_no_error(fake: FakeCluster, cluster: KubernetesCluster):
    fake.controllers.pod_status = _waiting("CreateContainerConfigError", "secret not found")
    cluster.apply(deployment())
    sentences = _watch(cluster, grace=30)
    assert "secret not found" in next(sentences)
    _come_up(fake)
    assert list(sentences) == ["Deployment ci/manager: 1 of 1 new pods available."]


def _come_up(fake: FakeCluster) -> None:
    (pod,), (replica_set,) = fake.objects("Pod"), fake.objects("ReplicaSet")
    fake.put(replica_set | {"status": {"availableReplicas": 1}})
    fake.put(pod | {"status": running(pod)})


def test_a_pod_that_comes_up_is_noticed_at_once(fake: FakeCluster, cluster: KubernetesCluster):
    fake.controllers.pod_status = _waiting("ContainerCreating")
    cluster.apply(deployment())
    sentences = _watch(cluster, grace=30)
    next(sentences)
    threading.Timer(0.2, _come_up, (fake,)).start()
    started = time.monotonic()
    list(sentences)
    assert time.monotonic() - started < 0.8


def test_a_server_that_is_away_for_a_moment_does_not_end_the_wait(
    fake: FakeCluster, cluster: KubernetesCluster
):
    cluster.apply(deployment())
    fake.fails("GET", "/pods", status=503, message="etcd leader changed", times=3)
    *_, last = _watch(cluster, grace=30)
    assert last == "Deployment ci/manager: 1 of 1 new pods available."


def test_a_cancelled_wait_ends_soon_and_quietly(fake: FakeCluster, cluster: KubernetesCluster):
    fake.controllers.pod_status = _waiting("ContainerCreating")
    cluster.apply(deployment())
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    started = time.monotonic()
    list(_watch(cluster, cancel=cancel))
    assert time.monotonic() - started < 2


def test_the_deadline_ends_a_wait_that_shows_no_reason(
    fake: FakeCluster, cluster: KubernetesCluster
):
    fake.controllers.pod_status = _waiting("ContainerCreating")
    error = _given_up(cluster, deadline=0.3)
    assert "was not ready in" in error.problem
    assert "0 of 1" in error.cause


def _two() -> Manifest:
    body = deployment().body
    return Manifest({**body, "spec": {**body["spec"], "replicas": 2}})


def test_pods_are_restarted_one_by_one(fake: FakeCluster, cluster: KubernetesCluster):
    fake.controllers.pod_started = lambda pod: alive.append(len(fake.objects("Pod")))
    alive: list[int] = []
    cluster.apply(_two())
    before = {pod["metadata"]["name"] for pod in fake.objects("Pod")}
    alive.clear()
    sentences = list(
        cluster.restart_pods(NAMESPACE, POD_LABELS, deadline=5, cancel=threading.Event())
    )
    after = {pod["metadata"]["name"] for pod in fake.objects("Pod")}
    assert len(after) == 2
    assert not before & after
    assert alive == [2, 2]
    assert sentences[0].endswith("(1 of 2).")
    assert sentences[-1] == "2 of 2 new pods ready."


def test_a_restart_stops_at_the_first_replacement_that_does_not_come_up(
    fake: FakeCluster, cluster: KubernetesCluster
):
    cluster.apply(_two())
    fake.controllers.pod_status = _waiting("ImagePullBackOff", "unauthorized")
    fake.writes.clear()
    with pytest.raises(WizardError, match=r"cannot be pulled|was not ready"):
        list(cluster.restart_pods(NAMESPACE, POD_LABELS, deadline=0.5, cancel=threading.Event()))
    assert [method for method, _ in fake.writes] == ["DELETE"]
