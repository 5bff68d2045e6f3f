"""What network policies let through, read by an evaluator of the tests' own."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from tests.profile.profiles import SMALLEST, said
from tests.render.profiles import documents, packaged, profile_of, wanted
from wizard.profile.model import Profile
from wizard.render import config, job_pod, manifests

CLUSTER = {
    "pod_cidrs": ["10.244.0.0/16"],
    "service_cidrs": ["10.96.0.0/12"],
    "api_server": ["192.168.1.10/32"],
}
POD, SERVICE, API = "10.244.3.4", "10.96.0.1", "192.168.1.10"
METADATA, METADATA_6 = "169.254.169.254", "fd00:ec2::254"
GITLAB, INTERNET, INTERNET_6 = "192.168.1.5", "93.184.216.34", "2606:2800:220:1::1"
NODE_DNS = "169.254.20.10"


def with_policies(**network: Any) -> Profile:
    return profile_of("direct", network={"policy": "standard", **network}, cluster=CLUSTER)


def reaches(policy: dict[str, Any], address: str, port: int, protocol: str = "TCP") -> bool:
    """Whether a pod that only this policy selects may connect to an address (1.32)."""
    spec = policy["spec"]
    if "Egress" not in spec["policyTypes"]:
        return True
    return any(
        _is_place(rule.get("to"), address) and _is_port(rule.get("ports"), port, protocol)
        for rule in spec["egress"]
    )


def _is_place(places: list[dict[str, Any]] | None, address: str) -> bool:
    if not places:
        return True
    ip = ipaddress.ip_address(address)
    blocks = [place["ipBlock"] for place in places if "ipBlock" in place]
    return any(
        ip in ipaddress.ip_network(block["cidr"])
        and not any(ip in ipaddress.ip_network(one) for one in block.get("except", ()))
        for block in blocks
        if ipaddress.ip_network(block["cidr"]).version == ip.version
    )


def _is_port(ports: list[dict[str, Any]] | None, port: int, protocol: str) -> bool:
    if not ports:
        return True
    return any(one["port"] == port and one.get("protocol", "TCP") == protocol for one in ports)


def of_jobs(profile: Profile) -> dict[str, Any]:
    return wanted(profile, "NetworkPolicy", "gitlab-runner-direct-jobs")


def of_managers(profile: Profile) -> dict[str, Any]:
    return wanted(profile, "NetworkPolicy", "gitlab-runner-direct")


@pytest.mark.parametrize(
    ("address", "port", "may"),
    [
        (INTERNET, 443, True),
        (INTERNET_6, 443, True),
        (GITLAB, 443, True),
        (INTERNET, 22, True),
        (POD, 53, True),
        (NODE_DNS, 53, True),
        (POD, 8080, False),
        (SERVICE, 443, False),
        (API, 6443, False),
        (METADATA, 80, False),
        (METADATA_6, 80, False),
    ],
)
def test_jobs_reach_the_internet_and_nothing_of_the_cluster(
    address: str, port: int, may: bool
) -> None:
    assert reaches(of_jobs(with_policies()), address, port) is may


@pytest.mark.parametrize(
    ("address", "port", "may"),
    [
        (GITLAB, 443, True),
        (GITLAB, 22, False),
        (POD, 53, True),
        ("10.0.0.9", 9000, True),
        ("10.0.0.9", 22, False),
        ("10.1.0.9", 22, True),
        (INTERNET, 443, False),
        (METADATA, 80, False),
        (API, 6443, False),
    ],
)
def test_without_internet_jobs_reach_gitlab_and_what_is_allowed(
    address: str, port: int, may: bool
) -> None:
    allow = [{"cidr": "10.0.0.0/24", "ports": [9000]}, {"cidr": "10.1.0.0/24"}]
    network = {"internet": False, "gitlab": [f"{GITLAB}/32"], "allow": allow}
    assert reaches(of_jobs(with_policies(**network)), address, port) is may


@pytest.mark.parametrize(
    ("address", "port", "may"),
    [
        (INTERNET, 443, True),
        (API, 6443, True),
        (SERVICE, 443, True),
        (POD, 53, True),
        (INTERNET, 22, False),
        (METADATA, 80, False),
        (METADATA, 443, False),
    ],
)
def test_managers_reach_gitlab_the_api_server_and_name_servers(
    address: str, port: int, may: bool
) -> None:
    assert reaches(of_managers(with_policies()), address, port) is may


def test_nothing_connects_to_managers_or_jobs_but_who_reads_metrics() -> None:
    for policy in (of_jobs(with_policies()), of_managers(with_policies())):
        assert "Ingress" in policy["spec"]["policyTypes"]
        assert "ingress" not in policy["spec"]
    (rule,) = of_managers(with_policies(scrape_from=["monitoring"]))["spec"]["ingress"]
    (place,) = rule["from"]
    assert place["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "monitoring"
    }
    assert rule["ports"] == [{"protocol": "TCP", "port": 9252}]


def test_a_policy_selects_the_pods_of_its_own_runner_and_no_others() -> None:
    profile = with_policies()
    runner = profile.runners[0]
    selected = of_jobs(profile)["spec"]["podSelector"]["matchLabels"]
    table = config(profile, runner)["runners"][0]["kubernetes"]
    assert table["pod_labels"] == selected
    assert selected.items() <= job_pod(profile, runner).body["metadata"]["labels"].items()
    manager = wanted(profile, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert of_managers(profile)["spec"]["podSelector"]["matchLabels"].items() <= manager.items()


def test_without_a_word_there_are_no_policies() -> None:
    profile = profile_of("direct")
    assert "NetworkPolicy" not in {manifest.kind for manifest in manifests(profile)}
    assert "pod_labels" not in config(profile, profile.runners[0])["runners"][0]["kubernetes"]


def test_without_internet_gitlab_has_to_have_an_address() -> None:
    told = said(f"{SMALLEST}network: {{policy: standard, internet: false}}\n")
    assert "jobs reach GitLab only by its addresses" in told["network.gitlab"]


def test_ranges_that_are_not_known_are_told() -> None:
    told = said(f"{SMALLEST}network: {{policy: standard}}\n")
    assert "so jobs reach its pods and services as well" in told["network.internet"]


@pytest.mark.parametrize("packaging", ["argocd", "flux", "helm", "manifests"])
def test_every_packaging_has_both_policies(packaging: str) -> None:
    data = packaged("homelab", packaging).model_dump(by_alias=True, exclude_unset=True)
    profile = Profile.model_validate({**data, "network": {"policy": "standard"}})
    names = [
        one["metadata"]["name"] for one in documents(profile) if one["kind"] == "NetworkPolicy"
    ]
    assert sorted(names) == ["gitlab-runner-homelab", "gitlab-runner-homelab-jobs"]
