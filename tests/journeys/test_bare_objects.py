"""Objects that hold nothing but their names, as other controllers and old versions leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.kinds import served
from tests.journeys.world import NAMESPACE, World

OPERATORS = ("external-secrets", "argocd", "flux", "sealed-secrets", "openshift")
_PODS = {"metadata": {}, "spec": {"containers": []}}
_ALWAYS_THERE = {
    "Pod": {"spec": {"containers": []}},
    "Deployment": {"spec": {"selector": {}, "template": _PODS}},
    "ReplicaSet": {"spec": {"selector": {}}},
}
"""What a server writes into its own kinds however little was sent."""


class BareWorld(World):
    """`World`, in whose cluster there is one bare object of every kind, in every namespace."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, cluster=FakeCluster(*OPERATORS))

    def fill(self) -> None:
        places = [one["metadata"]["name"] for one in self.cluster.objects("Namespace")]
        for kind in served(OPERATORS):
            for place in places if kind.namespaced else [""]:
                metadata = {"name": "bare"} | ({"namespace": place} if place else {})
                body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
                self.cluster.seed(body | _ALWAYS_THERE.get(kind.kind, {}))


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
def test_a_bare_object_of_every_kind_crashes_no_command(tmp_path: Path, applied: bool) -> None:
    with BareWorld(tmp_path) as world:
        if applied:
            assert world.apply("--no-smoke").code == 0
        world.fill()
        profile = str(world.profile)
        for command in (
            ("plan", profile),
            ("apply", profile, "--yes", "--no-smoke", "--timeout", "20"),
            ("status", profile),
            ("doctor", profile),
            ("verify", profile, "--timeout", "20"),
            ("init", "--from-cluster", "x", "-o", "taken.yaml"),
            ("destroy", profile, "--yes"),
        ):
            ended = world.wizard(*command, "--json")
            assert "this is a bug" not in ended.out + ended.err, command
            assert ended.code in {0, 1, 2, 3}, command
            if error := ended.document["error"]:
                assert error["fix"] or error["findings"], (command, error)
        kept = world.cluster.find("Secret", "bare", NAMESPACE)
        assert kept is not None or not applied
