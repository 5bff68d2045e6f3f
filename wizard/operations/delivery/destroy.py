"""Taking it all away: what runs, the token, the runner; and proof that nothing is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from wizard.checks.target import unnamed
from wizard.core.changes import Action, Change, Plan, System
from wizard.core.errors import RefusedError, WizardError
from wizard.core.events import (
    Event,
    Left,
    ObjectDeleted,
    Planned,
    Progress,
    RunnerDeleted,
    RunnerUpdated,
    SecretRemoved,
    Warned,
)
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.operations.cluster.leaving import until_gone
from wizard.operations.cluster.removal import delete_object, owned_objects, why_left
from wizard.operations.plan.changes import deleted
from wizard.operations.runners.observe import ObservedRunner, ObservedState, observe
from wizard.operations.streams import titled
from wizard.profile.model import Profile
from wizard.render.runner.config_toml import job_service_account
from wizard.systems import Systems
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab, RunnerInfo
from wizard.systems.kubernetes import Cluster, Owned, in_reverse

_GONE_TRIES = 30
_POLL = 2.0


async def plan_destroy(profile: Profile, systems: Systems) -> Plan:
    """What `destroy` would take away; the profile has an id."""
    gitlab, backend, cluster = await _reach(profile, systems)
    seen, found = await _look(profile, gitlab, backend, cluster)
    return _plan(profile, seen, found, backend)


async def _reach(profile: Profile, systems: Systems) -> tuple[GitLab, Backend, Cluster]:
    return await asyncio.gather(
        asyncio.to_thread(systems.gitlab),
        asyncio.to_thread(systems.backend, profile),
        asyncio.to_thread(systems.cluster),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What the cluster has of a profile: what goes, in this order, and what stays."""

    going: tuple[Owned, ...]
    staying: tuple[Left, ...]


async def _look(
    profile: Profile, gitlab: GitLab, backend: Backend, cluster: Cluster
) -> tuple[ObservedState, _Found]:
    """Everything of the profile that is there, in all three systems."""
    return await asyncio.gather(
        observe(profile, gitlab, backend), asyncio.to_thread(_objects, profile, cluster)
    )


def _objects(profile: Profile, cluster: Cluster) -> _Found:
    owned = in_reverse(owned_objects(profile, cluster))
    deleted = {one.uid for one in owned if one.created}
    reasons = [why_left(cluster, one, deleted) for one in owned]
    judged = list(zip(owned, reasons, strict=True))
    return _Found(
        tuple(one for one, why in judged if not why),
        tuple(Left(str(one.ref), why) for one, why in judged if why),
    )


def _plan(profile: Profile, seen: ObservedState, found: _Found, backend: Backend) -> Plan:
    places = {backend.where(runner) for runner in profile.runners}
    objects = [
        Change(System.CLUSTER, Action.DELETE, str(one.ref))
        for one in found.going
        if str(one.ref) not in places  # a token in a Secret is listed once, as a token
    ]
    notes = tuple(f"{left.what} stays: {left.why}" for left in found.staying)
    notes += foreign_tokens(seen, backend)
    return Plan((*objects, *removals(seen, backend)), notes=notes)


def removals(seen: ObservedState, backend: Backend) -> list[Change]:
    """The tokens that are kept and the runners of the profile, as changes that remove them."""
    tokens = [
        Change(System.SECRETS, Action.DELETE, backend.where(one.runner), runner=one.runner.name)
        for one in seen.runners
        if one.stored is not None and one.stores_ours
    ]
    runners = [Change(System.GITLAB, Action.DELETE, deleted(info)) for info in _runners(seen)]
    return [*tokens, *runners]


def foreign_tokens(seen: ObservedState, backend: Backend) -> tuple[str, ...]:
    """Sentences about the stored tokens that stay, since they are not known to be ours."""
    return tuple(f"{left.what} stays: {left.why}" for left in _foreign(seen, backend))


def _foreign(seen: ObservedState, backend: Backend) -> list[Left]:
    foreign = [one for one in seen.runners if not one.stores_ours]
    return [Left(backend.where(one.runner), _whose(one)) for one in foreign]


def _whose(one: ObservedRunner) -> str:
    owner = one.stored.owner if one.stored else None
    if owner is None:
        return "nothing shows that the token there is this profile's"
    return f"the token there belongs to another profile, with the id {owner.profile}"


async def destroy(profile: Profile, systems: Systems, run: RunOptions) -> AsyncIterator[Event]:
    """Pause the runners, delete our objects, the tokens and the runners; then look again.

    Raises: WizardError; run again, it goes on with what is still there.
    """
    gitlab, backend, cluster = await _reach(profile, systems)
    seen, found = await _look(profile, gitlab, backend, cluster)
    yield Planned(_plan(profile, seen, found, backend))
    if finding := unnamed(profile, cluster, run):
        raise RefusedError.because_of([finding])
    parts = [
        titled("Pause", pause(seen, gitlab)),
        titled("Jobs that still run", _drain(profile, cluster, run)),
        titled("Objects in the cluster", delete_objects(found.going, cluster)),
        titled("What stays", replayed(found.staying)),
        titled("Tokens", delete_tokens(seen, backend)),
        titled("Runners in GitLab", delete_runners(seen, gitlab)),
        titled("Proof that nothing is left", _gone(profile, gitlab, backend, cluster, run)),
    ]
    for part in parts:
        async for event in part:
            yield event


