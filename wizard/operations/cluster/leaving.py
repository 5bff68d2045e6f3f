"""Namespaces that are being deleted: waited for, or refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from wizard.core.errors import NotAllowedError, RefusedError, WizardError
from wizard.core.events import Event, Progress
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster, Json

_POLL = 1.0


async def until_gone(
    profile: Profile, cluster: Cluster, run: RunOptions, otherwise: type[WizardError]
) -> AsyncIterator[Event]:
    """Wait for namespaces of the profile that are being deleted: nothing can be made in them.

    Raises: `otherwise`, when the deadline passes.
    """
    end = time.monotonic() + run.deadline
    reported: list[str] = []
    while leaving := await asyncio.to_thread(_leaving, profile, cluster):
        if run.cancel.is_set() or time.monotonic() > end:
            raise _still_leaving(leaving, otherwise)
        if (names := [str(ref) for ref, _ in leaving]) != reported:
            yield Progress(f"waiting until {names[0]} is gone")
            reported = names
        await asyncio.sleep(_POLL)


def refuse_leaving(profile: Profile, cluster: Cluster) -> None:
    """Raises: RefusedError, where a namespace of the profile is being deleted. Blocking."""
    if leaving := _leaving(profile, cluster):
        raise _still_leaving(leaving, RefusedError)


def _leaving(profile: Profile, cluster: Cluster) -> list[tuple[ObjectRef, Json]]:
    refs = [ObjectRef("v1", "Namespace", "", name) for name in sorted(profile.namespaces)]
    try:
        found = [(ref, cluster.get(ref) or {}) for ref in refs]
    except NotAllowedError:  # who may not look at namespaces learns it from what is made in them
        return []
    return [(ref, live) for ref, live in found if "deletionTimestamp" in live.get("metadata", {})]


def _still_leaving(leaving: list[tuple[ObjectRef, Json]], kind: type[WizardError]) -> WizardError:
    reasons = [
        condition["message"]
        for _, live in leaving
        for condition in live.get("status", {}).get("conditions", ())
        if condition["status"] == "True" and condition.get("message")
    ]
    name = leaving[0][0].name
    return kind(
        f"{leaving[0][0]} is still being deleted.",
        "\n".join(reasons) or "the cluster has not said yet what is left in it",
        f"See what holds it with kubectl get namespace {name} -o yaml, and run this again once it "
        "is gone",
    )
