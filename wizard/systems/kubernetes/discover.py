"""What there is on a cluster: version, nodes and their free room, operators, stores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from wizard.core.errors import WizardError
from wizard.core.facts import ClusterFacts, NodeFacts, StoreFacts
from wizard.core.threads import DaemonThreads
from wizard.core.units import parse_bytes, parse_cpu
from wizard.systems.kubernetes.api import Api
from wizard.systems.kubernetes.networks import pod_cidrs, service_cidrs, service_cidrs_of_nodes
from wizard.systems.kubernetes.nouns import Json
from wizard.systems.kubernetes.objects import is_true

_OPERATORS = {
    "external-secrets.io": "external-secrets",
    "argoproj.io": "argocd",
    "helm.toolkit.fluxcd.io": "flux",
    "bitnami.com": "sealed-secrets",
    "monitoring.coreos.com": "prometheus-operator",
    "keda.sh": "keda",
    "cilium.io": "cilium",
}
_ARGO = "argoproj.io"
_OPENSHIFT = "security.openshift.io"
_SECRETS = "external-secrets.io"
_STORES = (("secretstores", "SecretStore"), ("clustersecretstores", "ClusterSecretStore"))
_UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
_KEEPS_PODS_OFF = ("NoSchedule", "NoExecute")

T = TypeVar("T")
Room = tuple[int, int]
"""CPU in millicores and memory in bytes."""


def facts_of(api: Api) -> ClusterFacts:
    """Everything at once; what may not be seen is empty, and named in `trouble`."""
    try:
        version = str(api.get("/version")["gitVersion"])
    except WizardError as error:
        return ClusterFacts(api.context, reachable=False, trouble=str(error))
    look = _Look(api)
    with DaemonThreads(4) as pool:
        uid, namespaces = pool.submit(look.uid), pool.submit(look.namespaces)
        nodes, groups = pool.submit(look.nodes), pool.submit(look.groups)
        services = pool.submit(service_cidrs, api)
    served = groups.result()
    return ClusterFacts(
        api.context,
        reachable=True,
        uid=uid.result(),
        server=api.server,
        version=version,
        nodes=nodes.result(),
        service_cidrs=services.result() or service_cidrs_of_nodes(look.listed_nodes),
        pod_cidrs=pod_cidrs(look.listed_nodes),
        namespaces=namespaces.result(),
        operators=look.operators(served),
        platform="openshift" if _OPENSHIFT in served else "kubernetes",
        stores=look.stores(served),
        trouble="\n".join(look.troubles),
    )


class _Look:
    """Looks at each part, and remembers what could not be seen."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.troubles: list[str] = []
        self.listed_nodes: list[Json] = []

    def uid(self) -> str:
        path = "/api/v1/namespaces/kube-system"
        return self._tried("", lambda: str(self._api.get(path)["metadata"]["uid"]))

    def namespaces(self) -> tuple[str, ...]:
        return self._tried((), lambda: self._names("/api/v1/namespaces"))

    def nodes(self) -> tuple[NodeFacts, ...]:
        return self._tried((), self._nodes)

    def groups(self) -> dict[str, str]:
        """API groups served, each with its preferred version."""
        return self._tried({}, self._groups)

    def operators(self, groups: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        found = {group: version for group, version in groups.items() if group in _OPERATORS}
        if _ARGO in found and not self._tried(False, lambda: self._is_argocd(found[_ARGO])):
            del found[_ARGO]  # Argo Workflows and Argo Rollouts share the group
        return tuple(sorted((_OPERATORS[group], version) for group, version in found.items()))

    def stores(self, groups: Mapping[str, str]) -> tuple[StoreFacts, ...]:
        if not (version := groups.get(_SECRETS)):
            return ()
        root = f"/apis/{_SECRETS}/{version}"
        found: list[StoreFacts] = []
        for plural, kind in _STORES:
            found += self._tried((), partial(self._stores, f"{root}/{plural}", kind))
        return tuple(found)

    def _tried(self, otherwise: T, look: Callable[[], T]) -> T:
        try:
            return look()
        except WizardError as error:
            self.troubles.append(f"{error.problem} {error.cause}".strip())
            return otherwise

    def _names(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(item["metadata"]["name"] for item in self._api.pages(path)))

    def _groups(self) -> dict[str, str]:
        listed = self._api.get("/apis")["groups"]
        return {group["name"]: group["preferredVersion"]["version"] for group in listed}

    def _is_argocd(self, version: str) -> bool:
        resources = self._api.get(f"/apis/{_ARGO}/{version}")["resources"]
        return any(resource["name"] == "applications" for resource in resources)

    def _stores(self, path: str, kind: str) -> tuple[StoreFacts, ...]:
        return tuple(_store(item, kind) for item in self._api.pages(path))

    def _nodes(self) -> tuple[NodeFacts, ...]:
        nodes = self.listed_nodes = list(self._api.pages("/api/v1/nodes"))
        pods = self._api.pages("/api/v1/pods", {"fieldSelector": _UNFINISHED})
        used = _used_by_node(pods)
        return tuple(_node(node, used[node["metadata"]["name"]]) for node in nodes)


def _node(node: Json, used: Room) -> NodeFacts:
    name, status = node["metadata"]["name"], node.get("status") or {}
    cpu, memory = _room(status.get("allocatable"))
    return NodeFacts(
        name,
        (status.get("nodeInfo") or {}).get("architecture", ""),
        cpu_free=max(cpu - used[0], 0),
        memory_free=max(memory - used[1], 0),
        cpu=cpu,
        memory=memory,
        schedulable=_takes_pods(node),
        ready=is_true(node, "Ready") and not (node.get("spec") or {}).get("unschedulable"),
        system=(status.get("nodeInfo") or {}).get("operatingSystem") or "linux",
        labels=tuple((node["metadata"].get("labels") or {}).items()),
        taints=tuple(
            (taint["key"], taint.get("value", ""), taint["effect"])
            for taint in (node.get("spec") or {}).get("taints") or ()
        ),
    )


def _takes_pods(node: Json) -> bool:
    """Whether an ordinary pod, one without tolerations, may land here now."""
    spec = node.get("spec") or {}
    kept_off = any(taint.get("effect") in _KEEPS_PODS_OFF for taint in spec.get("taints") or ())
    return not spec.get("unschedulable") and not kept_off and is_true(node, "Ready")


def _used_by_node(pods: Iterable[Json]) -> defaultdict[str, Room]:
    used: defaultdict[str, Room] = defaultdict(lambda: (0, 0))
    for pod in pods:
        if node := pod["spec"].get("nodeName"):
            used[node] = _plus(used[node], pod_requests(pod["spec"]))
    return used


def pod_requests(spec: Mapping[str, Any]) -> Room:
    """What the scheduler counts for a pod: CPU in millicores and memory in bytes.

    The containers together, or the largest step of the init containers if that is more; sidecars
    (init containers that always restart) count with all that starts after them; plus overhead.
    Source: Kubernetes 1.32, "Resource sharing within containers" of init and sidecar containers.
    """
    sidecars: Room = (0, 0)
    peak: Room = (0, 0)
    for container in spec.get("initContainers") or ():
        needed = _plus(sidecars, _requests(container))
        peak = _at_least(peak, needed)
        if container.get("restartPolicy") == "Always":
            sidecars = needed
    together = sidecars
    for container in spec.get("containers") or ():
        together = _plus(together, _requests(container))
    return _plus(_at_least(together, peak), _room(spec.get("overhead")))


def _requests(container: Mapping[str, Any]) -> Room:
    return _room((container.get("resources") or {}).get("requests"))


def _room(amounts: Mapping[str, Any] | None) -> Room:
    amounts = amounts or {}
    return parse_cpu(str(amounts.get("cpu", "0"))), parse_bytes(str(amounts.get("memory", "0")))


def _plus(left: Room, right: Room) -> Room:
    return left[0] + right[0], left[1] + right[1]


def _at_least(left: Room, right: Room) -> Room:
    return max(left[0], right[0]), max(left[1], right[1])


def _store(item: Json, kind: str) -> StoreFacts:
    metadata, provider = item["metadata"], (item.get("spec") or {}).get("provider") or {}
    return StoreFacts(
        kind,
        metadata["name"],
        metadata.get("namespace", ""),
        next(iter(provider), ""),
        ready=is_true(item, "Ready"),
    )
