"""Comparing what is wanted with what is there, in every system the profile names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from wizard.core.changes import Action, Change, Doubt, FieldChange, Plan, System
from wizard.core.errors import NotAllowed
from wizard.core.manifest import Manifest, ObjectRef
from wizard.operations.adopt import downtime, look_to_settle
from wizard.operations.leaving import refuse_leaving
from wizard.operations.look import Seen, SeenRunner
from wizard.operations.markers import called
from wizard.operations.namespaces import check_namespaces
from wizard.operations.preflight import check_admission_where_judged, check_permissions
from wizard.operations.reader import Reader, look_at_reader, reader_ref
from wizard.operations.removal import owned_objects, why_left
from wizard.operations.restarts import stale_pods
from wizard.operations.truth import why_not_running
from wizard.operations.wish import Systems
from wizard.profile.labels import RUNNER_LABEL
from wizard.profile.model import Profile
from wizard.render import manifests
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab, RunnerInfo, RunnerSettings
from wizard.systems.kubernetes import Cluster, Owned, in_reverse

_AT_ONCE = 8
_HIDDEN = {"maintenance_note"}  # ours to keep; its text is no news to anybody


async def plan(profile: Profile, systems: Systems) -> Plan:
    """What `apply` would change; writes nothing.

    Raises: WizardError, when a system cannot be looked at.
    """
    # Each system is reached in a thread of its own: importing its client takes time as well.
    gitlab, backend, cluster = await asyncio.gather(
        asyncio.to_thread(systems.gitlab),
        asyncio.to_thread(systems.backend, profile),
        asyncio.to_thread(systems.cluster),
    )
    await asyncio.to_thread(refuse_leaving, profile, cluster)
    await asyncio.to_thread(check_namespaces, profile, cluster)
    await check_admission_where_judged(profile, cluster)
    seen, objects, reader = await compare(profile, systems, gitlab, backend, cluster)
    made = planned(seen, backend, objects, reader)
    return await doubting(made, profile, seen, backend, cluster)


async def compare(
    profile: Profile, systems: Systems, gitlab: GitLab, backend: Backend, cluster: Cluster
) -> tuple[Seen, list[Change], Reader | None]:
    """Everything that a plan to the cluster is made of: runners, objects, and the reader."""
    return await asyncio.gather(
        look_to_settle(profile, gitlab, backend, cluster),
        compare_objects(profile, cluster),
        asyncio.to_thread(look_at_reader, profile, cluster, systems),
    )


def planned(
    seen: Seen, backend: Backend, rest: Sequence[Change], reader: Reader | None, unseen: str = ""
) -> Plan:
    """The plan of everything that was looked at.

    Args:
        rest: changes of the cluster or the files.
        reader: None where the profile needs none.
        unseen: what else could not be looked at, as a sentence.
    """
    secrets = [*secret_changes(seen, backend), *([reader.change] if reader else [])]
    sentences = filter(None, (unseen, reader.unseen if reader else ""))
    changes = (*gitlab_changes(seen), *secrets, *rest)
    return Plan(changes, tuple(sentences), downtime(seen))


async def doubting(
    plan: Plan, profile: Profile, seen: Seen, backend: Backend, cluster: Cluster | None
) -> Plan:
    """The plan, with what is not as it should be of runners that nothing is changed of.

    Args:
        cluster: None where it cannot be seen.
    """
    changing = {change.runner for change in plan.pending}
    quiet = [one for one in seen.runners if one.runner.name not in changing]
    running = await asyncio.gather(
        *(asyncio.to_thread(why_not_running, profile, one, backend, cluster) for one in quiet)
    )
    doubts = [
        Doubt(one.runner.name, what)
        for one, lacks in zip(quiet, running, strict=True)
        for what in (lacks, one.silent)
        if what
    ]
    return replace(plan, doubts=tuple(doubts))


def gitlab_changes(seen: Seen) -> list[Change]:
    """What would change in GitLab."""
    changes = [_runner_change(one) for one in seen.runners]
    for one in seen.runners:
        why = "a second runner with the same marker"
        changes += [_deletion(double, one.runner.name, why) for double in one.duplicates]
    changes += [_deletion(stray, "", "the profile no longer wants it") for stray in seen.strays]
    return changes


def _runner_change(one: SeenRunner) -> Change:
    name = one.runner.name
    subject = f"runner {name}"
    if one.adopting is not None:
        why = f"takes over {called(one.adopting)}, and replaces its token"
        changed = _differing(one.wanted, one.adopting.settings)
        return Change(System.GITLAB, Action.UPDATE, subject, changed, why, name)
    if one.info is None:
        wanted = {f.name: getattr(one.wanted, f.name) for f in fields(one.wanted)}
        changed = tuple(
            FieldChange(field, None, _plain(value))
            for field, value in wanted.items()
            if field not in _HIDDEN
        )
        where = one.scope.kind + (f" {one.scope.path}" if one.scope.path else "")
        return Change(System.GITLAB, Action.CREATE, subject, changed, f"in {where}", name)
    changed = _differing(one.wanted, one.info.settings)
    why = ""
    if one.why_new_token:
        why = f"gets a new token, as {one.why_new_token}; its managers are made anew"
    action = Action.UPDATE if changed or why else Action.KEEP
    subject = f"{subject} ({one.info.id} of {one.info.place})"
    return Change(System.GITLAB, action, subject, changed, why, name)


def _differing(wanted: RunnerSettings, found: RunnerSettings) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field, _plain(before), _plain(after))
        for field, (before, after) in wanted.changes_from(found).items()
    )


def _deletion(info: RunnerInfo, name: str, why: str) -> Change:
    return Change(System.GITLAB, Action.DELETE, deleted(info), (), why, name)


def deleted(info: RunnerInfo) -> str:
    """A runner that is to be deleted, as a change names it."""
    return f"{called(info)}: {info.settings.description}"


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def secret_changes(seen: Seen, backend: Backend) -> list[Change]:
    """What would change where the tokens are kept."""
    changes = []
    for one in seen.runners:
        where = backend.where(one.runner)
        name = one.runner.name
        if one.token_fits:
            change = Change(System.SECRETS, Action.KEEP, where, runner=name)
        elif one.stored is None:
            why = "its token" if one.info is None else "no token is stored there"
            change = Change(System.SECRETS, Action.CREATE, where, (), why, name)
        else:
            change = Change(System.SECRETS, Action.REPLACE, where, (), _why_replace(one), name)
        changes.append(change)
    return changes


def _why_replace(one: SeenRunner) -> str:
    if one.adopting is not None:
        return "the token that the runner gets when it is taken over"
    if one.info is None:
        return "it is this profile's, and its runner is gone from GitLab"
    return one.why_new_token


async def compare_objects(profile: Profile, cluster: Cluster) -> list[Change]:
    """What would change in the cluster: objects, those no longer wanted, and restarts."""
    wanted = manifests(profile)
    room = asyncio.Semaphore(_AT_ONCE)

    async def compare(manifest: Manifest) -> Change:
        async with room:
            change = await asyncio.to_thread(cluster.diff, manifest)
        return replace(change, runner=manifest.labels.get(RUNNER_LABEL, ""))

    try:
        compared, unwanted, restarts = await asyncio.gather(
            asyncio.gather(*(compare(manifest) for manifest in wanted)),
            unwanted_objects(profile, cluster, wanted),
            asyncio.gather(*(_restart(profile, name, cluster) for name in _names(profile))),
        )
    except NotAllowed:
        await check_permissions(profile, cluster, wanted)  # names all that is missing, not one
        raise
    deletions = [
        Change(
            System.CLUSTER,
            Action.DELETE,
            str(owned.ref),
            (),
            "no longer wanted",
            owned.labels.get(RUNNER_LABEL, ""),
        )
        for owned in unwanted
    ]
    return [*compared, *deletions, *(change for change in restarts if change)]


async def unwanted_objects(
    profile: Profile, cluster: Cluster, wanted: Sequence[Manifest]
) -> list[Owned]:
    """What the profile created and no longer wants, in the order in which it is deleted.

    Not a namespace that others have come to use. The Secrets of tokens and of the reader's
    credential are not rendered, but wanted all the same.
    """
    keep = {_place(manifest.ref) for manifest in wanted}
    keep |= {
        ("Secret", profile.cluster.namespace, runner.token_secret) for runner in profile.runners
    }
    if reads := reader_ref(profile):
        keep.add(_place(reads))
    owned = await asyncio.to_thread(owned_objects, profile, cluster)
    unwanted = [one for one in owned if one.created and _place(one.ref) not in keep]
    gone = {one.uid for one in unwanted}
    return [
        one
        for one in in_reverse(unwanted)
        if not await asyncio.to_thread(why_left, cluster, one, gone)
    ]


async def _restart(profile: Profile, name: str, cluster: Cluster) -> Change | None:
    runner = profile.runner(name)
    pods = await asyncio.to_thread(stale_pods, profile, runner, cluster)
    if not pods:
        return None
    why = "they started before the token they should use was written"
    subject = f"pods of Deployment {profile.cluster.namespace}/{runner.release}"
    return Change(System.CLUSTER, Action.REPLACE, subject, (), why, name)


def _names(profile: Profile) -> list[str]:
    return [runner.name for runner in profile.runners]


def _place(ref: ObjectRef) -> tuple[str, str, str]:
    # Not the API version: a kind that moved to a newer one is the same object.
    return ref.kind, ref.namespace, ref.name