def ids_of(seen: ObservedState) -> list[int]:
    """The ids of every runner of the profile in GitLab."""
    return [info.id for info in _runners(seen)]


def _runners(seen: ObservedState) -> list[RunnerInfo]:
    ours = [info for one in seen.runners for info in (one.info, *one.duplicates) if info]
    return [*ours, *seen.orphans]


async def pause(seen: ObservedState, gitlab: GitLab) -> AsyncIterator[Event]:
    """Paused first, so that no new job comes in while its pod's rights go."""
    for info in _runners(seen):
        if not info.settings.paused:
            await asyncio.to_thread(gitlab.update_runner, info.id, {"paused": True})
            yield RunnerUpdated(info.settings.description, info.id, ("paused",))


async def _drain(profile: Profile, cluster: Cluster, run: RunOptions) -> AsyncIterator[Event]:
    """Wait for the pods of running jobs: without the manager's Role they would fail."""
    end = time.monotonic() + run.deadline
    replayed = 0
    while running := await asyncio.to_thread(_job_pods, profile, cluster):
        if run.cancel.is_set() or time.monotonic() > end:
            yield Warned(f"{running} pods of jobs still run; these jobs fail now")
            return
        if running != replayed:
            yield Progress(f"waiting for {running} pods of jobs to end")
            replayed = running
        await asyncio.sleep(_POLL)


def _job_pods(profile: Profile, cluster: Cluster) -> int:
    """Pods of this profile's jobs, by their account: nobody waits for those of others."""
    accounts = {
        (profile.job_namespace(runner), job_service_account(runner)) for runner in profile.runners
    }
    pods = [pod for one in profile.job_namespaces for pod in cluster.find("v1", "Pod", one)]
    return sum(
        "deletionTimestamp" not in pod["metadata"]
        and (pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName")) in accounts
        for pod in pods
    )


async def delete_tokens(seen: ObservedState, backend: Backend) -> AsyncIterator[Event]:
    """Remove every token of ours from its backend."""
    for left in _foreign(seen, backend):
        yield left
    for one in seen.runners:
        if one.stores_ours and await asyncio.to_thread(backend.remove, one.runner):
            yield SecretRemoved(one.runner.name, backend.where(one.runner))


async def delete_runners(seen: ObservedState, gitlab: GitLab) -> AsyncIterator[Event]:
    """Delete every runner of the profile, strays and twins as well."""
    for info in _runners(seen):
        await asyncio.to_thread(gitlab.delete_runner, info.id)
        yield RunnerDeleted(info.settings.description, info.id)


async def delete_objects(owned: Iterable[Owned], cluster: Cluster) -> AsyncIterator[Event]:
    """Delete what the profile created, the ones that others need last."""
    for one in in_reverse(owned):
        left = await asyncio.to_thread(delete_object, cluster, one)
        yield left or ObjectDeleted(str(one.ref))


async def replayed(events: Iterable[Event]) -> AsyncIterator[Event]:
    """What is known already, as events."""
    for event in events:
        yield event


async def _gone(
    profile: Profile, gitlab: GitLab, backend: Backend, cluster: Cluster, run: RunOptions
) -> AsyncIterator[Event]:
    """Look again until nothing of ours is there; what is kept on purpose was said before.

    Raises: WizardError, naming what is still there.
    """
    async for event in until_gone(profile, cluster, run, WizardError):
        yield event
    for _ in range(_GONE_TRIES):
        seen, found = await _look(profile, gitlab, backend, cluster)
        objects = [one.ref for one in found.going if one.kind != "Namespace"]
        still = [f"runner {info.id} in GitLab" for info in _runners(seen)]
        ours = [one for one in seen.runners if one.stored and one.stores_ours]
        still += [backend.where(one.runner) for one in ours]
        if not still and not objects:
            yield Progress("nothing that this profile made is left")
            return
        await asyncio.sleep(1)
    held = await asyncio.to_thread(_held, objects, cluster)
    raise WizardError(
        "Something of this profile is still there.",
        "\n".join([*held, *still]),
        "Find out why, and run destroy again",
    )


def _held(objects: Iterable[ObjectRef], cluster: Cluster) -> list[str]:
    """Each object that is still there, and by what it is held where it is being deleted."""
    found = [(ref, (cluster.get(ref) or {}).get("metadata", {})) for ref in objects]
    return [
        f"{ref}, held by its finalizers {', '.join(metadata['finalizers'])}"
        if metadata.get("finalizers") and "deletionTimestamp" in metadata
        else str(ref)
        for ref, metadata in found
    ]
