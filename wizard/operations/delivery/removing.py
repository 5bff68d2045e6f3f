"""`destroy`, wherever it was delivered: one algorithm, and a remover for what differs.

First what runs, then the token, then the runner; and proof that nothing is left. Run again, it
goes on with what is still there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Protocol

from wizard.core.changes import Action, Change, Plan, System
from wizard.core.errors import WizardError
from wizard.core.events import (
    Event,
    Left,
    ObjectDeleted,
    Planned,
    Progress,
    RunnerDeleted,
    RunnerUpdated,
    SecretRemoved,
    Waiting,
)
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.operations.cluster.leaving import until_gone
from wizard.operations.cluster.removal import delete_object, owned_objects, why_left
from wizard.operations.lease import Turn, turn_at
from wizard.operations.plan.changes import deleted
from wizard.operations.runners.markers import called
from wizard.operations.runners.observe import ObservedRunner, ObservedState, observe
from wizard.operations.runners.truth import token_secret
from wizard.operations.streams import titled
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.systems import Systems
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab, RunnerInfo
from wizard.systems.kubernetes import Cluster, Owned, in_reverse

_GONE_TRIES = 30
_TOKEN_KEPT = "it is kept, as was asked"  # noqa: S105 - no token
_RUNNER_KEPT = "it is kept, as was asked, and paused; the next apply takes it up again"


@dataclass(frozen=True, slots=True)
class Found:
    """What the cluster has of a profile: what goes, in this order, and what stays."""

    going: tuple[Owned, ...] = ()
    staying: tuple[Left, ...] = ()


class Remover(Protocol):
    """What `destroy` does for one way to deliver, before the tokens and runners go."""

    cluster: Cluster | None
    """None where it cannot be seen, or has not been reached yet."""
    found: Found
    """What the wizard itself deletes there; complete once `withdraw` has ended."""

    async def reach(self) -> None:
        """Reach what is needed to look. Raises: WizardError."""
        ...

    async def look(self) -> None:
        """Find what is to go. Raises: WizardError."""
        ...

    def plan(self, backend: Backend) -> Plan:
        """What goes besides tokens and runners."""
        ...

    def refuse(self) -> None:
        """Raises: RefusedError, where nothing may be removed."""
        ...

    def withdraw(self) -> AsyncIterator[Event]:
        """Take what runs away, as far as it can be; a `Waiting` at its end keeps the rest."""
        ...

    def staying(self) -> list[Left]:
        """What stays in the cluster, and why. Blocking."""
        ...


async def plan(profile: Profile, systems: Systems, run: RunOptions, remover: Remover) -> Plan:
    """What `destroy` would remove; the profile has an id."""
    gitlab, backend = await _reach(profile, systems, remover)
    return _plan(await _look(profile, gitlab, backend, remover), backend, run, remover)


async def destroy(
    file: ProfileFile, systems: Systems, run: RunOptions, remover: Remover
) -> AsyncIterator[Event]:
    """Pause the runners, delete our objects, the tokens and the runners; then look again.

    Raises: WizardError; run again, it goes on with what is still there.
    """
    gitlab, backend = await _reach(file.profile, systems, remover)
    async with turn_at(file, remover.cluster, "destroy") as turn:
        work = _destroy(file.profile, gitlab, backend, run, remover, turn)
        async for event in turn.while_ours(work):
            yield event


async def _destroy(
    profile: Profile,
    gitlab: GitLab,
    backend: Backend,
    run: RunOptions,
    remover: Remover,
    turn: Turn,
) -> AsyncIterator[Event]:
    seen = await _look(profile, gitlab, backend, remover)
    plan = _plan(seen, backend, run, remover)
    yield Planned(plan)
    remover.refuse()
    async for event in turn.take(profile, plan):
        yield event
    async for event in titled("Pause", _pause(seen, gitlab)):
        yield event
    async for event in remover.withdraw():
        yield event
        if isinstance(event, Waiting):
            return
    await turn.look(profile, remover.cluster)  # which may be seen only now
    async for event in turn.take(profile, plan):
        yield event
    parts = (
        ("Objects in the cluster", _delete_objects(remover)),
        ("What stays", _stays(remover, _kept(seen, backend, run))),
        ("Tokens", _delete_tokens(_tokens(seen, run), backend)),
        ("Runners in GitLab", _delete_runners(_leaving(seen, run), gitlab)),
    )
    for title, events in parts:
        async for event in titled(title, events):
            yield event
    await turn.remove(profile, remover.cluster)
    gone = _gone(profile, gitlab, backend, remover.cluster, run)
    async for event in titled("Proof that nothing is left", gone):
        yield event


def objects(profile: Profile, cluster: Cluster, run: RunOptions) -> Found:
    """What a cluster has of a profile, judged one by one. Blocking."""
    owned = in_reverse(owned_objects(profile, cluster))
    kept = {token_secret(profile, runner) for runner in profile.runners if run.keep_secret}
    going = {one.uid for one in owned if one.created and one.ref not in kept}
    reasons = [_TOKEN_KEPT if one.ref in kept else why_left(cluster, one, going) for one in owned]
    judged = list(zip(owned, reasons, strict=True))
    return Found(
        tuple(one for one, why in judged if not why),
        tuple(Left(str(one.ref), why) for one, why in judged if why),
    )


async def _reach(profile: Profile, systems: Systems, remover: Remover) -> tuple[GitLab, Backend]:
    gitlab, backend, _ = await asyncio.gather(
        asyncio.to_thread(systems.gitlab),
        asyncio.to_thread(systems.backend, profile),
        remover.reach(),
    )
    return gitlab, backend


async def _look(
    profile: Profile, gitlab: GitLab, backend: Backend, remover: Remover
) -> ObservedState:
    seen, _ = await asyncio.gather(observe(profile, gitlab, backend), remover.look())
    return seen


def _plan(seen: ObservedState, backend: Backend, run: RunOptions, remover: Remover) -> Plan:
    own = remover.plan(backend)
    tokens = [
        Change(System.SECRETS, Action.DELETE, backend.where(one.runner), runner=one.runner.name)
        for one in _tokens(seen, run)
    ]
    runners = [Change(System.GITLAB, Action.DELETE, deleted(one)) for one in _leaving(seen, run)]
    kept = (f"{left.what} stays: {left.why}" for left in _kept(seen, backend, run))
    return Plan((*own.changes, *tokens, *runners), notes=tuple(dict.fromkeys((*own.notes, *kept))))


def _tokens(seen: ObservedState, run: RunOptions) -> list[ObservedRunner]:
    """The runners whose stored tokens go: those that are known to be ours."""
    ours = [one for one in seen.runners if one.stored is not None and one.stores_ours]
    return [] if run.keep_secret else ours


def _leaving(seen: ObservedState, run: RunOptions) -> list[RunnerInfo]:
    """The runners that go from GitLab."""
    return [] if run.keep_runner else _runners(seen)


def _kept(seen: ObservedState, backend: Backend, run: RunOptions) -> list[Left]:
    """What stays of tokens and runners: what is not known to be ours, or was asked to stay."""
    foreign = [one for one in seen.runners if not one.stores_ours]
    kept = [Left(backend.where(one.runner), _whose(one)) for one in foreign]
    if run.keep_secret:
        places = [one for one in seen.runners if one.stored is not None and one.stores_ours]
        kept += [Left(backend.where(one.runner), _TOKEN_KEPT) for one in places]
    if run.keep_runner:
        kept += [Left(called(info), _RUNNER_KEPT) for info in _runners(seen)]
    return kept


def _whose(one: ObservedRunner) -> str:
    owner = one.stored.owner if one.stored else None
    if owner is None:
        return "nothing shows that the token there is this profile's"
    return f"the token there belongs to another profile, with the id {owner.profile}"


def _runners(seen: ObservedState) -> list[RunnerInfo]:
    ours = [info for one in seen.runners for info in (one.info, *one.duplicates) if info]
    return [*ours, *seen.orphans]


async def _pause(seen: ObservedState, gitlab: GitLab) -> AsyncIterator[Event]:
    """Paused first, so that no new job comes in while its pod's rights go."""
    for info in _runners(seen):
        if not info.settings.paused:
            await asyncio.to_thread(gitlab.update_runner, info.id, {"paused": True})
            yield RunnerUpdated(info.settings.description, info.id, ("paused",))


