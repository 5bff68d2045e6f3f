"""What is there before anything is wished for: clusters, side by side, and what they lack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from wizard.core.facts import ClusterFacts
from wizard.core.findings import Finding
from wizard.core.problems import Key
from wizard.profile.operators import Operator
from wizard.systems.kubernetes import Permission

_PATIENCE = 20.0
"""Seconds for everything about one context; its single calls have timeouts of their own."""

_OF_MANAGERS = (("apps", "deployments"), ("", "secrets"), ("", "configmaps"))
_OF_JOBS = (
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("", "serviceaccounts"),
)


async def discover(
    contexts: Iterable[str], look: Callable[[str], ClusterFacts]
) -> AsyncIterator[ClusterFacts]:
    """What each context reaches, in the order in which they answer.

    Args:
        contexts: their names.
        look: blocking; looks at one of them.
    """
    asked = [asyncio.create_task(_one(name, look)) for name in contexts]
    try:
        for answer in asyncio.as_completed(asked):
            yield await answer
    finally:
        for task in asked:
            task.cancel()


async def _one(name: str, look: Callable[[str], ClusterFacts]) -> ClusterFacts:
    try:
        return await asyncio.wait_for(asyncio.to_thread(look, name), _PATIENCE)
    except TimeoutError:
        trouble = f"It did not answer within {_PATIENCE:g} seconds."
        return ClusterFacts(name, reachable=False, trouble=trouble)


def answers_of(facts: ClusterFacts) -> dict[Key, Any]:
    """What a chosen cluster answers in the profile; empty facts answer nothing."""
    known = {
        ("cluster", "uid"): facts.uid,
        ("cluster", "platform"): "" if facts.platform == "kubernetes" else facts.platform,
        ("cluster", "architectures"): list(facts.architectures),
        ("cluster", "service_cidrs"): list(facts.service_cidrs),
        ("cluster", "pod_cidrs"): list(facts.pod_cidrs),
    }
    return {key: value for key, value in known.items() if value}


def needed_rights(namespace: str, job_namespace: str, *, creates: bool = True) -> list[Permission]:
    """What whoever sets a runner up must at least be allowed to create.

    `apply` asks for everything it needs, object by object; this is known before there is a wish.

    Args:
        creates: whether the namespaces are to be made as well.
    """
    rights = [Permission("create", "", "namespaces")] if creates else []
    rights += [Permission("create", *what, namespace) for what in _OF_MANAGERS]
    return rights + [Permission("create", *what, job_namespace) for what in _OF_JOBS]


def missing_operators(facts: ClusterFacts, needed: Iterable[Operator]) -> list[Finding]:
    """Which of the operators that a wish needs the cluster has not."""
    there = dict(facts.operators)
    return [
        Finding(
            f"{operator.title} is not on this cluster, and {operator.use} needs it.",
            f"{facts.context} serves {', '.join(sorted(there)) or 'no operator known here'}",
            fix="Install it first, or start from the preset direct, which needs none",
        )
        for operator in needed
        if operator.name not in there
    ]
