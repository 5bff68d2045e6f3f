"""A cluster as it was found, without one: steps that only show facts need no more."""

from __future__ import annotations

from typing import Any

from tests.tui.conftest import Sitting
from wizard.core.facts import ClusterFacts, NodeFacts, StoreFacts
from wizard.tui.widgets import Said

GI = 2**30


def node(name: str, *, cpu_free: int = 1500, memory_free: int = 3 * GI, **more: Any) -> NodeFacts:
    architecture = more.pop("architecture", "amd64")
    return NodeFacts(name, architecture, cpu_free, memory_free, 2000, 4 * GI, **more)


def found(*, nodes: tuple[NodeFacts, ...] = (), stores: tuple[StoreFacts, ...] = ()) -> Any:
    operators = (("argocd", "v1alpha1"), ("external-secrets", "v1"))
    return ClusterFacts(
        "lab", True, uid="u-1", version="v1.32.0", nodes=nodes, operators=operators, stores=stores
    )


def knows(it: Sitting, facts: ClusterFacts) -> None:
    """The wizard has chosen that cluster, and it has answered."""
    it.draft.set(("cluster", "context"), facts.context)
    it.session.facts.clusters[facts.context] = facts


def text_of(it: Sitting, selector: str) -> str:
    """What a text says, also where it is scrolled away or something stands beside it."""
    said = it.app.screen.query(selector).first(Said)
    return " ".join(str(said.content).split()) if said.display else ""
