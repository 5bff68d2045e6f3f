"""What is there before anything is wished for."""

from __future__ import annotations

import time

from wizard.core.facts import ClusterFacts, NodeFacts
from wizard.operations.discovery.discover import answers_of, discover, missing_operators
from wizard.profile.backends.spec import EXTERNAL_SECRETS
from wizard.profile.packagings.argocd import ARGOCD

FACTS = ClusterFacts(
    "home",
    reachable=True,
    uid="3f9c",
    nodes=(NodeFacts("a", "arm64", 1, 1, 1, 1), NodeFacts("b", "amd64", 1, 1, 1, 1)),
    operators=(("external-secrets", "v1"),),
    service_cidrs=("10.96.0.0/12",),
)


async def test_the_quick_cluster_does_not_wait_for_the_slow_one():
    def look(name: str) -> ClusterFacts:
        time.sleep(0.5 if name == "slow" else 0)
        return ClusterFacts(name, reachable=True)

    answered = [facts.context async for facts in discover(["slow", "quick"], look)]
    assert answered == ["quick", "slow"]


def test_facts_answer_what_they_know_and_nothing_else():
    assert answers_of(FACTS) == {
        ("cluster", "uid"): "3f9c",
        ("cluster", "architectures"): ["amd64", "arm64"],
        ("cluster", "service_cidrs"): ["10.96.0.0/12"],
    }
    assert answers_of(ClusterFacts("gone", reachable=False)) == {}


def test_an_operator_that_is_missing_is_named_with_a_way_out():
    missing = missing_operators(FACTS, [ARGOCD.operator, EXTERNAL_SECRETS])
    assert [finding.problem for finding in missing] == [
        "Argo CD is not on this cluster, and delivery as argocd needs it."
    ]
    assert "direct" in missing[0].fix
