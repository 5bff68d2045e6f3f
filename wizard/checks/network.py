"""Whether what connects the cluster's pods enforces network policies."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict

_ENFORCE = (
    "antrea-agent",
    "azure-npm",
    "calico-node",
    "canal",
    "cilium",
    "kindnet",
    "kube-router",
    "ovnkube-node",
    "weave-net",
)
"""DaemonSets of networks that enforce NetworkPolicies, by the names that they install with."""
_DO_NOT = ("kube-flannel",)
_BUILT_IN = ("k3s", "rke2")
"""Distributions whose nodes enforce them with a controller that no DaemonSet shows."""


def enforced(connected: Connected) -> Iterator[Check]:
    """Whether a network that enforces policies was found; a policy by itself stops nothing."""
    if connected.profile.network.policy == "none":
        return
    asked = "the cluster enforces network policies"
    daemons = connected.seen_cluster.find("apps/v1", "DaemonSet")
    names = {one["metadata"]["name"] for one in daemons}
    if any(name.startswith(_ENFORCE) for name in names):
        yield Check(asked, Verdict.OK)
        return
    if any(word in connected.seen_cluster.version() for word in _BUILT_IN):
        yield Check(asked, Verdict.OK)
        return
    if names & set(_DO_NOT):
        finding = Finding(
            "Nothing in the cluster enforces the network policies.",
            "its network is flannel, and no controller for policies was found",
            "flannel does not enforce them, so jobs reach what they reach without them",
            "Install a network that does, or write network.policy: none",
        )
        yield Check(asked, Verdict.WARN, finding)
        return
    problem = "Whether the cluster enforces network policies is not known: see verify --probe."
    yield Check(asked, Verdict.UNSEEN, Finding(problem))
