"""The managers that GitLab lists for a runner, and taking those off the list that are gone.

A manager takes itself off when its pod ends, unless its token was replaced meanwhile or it died.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from wizard.core.errors import NotAllowedError, NotReachedError
from wizard.core.events import Event, ManagerRemoved, Progress, Warned
from wizard.operations.runners.observe import ObservedRunner
from wizard.operations.runners.truth import token_of
from wizard.profile.labels import manager_labels
from wizard.profile.model import Profile
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Cluster

MANAGER = "manager"
"""The field of a change that takes a manager off the list, by which it is known for one."""


async def without_gone(
    profile: Profile, one: ObservedRunner, gitlab: GitLab, cluster: Cluster | None
) -> AsyncIterator[Event]:
    """Take managers off the list that died without signing off."""
    token = await asyncio.to_thread(token_of, profile, one, cluster) if one.gone else None
    if token is not None:
        for manager in one.gone:
            if await asyncio.to_thread(gitlab.remove_manager, token, manager.system_id):
                yield ManagerRemoved(one.runner.name, manager.system_id)


async def without_old_managers(
    profile: Profile,
    one: ObservedRunner,
    old: Iterable[str],
    gitlab: GitLab,
    cluster: Cluster,
) -> AsyncIterator[Event]:
    """Remove managers whose pods have been replaced; not while one of those finishes its jobs.

    Args:
        one: the runner, as it is now.
        old: their system ids.
    """
    name = one.runner.name
    try:
        there = set(old) & await asyncio.to_thread(_listed, one, gitlab)
        token = await asyncio.to_thread(token_of, profile, one, cluster) if there else None
        if token is None:
            return
        if await asyncio.to_thread(_ending_pods, profile, one, cluster):
            yield Progress(
                f"an old pod of {name} finishes its jobs; its manager stays listed so long"
            )
            return
        for system_id in sorted(there):
            if await asyncio.to_thread(gitlab.remove_manager, token, system_id):
                yield ManagerRemoved(name, system_id)
    except (NotReachedError, NotAllowedError) as error:  # the runner works all the same
        yield Warned(f"old managers of {name} stay on GitLab's list: {error.problem}")


def _listed(one: ObservedRunner, gitlab: GitLab) -> set[str]:
    managers = gitlab.managers(one.info.id) if one.info else ()
    return {manager.system_id for manager in managers}


def _ending_pods(profile: Profile, one: ObservedRunner, cluster: Cluster) -> int:
    """How many of the runner's manager pods are about to end."""
    selected = manager_labels(profile, one.runner)
    pods = cluster.find("v1", "Pod", profile.cluster.namespace, selected)
    return sum("deletionTimestamp" in pod["metadata"] for pod in pods)
