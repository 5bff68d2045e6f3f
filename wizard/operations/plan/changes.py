"""Comparing what is wanted with what is there, in every system the profile names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from wizard.checks.connecting import NO_ANSWER
from wizard.core.changes import Action, Change, Doubt, FieldChange, Plan, System
from wizard.core.errors import NotAllowedError, WizardError
from wizard.core.findings import Check, Verdict
from wizard.core.manifest import Manifest, ObjectRef
from wizard.operations.cluster.reader_credential import reader_ref
from wizard.operations.cluster.removal import owned_objects, why_left
from wizard.operations.cluster.restarts import stale_pods
from wizard.operations.runners.managers import MANAGER
from wizard.operations.runners.markers import called
from wizard.operations.runners.observe import ObservedRunner, ObservedState
from wizard.operations.runners.truth import at_time, why_not_running
from wizard.profile.labels import RUNNER_LABEL
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manifests
from wizard.systems.backends import Backend
from wizard.systems.gitlab import Manager, RunnerInfo, RunnerSettings
from wizard.systems.kubernetes import Cluster, Owned, in_reverse

_AT_ONCE = 8
_HIDDEN = {"maintenance_note"}  # ours to keep; its text is no news to anyone


async def doubting(
    plan: Plan, profile: Profile, seen: ObservedState, backend: Backend, cluster: Cluster | None
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


def home_of_tokens(profile: Profile, cluster: Cluster) -> tuple[Change, ...]:
    """The namespace that has to be there before the files bring it: the tokens go into it.

    Nothing where it may not be looked at. Blocking. Raises: WizardError, from the cluster.
    """
    ref = ObjectRef("v1", "Namespace", "", profile.cluster.namespace)
    if profile.secrets.spec.through != "secret" or not profile.makes(ref.name):
        return ()
    try:
        if cluster.get(ref) is not None:
            return ()
    except NotAllowedError:
        return ()
    why = "the tokens go into it before the files bring it"
    return (Change(System.CLUSTER, Action.CREATE, str(ref), (), why),)


def gitlab_changes(seen: ObservedState) -> list[Change]:
    """What would change in GitLab."""
    changes = [_runner_change(one) for one in seen.runners]
    for one in seen.runners:
        why = "a second runner with the same marker"
        changes += [_deletion(double, one.runner.name, why) for double in one.duplicates]
    changes += [_deletion(stray, "", "the profile no longer wants it") for stray in seen.orphans]
    changes += [_signing_off(one, manager) for one in seen.runners for manager in one.gone]
    return changes


def _signing_off(one: ObservedRunner, manager: Manager) -> Change:
    """A manager that is gone: of no runner, since the runner itself needs no new proof."""
    last = manager.contacted_at or manager.created_at
    why = f"GitLab has not heard from it since {at_time(last)}" if last else ""
    subject = f"manager {manager.system_id} of runner {one.runner.name}"
    return Change(
        System.GITLAB, Action.DELETE, subject, (FieldChange(MANAGER, manager.id, None),), why
    )


def _runner_change(one: ObservedRunner) -> Change:
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
        why = f"gets a new token, as {one.why_new_token}; its managers are restarted"
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


def secret_changes(seen: ObservedState, backend: Backend) -> list[Change]:
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


def _why_replace(one: ObservedRunner) -> str:
    if one.adopting is not None:
        return "the token that the runner gets when it is taken over"
    if one.info is None:
        return "it is this profile's, and its runner is gone from GitLab"
    return one.why_new_token


@dataclass(frozen=True, slots=True)
class Compared:
    """What would change in the cluster, what could not be seen of it, and what refused."""

    changes: tuple[Change, ...]
    unseen: tuple[str, ...] = ()
    refused: tuple[Check, ...] = ()


async def compare_objects(
    profile: Profile, cluster: Cluster, only: Collection[str] = ()
) -> Compared:
    """What would change in the cluster: objects, those no longer wanted, and restarts.

    Args:
        only: the runners that are compared, with what all share, and nothing is called unwanted;
            all where it is empty.

    Raises: NotReachedError, when the cluster does not answer.
    """
    wanted = manifests(profile)
    room = asyncio.Semaphore(_AT_ONCE)

    async def compare(manifest: Manifest) -> Compared:
        async with room:
            return await asyncio.to_thread(_compare_object, manifest, cluster)

    parts = await asyncio.gather(
        *(
            compare(manifest)
            for manifest in wanted
            if not only or manifest.labels.get(RUNNER_LABEL, "") in {"", *only}
        ),
        _seen("our objects", lambda: [] if only else _deletions(profile, cluster, wanted)),
        *(
            _seen(f"the pods of {runner.release}", partial(_restarts, profile, runner, cluster))
            for runner in profile.runners
            if not only or runner.name in only
        ),
    )
    return Compared(
        tuple(change for part in parts for change in part.changes),
        tuple(dict.fromkeys(sentence for part in parts for sentence in part.unseen)),
        tuple(check for part in parts for check in part.refused),
    )


def _compare_object(manifest: Manifest, cluster: Cluster) -> Compared:
    """One object by the server's dry run; where that is not for us, by what is there."""
    name = manifest.labels.get(RUNNER_LABEL, "")
    ref, new = manifest.ref, "its kind is not served, so the cluster could not judge it yet"
    try:
        if not cluster.serves(ref.api_version, ref.kind):
            change = Change(System.CLUSTER, Action.CREATE, str(ref), (), new)
        else:
            change = cluster.diff(manifest)
    except NotAllowedError:
        return _compare_by_reading(manifest, cluster, name)
    except NO_ANSWER:
        raise
    except WizardError as refused:
        asked = f"{ref} may be written"
        return Compared((), (), (Check(asked, Verdict.FAIL, refused.finding, "cluster.objects"),))
    return Compared((replace(change, runner=name),))


