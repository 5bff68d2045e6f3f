"""Whether the jobs fit: on the nodes as they are, and into the namespace's quota."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wizard.checks.connected import Connected
from wizard.core.facts import NodeFacts
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.units import parse_quantity
from wizard.profile.runner import Runner
from wizard.render import job_pod
from wizard.systems.kubernetes.discover import pod_requests

_OS = "kubernetes.io/os"
_ARCH = "kubernetes.io/arch"
_KEEPS_OFF = frozenset({"NoSchedule", "NoExecute"})


def on_nodes(connected: Connected) -> Iterator[Check]:
    """Whether as many jobs as run at once fit on the nodes that take them.

    Never a refusal: an autoscaler may bring nodes that are not there now.
    """
    facts = connected.facts()
    if not facts.nodes:
        if facts.trouble:
            yield Check("the jobs fit on the nodes", Verdict.UNSEEN, Finding(facts.trouble))
        return
    for runner in connected.pending.runners:
        spec = job_pod(connected.profile, runner).body["spec"]
        yield _fits(runner, spec, facts.nodes)


def _fits(runner: Runner, spec: Mapping[str, Any], nodes: tuple[NodeFacts, ...]) -> Check:
    asked = f"the jobs of {runner.name} fit on the nodes"
    name, wanted = runner.name, runner.jobs.concurrent
    taking = [node for node in nodes if _takes(node, spec)]
    if not taking:
        has = sorted({f"{node.system}/{node.architecture}" for node in nodes})
        finding = Finding(
            f"No node takes the jobs of {name}.",
            f"{len(nodes)} nodes: {', '.join(has)}; the jobs want {_wants(spec)}",
            "each of the others is tainted, cordoned or not ready, or lacks a label",
            "Correct cluster.architectures, jobs.node_selector or jobs.tolerations, unless an "
            "autoscaler brings such nodes",
        )
        return Check(asked, Verdict.WARN, finding)
    cpu, memory = pod_requests(spec)
    size = f"each job asks for {cpu}m CPU and {memory // 2**20}Mi, all its containers together"
    if not any(node.cpu >= cpu and node.memory >= memory for node in taking):
        finding = Finding(
            f"No node is large enough for a job of {name}.",
            size,
            "its pods would wait for a node for ever",
            "Lower the requests of jobs, helper or services, or add a larger node",
        )
        return Check(asked, Verdict.WARN, finding)
    rooms = [
        min(node.cpu_free // max(cpu, 1), node.memory_free // max(memory, 1)) for node in taking
    ]
    if sum(rooms) < wanted:
        finding = Finding(
            f"{sum(rooms)} of the {wanted} jobs that {name} runs at once fit on the nodes now.",
            size,
            "the others wait for room, and fail after jobs.start_timeout",
            "Lower jobs.concurrent or the requests, or add nodes",
        )
        return Check(asked, Verdict.WARN, finding)
    return Check(asked, Verdict.OK)


def _wants(spec: Mapping[str, Any]) -> str:
    selector = spec.get("nodeSelector") or {}
    labels = ", ".join(f"{key}={value}" for key, value in selector.items())
    return labels or f"{_OS}=linux, {_ARCH}=amd64"


def _takes(node: NodeFacts, spec: Mapping[str, Any]) -> bool:
    """Whether a pod may land on a node, which has to run what is in its images too."""
    selector = {_OS: "linux", _ARCH: "amd64"} | (spec.get("nodeSelector") or {})
    labels = {_OS: node.system, _ARCH: node.architecture} | dict(node.labels)
    if not node.ready or any(labels.get(key) != value for key, value in selector.items()):
        return False
    tolerations = spec.get("tolerations") or ()
    return all(
        effect not in _KEEPS_OFF or any(_tolerates(one, key, value, effect) for one in tolerations)
        for key, value, effect in node.taints
    )


def _tolerates(toleration: Mapping[str, Any], key: str, value: str, effect: str) -> bool:
    if toleration.get("effect") not in {None, "", effect}:
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in {None, "", key}
    return toleration.get("key") == key and (toleration.get("value") or "") == value


def in_quota(connected: Connected) -> Iterator[Check]:
    """Whether the quotas of the job namespaces leave room for all jobs at once."""
    for runner in connected.pending.runners:
        namespace = connected.profile.job_namespace(runner)
        asked = f"the quota of {namespace} has room for the jobs of {runner.name}"
        spec = job_pod(connected.profile, runner).body["spec"]
        findings = [
            finding
            for quota in connected.seen_cluster.find("v1", "ResourceQuota", namespace)
            if (finding := _beyond(quota, spec, runner))
        ]
        yield from _warned(asked, findings)


def _warned(asked: str, findings: list[Finding]) -> Iterator[Check]:
    """A warning for each finding; without any, that all is well."""
    yield from (Check(asked, Verdict.WARN, one) for one in findings)
    if not findings:
        yield Check(asked, Verdict.OK)


def _beyond(quota: Mapping[str, Any], spec: Mapping[str, Any], runner: Runner) -> Finding | None:
    """The first amount of a quota that fewer jobs fit into than run at once."""
    status = quota.get("status") or {}
    hard = status.get("hard") or (quota.get("spec") or {}).get("hard") or {}
    used = status.get("used") or {}
    for name, limit in hard.items():
        each = _amount(name, spec)
        left = parse_quantity(str(limit)) - parse_quantity(str(used.get(name, "0")))
        if each and left < each * runner.jobs.concurrent:
            fit = max(int(left // each), 0)
            return Finding(
                f"{fit} of the {runner.jobs.concurrent} jobs that {runner.name} runs at once fit "
                f"into the quota {quota['metadata']['name']}.",
                f"{name}: {limit}, of which {used.get(name, '0')} is used",
                "GitLab hands the others to the runner as well, and they fail",
                "Lower jobs.concurrent or the jobs' sizes, or have the quota raised",
            )
    return None


def _amount(name: str, spec: Mapping[str, Any]) -> Any:
    """What one pod counts for in a quota, by the quota's name of it; 0 where it does not."""
    if name in {"pods", "count/pods"}:
        return 1
    kind, _, resource = name.rpartition(".")
    kind = kind or "requests"
    return sum(
        parse_quantity(str(((one.get("resources") or {}).get(kind) or {}).get(resource, "0")))
        for one in spec["containers"]
    )


