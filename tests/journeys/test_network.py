"""Network policies: found ranges are written first, and two policies are made and removed."""

from __future__ import annotations

import yaml

from tests.journeys.world import NAMESPACE, World

JOBS = f"{NAMESPACE}-jobs"


def test_the_api_servers_address_is_found_before_the_policies_are_made(world: World) -> None:
    world.cluster.seed(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "kubernetes", "namespace": "default"},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.168.1.10"]}],
        }
    )
    with world.profile.open("a") as file:
        file.write("\nnetwork:\n  policy: standard\n")
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    written = yaml.safe_load(world.profile.read_text())
    assert written["cluster"]["api_server"] == ["192.168.1.10/32"]
    policy = world.cluster.find("NetworkPolicy", "gitlab-runner-direct-jobs", JOBS)
    assert policy
    assert "192.168.1.10/32" in policy["spec"]["egress"][1]["to"][0]["ipBlock"]["except"]
    assert world.cluster.find("NetworkPolicy", "gitlab-runner-direct", NAMESPACE)
    world.forget_writes()
    again = world.apply()
    assert again.document["data"]["changed"] is False
    world.change("  policy: standard", "  policy: none")
    assert world.apply().code == 0
    assert world.cluster.objects("NetworkPolicy") == []
