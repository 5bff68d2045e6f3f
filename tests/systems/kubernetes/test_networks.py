"""The ranges of services and pods, by what each kind of cluster shows of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.kubernetes import FakeCluster
from wizard.systems.kubernetes.adapter import KubernetesCluster


def _node(name: str, *cidrs: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, **more.pop("metadata", {})}
    spec = {"podCIDR": cidrs[0], "podCIDRs": list(cidrs)} if cidrs else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, **more}


def _of_rancher(name: str, **annotations: str) -> dict[str, Any]:
    labels = {"node-role.kubernetes.io/control-plane": "true"}
    status = {"nodeInfo": {"architecture": "amd64", "kubeletVersion": "v1.33.4+k3s1"}}
    return _node(name, metadata={"labels": labels, "annotations": annotations}, status=status)


def test_the_object_for_it_says_the_range_of_services(
    fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    fake.seed(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "ServiceCIDR",
            "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": ["10.96.0.0/12", "fd00:10:96::/112"]},
        }
    )
    assert cluster.discover().service_cidrs == ("10.96.0.0/12", "fd00:10:96::/112")


@pytest.mark.parametrize("key", ["command", "args"])
def test_else_the_api_servers_own_arguments_do(
    key: str, fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    words = ["kube-apiserver", "--service-cluster-ip-range=10.112.0.0/12", "--etcd-servers=x"]
    fake.seed(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "kube-apiserver-one",
                "namespace": "kube-system",
                "labels": {"component": "kube-apiserver"},
            },
            "spec": {"containers": [{"name": "kube-apiserver", key: words}]},
        }
    )
    assert cluster.discover().service_cidrs == ("10.112.0.0/12",)


def test_k3s_says_it_on_its_node(fake: FakeCluster, cluster: KubernetesCluster) -> None:
    told = '["server","--service-cidr","10.99.0.0/16","--disable","traefik"]'
    fake.seed(_of_rancher("one", **{"k3s.io/node-args": told}))
    assert cluster.discover().service_cidrs == ("10.99.0.0/16",)


def test_k3s_that_was_told_nothing_has_its_own(
    fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    fake.seed(_of_rancher("one", **{"k3s.io/node-args": '["server"]'}))
    assert cluster.discover().service_cidrs == ("10.43.0.0/16",)


def test_a_cluster_that_does_not_say_is_not_guessed_at(
    fake: FakeCluster, cluster: KubernetesCluster
) -> None:
    fake.seed(_node("one"))
    fake.fails("GET", "/servicecidrs", status=403, message="servicecidrs is forbidden")
    facts = cluster.discover()
    assert facts.service_cidrs == ()
    assert facts.pod_cidrs == ()
    assert facts.trouble == ""


@pytest.mark.parametrize(
    ("nodes", "ranges"),
    [
        ([("10.244.0.0/24",)], ("10.244.0.0/24",)),
        ([("10.244.0.0/24",), ("10.244.1.0/24",)], ("10.244.0.0/23",)),
        ([("10.244.1.0/24",), ("10.244.6.0/24",), ("10.244.0.0/24",)], ("10.244.0.0/21",)),
        (
            [("10.244.0.0/24", "fd00::/64"), ("10.244.1.0/24", "fd00:0:0:1::/64")],
            ("10.244.0.0/23", "fd00::/63"),
        ),
    ],
)
def test_the_nodes_say_the_range_of_pods(
    nodes: list[tuple[str, ...]],
    ranges: tuple[str, ...],
    fake: FakeCluster,
    cluster: KubernetesCluster,
) -> None:
    for number, cidrs in enumerate(nodes):
        fake.seed(_node(f"node-{number}", *cidrs))
    assert cluster.discover().pod_cidrs == ranges
