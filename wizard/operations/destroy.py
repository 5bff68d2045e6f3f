"""Taking it all away: what runs, the token, the runner; and proof that nothing is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from wizard.checks.target import unnamed
from wizard.core.changes import Action, Change, Plan, System
from wizard.core.errors import Refused, WizardError
from wizard.core.events import (
    Event,
    ObjectDeleted,
    Planned,
    Progress,
    RunnerDeleted,
    RunnerUpdated,
    SecretRemoved,
    Warned,
)
from wizard.operations.look import Seen, look
from wizard.operations.namespaces import delete_object, until_gone
from wizard.operations.streams import titled
from wizard.operations.wish import Run, Systems
from wizard.profile.model import Profile
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab, RunnerInfo
from wizard.systems.kubernetes import Cluster, Owned, in_reverse

_GONE_TRIES = 30
_POLL = 2.0


async def plan_destroy(profile: Profile, systems: Systems) -> Plan:
    """What `destroy` would take away; the profile has an id."""
    gitlab, backend, cluster = await _reach(profile, systems)
    seen, owned = await _look(profile, gitlab, backend, cluster)
    return _plan(profile, seen, owned, backend)


async def _reach(profile: Profile, systems: Systems) -> tuple[GitLab, Backend, Cluster]:
    return await asyncio.gather(
        asyncio.to_thread(systems.gitlab),
        asyncio.to_thread(systems.backend, profile),
        asyncio.to_thread(systems.cluster),
    )


async def _look(
    profile: Profile, gitlab: GitLab, backend: Backend, cluster: Cluster
) -> tuple[Seen, list[Owned]]:
    """Everything of the profile that is there, in all three systems."""
    return await asyncio.gather(
        look(profile, gitlab, backend), asyncio.to_thread(cluster.owned, profile.id or "")
    )


def _plan(profile: Profile, seen: Seen, owned: list[Owned], backend: Backend) -> Plan:
    places = {backend.where(runner) for runner in profile.runners}
    objects = [
        Change(System.CLUSTER, Action.DELETE, str(ref))
        for ref in in_reverse([one.ref for one in owned])
        if str(ref) not in places  # a token in a Secret is listed once, as a token
    ]
    return Plan((*objects, *removals(seen, backend)))


def removals(seen: Seen, backend: Backend) -> list[Change]:
    """The tokens that are kept and the runners of the profile, as changes that remove them."""
    tokens = [
        Change(System.SECRETS, Action.DELETE, backend.where(one.runner), runner=one.runner.name)
        for one in seen.runners
        if one.stored is not None
    ]
    runners = [
        Change(System.GITLAB, Action.DELETE, f"runner {info.settings.description}")
        for info in _runners(seen)
    ]
    return [*tokens, *runners]


async def destroy(profile: Profile, systems: Systems, run: Run) -> AsyncIterator[Event]:
    """Pause the runners, delete our objects, the tokens and the runners; then look again.

    Raises: WizardError; run again, it goes on with what is still there.
    """
    gitlab, backend, cluster = await _reach(profile, systems)
    seen, owned = await _look(profile, gitlab, backend, cluster)
    yield Planned(_plan(profile, seen, owned, backend))
    if finding := unnamed(profile, cluster, run):
        raise Refused.because_of([finding])
    parts = [
        titled("Pause", pause(seen, gitlab)),
        titled("Jobs that still run", _drain(profile, cluster, run)),
        titled("Objects in the cluster", delete_objects(owned, cluster)),
        titled("Tokens", delete_tokens(seen, backend)),
        titled("Runners in GitLab", delete_runners(seen, gitlab)),
        titled("Proof that nothing is left", _gone(profile, gitlab, backend, cluster, run)),
    ]
    for part in parts:
        async for event in part:
            yield event


def ids_of(seen: Seen) -> list[int]:
    """The ids of every runner of the profile in GitLab."""
    return [info.id for info in _runners(seen)]


def _runners(seen: Seen) -> list[RunnerInfo]:
    ours = [info for one in seen.runners for info in (one.info, *one.duplicates) if info]
    return [*ours, *seen.strays]


async def pause(seen: Seen, gitlab: GitLab) -> AsyncIterator[Event]:
    """Paused first, so that no new job comes in while its pod's rights go."""
    for info in _runners(seen):
        if not info.settings.paused:
            await asyncio.to_thread(gitlab.update_runner, info.id, {"paused": True})
            yield RunnerUpdated(info.settings.description, info.id, ("paused",))


async def _drain(profile: Profile, cluster: Cluster, run: Run) -> AsyncIterator[Event]:
    """Wait for the pods of running jobs: without the manager's Role they would fail."""
    end = time.monotonic() + run.deadline
    told = 0
    while running := await asyncio.to_thread(_job_pods, profile, cluster):
        if run.cancel.is_set() or time.monotonic() > end:
            yield Warned(f"{running} pods of jobs still run; these jobs fail now")
            return
        if running != told:
            yield Progress(f"waiting for {running} pods of jobs to end")
            told = running
        await asyncio.sleep(_POLL)


def _job_pods(profile: Profile, cluster: Cluster) -> int:
    pods = cluster.find("v1", "Pod", profile.cluster.job_namespace)
    return sum("deletionTimestamp" not in pod["metadata"] for pod in pods)


async def delete_tokens(seen: Seen, backend: Backend) -> AsyncIterator[Event]:
    """Remove every token from its backend."""
    for one in seen.runners:
        if await asyncio.to_thread(backend.remove, one.runner):
            yield SecretRemoved(one.runner.name, backend.where(one.runner))


async def delete_runners(seen: Seen, gitlab: GitLab) -> AsyncIterator[Event]:
    """Delete every runner of the profile, strays and twins as well."""
    for info in _runners(seen):
        await asyncio.to_thread(gitlab.delete_runner, info.id)
        yield RunnerDeleted(info.settings.description, info.id)


async def delete_objects(owned: list[Owned], cluster: Cluster) -> AsyncIterator[Event]:
    """Delete objects of ours, the ones that others need last."""
    for one in in_reverse(owned):
        left = await asyncio.to_thread(delete_object, cluster, one)
        yield left or ObjectDeleted(str(one.ref))


async def _gone(
    profile: Profile, gitlab: GitLab, backend: Backend, cluster: Cluster, run: Run
) -> AsyncIterator[Event]:
    """Look again until nothing of ours is there; what is kept on purpose was said before.

    Raises: WizardError, naming what is still there.
    """
    async for event in until_gone(profile, cluster, run, WizardError):
        yield event
    for _ in range(_GONE_TRIES):
        seen, owned = await _look(profile, gitlab, backend, cluster)
        still = [str(one.ref) for one in owned if one.ref.kind != "Namespace"]
        still += [f"runner {info.id} in GitLab" for info in _runners(seen)]
        still += [backend.where(one.runner) for one in seen.runners if one.stored]
        if not still:
            yield Progress("nothing of this profile is left")
            return
        await asyncio.sleep(1)
    raise WizardError(
        "Something of this profile is still there.",
        "\n".join(still),
        "a finalizer may hold it; look at it, then run destroy again",
    )