def in_limits(connected: Connected) -> Iterator[Check]:
    """Whether the limits of the job namespaces let every container of a job in."""
    for runner in connected.pending.runners:
        namespace = connected.profile.job_namespace(runner)
        asked = f"the limits of {namespace} let the jobs of {runner.name} in"
        spec = job_pod(connected.profile, runner).body["spec"]
        found = [
            finding
            for limits in connected.seen_cluster.find("v1", "LimitRange", namespace)
            for limit in (limits.get("spec") or {}).get("limits") or ()
            for finding in _outside(limits["metadata"]["name"], limit, spec, runner)
        ]
        yield from _warned(asked, found)


def _outside(
    name: str, limit: Mapping[str, Any], spec: Mapping[str, Any], runner: Runner
) -> Iterator[Finding]:
    """The containers, or the pod, that a LimitRange would refuse, one line each (1.32)."""
    everything = [*spec.get("initContainers", ()), *spec["containers"]]
    whole = {"name": "all together", "resources": _summed(spec["containers"])}
    asked = {"Container": everything, "Pod": [whole]}.get(str(limit.get("type")), [])
    lines = [line for one in asked for line in _beyond_limit(one, limit)]
    if lines:
        yield Finding(
            f"The LimitRange {name} refuses the jobs of {runner.name}.",
            "\n".join(lines),
            "the API server does not make such a pod",
            "Fit the sizes of jobs, helper and services to it, or have it changed",
        )


def _beyond_limit(container: Mapping[str, Any], limit: Mapping[str, Any]) -> Iterator[str]:
    resources = container.get("resources") or {}
    for resource, most in (limit.get("max") or {}).items():
        said = (resources.get("limits") or {}).get(resource)
        if said and parse_quantity(str(said)) > parse_quantity(str(most)):
            yield f"{container['name']}: {resource} limit {said}, at most {most}"
    for resource, least in (limit.get("min") or {}).items():
        said = (resources.get("requests") or {}).get(resource)
        if said and parse_quantity(str(said)) < parse_quantity(str(least)):
            yield f"{container['name']}: {resource} request {said}, at least {least}"


def _summed(containers: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, Any]] = {}
    for one in containers:
        for kind, amounts in (one.get("resources") or {}).items():
            for resource, amount in amounts.items():
                sums = found.setdefault(kind, {})
                sums[resource] = sums.get(resource, 0) + parse_quantity(str(amount))
    return {
        kind: {resource: str(int(value * 1000)) + "m" for resource, value in sums.items()}
        for kind, sums in found.items()
    }
