"""Network policies of a runner: one for its managers, one for its jobs, none for anybody else.

Nothing may connect to either, but for who reads the managers' metrics; the services of a job share
the job's own network. Outwards, jobs reach name servers and what the profile says, and never the
cloud's metadata service, the cluster's own ranges or the API server; managers reach name servers
and the ports of GitLab and of API servers.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from wizard.core.manifest import Manifest
from wizard.profile.labels import job_labels, labels, manager_labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.objects import manifest, without_empty
from wizard.render.runner.config_toml import METRICS_PORT

_LINK_LOCAL = {4: ["169.254.0.0/16"], 6: ["fe80::/10", "fd00:ec2::254/128"]}
"""Where clouds answer for a node: AWS, GCP, Azure, and AWS' address of IPv6."""
_EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
# CoreDNS listens on 5353 on OpenShift, and the port after translation counts. Without a place, so
# that a name server on the node itself (169.254.20.10) is reached as well.
_NAMES = {
    "ports": [
        {"protocol": protocol, "port": port} for protocol in ("UDP", "TCP") for port in (53, 5353)
    ]
}
_API_PORTS = (443, 6443)
_PORTS = {"https": 443, "http": 80}


def network_policies(profile: Profile, runner: Runner) -> list[Manifest]:
    """The policies of one runner; none where the profile wants none."""
    if profile.network.policy == "none":
        return []
    jobs = _policy(
        profile,
        runner,
        f"{runner.release}-jobs",
        profile.job_namespace(runner),
        job_labels(profile, runner),
        ingress=[],
        egress=_of_jobs(profile),
    )
    managers = _policy(
        profile,
        runner,
        runner.release,
        profile.cluster.namespace,
        manager_labels(profile, runner),
        ingress=_of_scrapers(profile),
        egress=_of_managers(profile),
    )
    return [managers, jobs]


def _policy(
    profile: Profile,
    runner: Runner,
    name: str,
    namespace: str,
    selected: dict[str, str],
    **rules: list[dict[str, Any]],
) -> Manifest:
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name,
        namespace,
        labels(profile, runner),
        spec={
            "podSelector": {"matchLabels": selected},
            "policyTypes": ["Ingress", "Egress"],
            # An empty list is dropped by the API server, and would differ for ever (1.32).
            **without_empty(**rules),
        },
    )


def _of_scrapers(profile: Profile) -> list[dict[str, Any]]:
    places = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in profile.network.scrape_from
    ]
    metrics = [{"protocol": "TCP", "port": METRICS_PORT}]
    return [{"from": places, "ports": metrics}] if places else []


def _of_managers(profile: Profile) -> list[dict[str, Any]]:
    ports = {*_API_PORTS, _port(profile.gitlab.url)}
    if profile.gitlab.proxy:
        ports.add(_port(profile.gitlab.proxy))
    allowed = [{"protocol": "TCP", "port": port} for port in sorted(ports)]
    return [_NAMES, {"to": _everywhere([]), "ports": allowed}]


def _of_jobs(profile: Profile) -> list[dict[str, Any]]:
    network, cluster = profile.network, profile.cluster
    rules: list[dict[str, Any]] = [_NAMES]
    if network.internet:
        inside = [*cluster.pod_cidrs, *cluster.service_cidrs, *cluster.api_server]
        rules.append({"to": _everywhere(inside)})
    if network.gitlab:
        to = [{"ipBlock": {"cidr": cidr}} for cidr in network.gitlab]
        rules.append({"to": to, "ports": [{"protocol": "TCP", "port": _port(profile.gitlab.url)}]})
    for one in network.allow:
        rule: dict[str, Any] = {"to": [{"ipBlock": {"cidr": one.cidr}}]}
        if one.ports:
            rule["ports"] = [{"protocol": "TCP", "port": port} for port in one.ports]
        rules.append(rule)
    return rules


def _everywhere(besides: list[str]) -> list[dict[str, Any]]:
    """Every address but the link-local ones, and those given."""
    found = []
    for version, cidr in _EVERYWHERE.items():
        own = [one for one in besides if ipaddress.ip_network(one).version == version]
        found.append({"ipBlock": {"cidr": cidr, "except": [*_LINK_LOCAL[version], *own]}})
    return found


def _port(url: str) -> int:
    found = urlsplit(url)
    return found.port or _PORTS.get(found.scheme, 443)
