"""The ranges of a cluster's services and pods, where it says them: only reading, never trying.

Kubernetes has had an object for the services' range since 1.33 (ServiceCIDR). Before that it stands
in the API server's own arguments, whose pod kubeadm, kind and Talos show; k3s and RKE2 run that
inside the node's program, with its arguments in an annotation.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from wizard.core.errors import WizardError
from wizard.systems.kubernetes.api import Api
from wizard.systems.kubernetes.nouns import Json

_OBJECTS = "/apis/networking.k8s.io/v1/servicecidrs"
_SERVERS = "/api/v1/namespaces/kube-system/pods"
_ARGUMENT = re.compile(r"--service-cluster-ip-range=([^\s\"']+)")
_RANCHERS = re.compile(r"\+(?:k3s|rke2)")
_RANCHERS_OWN = "10.43.0.0/16"
"""What k3s and RKE2 take where no one says another (docs.k3s.io, "k3s server")."""
_ARGUMENTS_OF = ("k3s.io/node-args", "rke2.io/node-args")


def service_cidrs(api: Api) -> tuple[str, ...]:
    """The ranges of services, as the cluster says them; none where it does not."""
    for look in (_from_objects, _from_servers):
        try:
            if found := tuple(_valid(look(api))):
                return found
        except WizardError:  # not served by this version, or not for us to see
            continue
    return ()


def service_cidrs_of_nodes(nodes: Iterable[Json]) -> tuple[str, ...]:
    """The same, as the nodes of k3s and RKE2 say them."""
    return tuple(_valid(_from_ranchers(nodes)))


def pod_cidrs(nodes: Iterable[Json]) -> tuple[str, ...]:
    """One range of each kind of address that holds every node's own; none where nodes have none.

    A node's own ranges are cut from the cluster's, so the smallest one around them is a part of it.
    """
    found: dict[int, Any] = {}
    for node in nodes:
        spec = node.get("spec") or {}
        for text in _valid(spec.get("podCIDRs") or [spec.get("podCIDR")]):
            network = ipaddress.ip_network(text)
            found[network.version] = _around(found.get(network.version, network), network)
    return tuple(str(found[version]) for version in sorted(found))


def _from_objects(api: Api) -> Iterator[str]:
    for item in api.pages(_OBJECTS):
        yield from (item.get("spec") or {}).get("cidrs") or ()


def _from_servers(api: Api) -> Iterator[str]:
    for pod in api.pages(_SERVERS, {"labelSelector": "component=kube-apiserver"}):
        for container in pod["spec"]["containers"]:
            words = [*(container.get("command") or ()), *(container.get("args") or ())]
            for word in words:
                if found := _ARGUMENT.search(word):
                    yield from found[1].split(",")


def _from_ranchers(nodes: Iterable[Json]) -> Iterator[str]:
    for node in nodes:
        version = ((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion", "")
        if not _RANCHERS.search(version):
            continue
        given = [
            said
            for name in _ARGUMENTS_OF
            for said in _said(node["metadata"].get("annotations") or {}, name)
        ]
        if given or "control-plane" in str(node["metadata"].get("labels")):
            yield from given or [_RANCHERS_OWN]


def _said(annotations: dict[str, str], name: str) -> Iterator[str]:
    """What a node's program was told by --service-cidr."""
    try:
        words: Any = json.loads(annotations.get(name, "[]"))
    except ValueError:
        return
    text = " ".join(map(str, words)) if isinstance(words, list) else ""
    for found in re.finditer(r"--service-cidr[= ](\S+)", text):
        yield from found[1].split(",")


def _valid(texts: Iterable[Any]) -> Iterator[str]:
    """Each range once, in Kubernetes' own spelling."""
    seen = set()
    for text in texts:
        try:
            network = str(ipaddress.ip_network(str(text), strict=False)) if text else ""
        except ValueError:
            continue
        if network and network not in seen:
            seen.add(network)
            yield network


def _around(one: Any, other: Any) -> Any:
    """The smallest range that holds both."""
    while not other.subnet_of(one):
        one = one.supernet()
    return one