async def _delete_objects(remover: Remover) -> AsyncIterator[Event]:
    """Delete what the wizard created in the cluster, the ones that others need last."""
    if remover.cluster is None:
        return
    for one in in_reverse(remover.found.going):
        left = await asyncio.to_thread(delete_object, remover.cluster, one)
        yield left or ObjectDeleted(str(one.ref))


async def _stays(remover: Remover, kept: list[Left]) -> AsyncIterator[Event]:
    for left in dict.fromkeys((*await asyncio.to_thread(remover.staying), *kept)):
        yield left


async def _delete_tokens(
    runners: Iterable[ObservedRunner], backend: Backend
) -> AsyncIterator[Event]:
    """Remove tokens of ours from their backend."""
    for one in runners:
        if await asyncio.to_thread(backend.remove, one.runner):
            yield SecretRemoved(one.runner.name, backend.where(one.runner))


async def _delete_runners(runners: Iterable[RunnerInfo], gitlab: GitLab) -> AsyncIterator[Event]:
    """Delete runners of the profile, orphans and duplicates as well."""
    for info in runners:
        await asyncio.to_thread(gitlab.delete_runner, info.id)
        yield RunnerDeleted(info.settings.description, info.id)


async def _gone(
    profile: Profile,
    gitlab: GitLab,
    backend: Backend,
    cluster: Cluster | None,
    run: RunOptions,
) -> AsyncIterator[Event]:
    """Look again until nothing of ours is there; what is kept on purpose was said before.

    Raises: WizardError, naming what is still there.
    """
    if cluster is not None:
        async for event in until_gone(profile, cluster, run, WizardError):
            yield event
    for _ in range(_GONE_TRIES):
        seen = await observe(profile, gitlab, backend)
        still = [f"runner {info.id} in GitLab" for info in _leaving(seen, run)]
        still += [backend.where(one.runner) for one in _tokens(seen, run)]
        left = await asyncio.to_thread(_left_in, profile, cluster, run) if cluster else []
        if not still and not left:
            where = "" if cluster else " in GitLab and where its tokens were"
            besides = " but what was to stay" if run.keep_runner or run.keep_secret else ""
            yield Progress(f"nothing that this profile made is left{where}{besides}")
            return
        await asyncio.sleep(1)
    held = await asyncio.to_thread(_held, left, cluster) if cluster else []
    raise WizardError(
        "Something of this profile is still there.",
        "\n".join([*held, *still]),
        "Find out why, and run destroy again",
    )


def _left_in(profile: Profile, cluster: Cluster, run: RunOptions) -> list[ObjectRef]:
    return [one.ref for one in objects(profile, cluster, run).going if one.kind != "Namespace"]


def _held(refs: Iterable[ObjectRef], cluster: Cluster) -> list[str]:
    """Each object that is still there, and by what it is held where it is being deleted."""
    found = [(ref, (cluster.get(ref) or {}).get("metadata", {})) for ref in refs]
    return [
        f"{ref}, held by its finalizers {', '.join(metadata['finalizers'])}"
        if metadata.get("finalizers") and "deletionTimestamp" in metadata
        else str(ref)
        for ref, metadata in found
    ]