def _compare_by_reading(manifest: Manifest, cluster: Cluster, name: str) -> Compared:
    try:
        change = cluster.diff_by_reading(manifest)
    except NotAllowedError as refused:
        return Compared((), (f"{manifest.ref}: {refused.problem}",))
    return Compared((replace(change, runner=name),))


async def _seen(what: str, changes: Callable[[], list[Change]]) -> Compared:
    try:
        return Compared(tuple(await asyncio.to_thread(changes)))
    except NotAllowedError as refused:
        return Compared((), (f"{what}: {refused.problem}",))


def _deletions(profile: Profile, cluster: Cluster, wanted: Sequence[Manifest]) -> list[Change]:
    why = "no longer wanted"
    return [
        Change(System.CLUSTER, Action.DELETE, str(one.ref), (), why, _runner_of(one))
        for one in unwanted_objects(profile, cluster, wanted)
    ]


def _runner_of(owned: Owned) -> str:
    return owned.labels.get(RUNNER_LABEL, "")


def unwanted_objects(profile: Profile, cluster: Cluster, wanted: Sequence[Manifest]) -> list[Owned]:
    """What the profile created and no longer wants, in the order in which it is deleted.

    Not a namespace that others have come to use. The Secrets of tokens and of the reader's
    credential are not rendered, but wanted all the same. Blocking.
    """
    keep = {_place(manifest.ref) for manifest in wanted}
    keep |= {
        ("Secret", profile.cluster.namespace, runner.token_secret) for runner in profile.runners
    }
    if reads := reader_ref(profile):
        keep.add(_place(reads))
    owned = owned_objects(profile, cluster)
    unwanted = [one for one in owned if one.created and _place(one.ref) not in keep]
    gone = {one.uid for one in unwanted}
    return [one for one in in_reverse(unwanted) if not why_left(cluster, one, gone)]


def _restarts(profile: Profile, runner: Runner, cluster: Cluster) -> list[Change]:
    if not stale_pods(profile, runner, cluster):
        return []
    why = "they started before the token they should use was written"
    subject = f"pods of Deployment {profile.cluster.namespace}/{runner.release}"
    return [Change(System.CLUSTER, Action.REPLACE, subject, (), why, runner.name)]


def _place(ref: ObjectRef) -> tuple[str, str, str]:
    # Not the API version: a kind that moved to a newer one is the same object.
    return ref.kind, ref.namespace, ref.name
