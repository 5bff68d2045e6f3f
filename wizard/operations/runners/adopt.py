"""Taking over a runner that GitLab has already, instead of creating one.

It becomes ours with the marker in its description. Then its token is reset, since GitLab shows a
token once, and so the managers that hold the old one stop: `downtime` says so beforehand.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from wizard.core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from wizard.core.facts import Scope
from wizard.operations.runners import markers
from wizard.operations.runners.maintenance_note import Note
from wizard.operations.runners.observe import ObservedRunner, ObservedState, observe, settings
from wizard.operations.runners.truth import with_truth
from wizard.profile.model import Profile
from wizard.systems.backends import Backend
from wizard.systems.backends.ownership import (
    ForeignTokenError,
    not_known_as_ours,
    refuse_anothers,
)
from wizard.systems.gitlab import GitLab, RunnerInfo
from wizard.systems.kubernetes import Cluster

_OF = {"project_type": "a project", "group_type": "a group", "instance_type": "the whole instance"}


async def observe_with_adoptions(
    profile: Profile, gitlab: GitLab, backend: Backend, cluster: Cluster | None = None
) -> ObservedState:
    """`look`, at what is true of the tokens, and at the runners that are to be taken over.

    Args:
        cluster: shows the tokens of a backend that cannot be read back; None where it is not seen.
    Raises: RefusedError, for a runner that cannot be taken over; ConflictError, for a stored token
    that is
        not ours; WizardError, from GitLab or the backend.
    """
    seen = await observe(profile, gitlab, backend)
    _refuse_foreign_tokens(seen, backend)
    runners = await asyncio.gather(*(_with_adopted(profile, one, gitlab) for one in seen.runners))
    runners = await asyncio.gather(*(with_truth(profile, one, gitlab, cluster) for one in runners))
    taken = {one.adopting.id for one in runners if one.adopting}
    orphans = tuple(info for info in seen.orphans if info.id not in taken)
    return ObservedState(tuple(runners), orphans)


def _refuse_foreign_tokens(seen: ObservedState, backend: Backend) -> None:
    """Raises: ForeignTokenError, where stored tokens are another's, or not known to be ours."""
    found = [error for one in seen.runners if (error := _foreign_token(one, backend))]
    if found:
        found[0].others = tuple(found[1:])
        raise found[0]


def _foreign_token(one: ObservedRunner, backend: Backend) -> ForeignTokenError | None:
    if one.stores_ours or one.stored is None:
        return None
    where = backend.where(one.runner)
    try:
        refuse_anothers(where, one.stored.owner, one.profile_id)
    except ForeignTokenError as anothers:
        return anothers
    return not_known_as_ours(where, one.runner.name)


async def _with_adopted(profile: Profile, one: ObservedRunner, gitlab: GitLab) -> ObservedRunner:
    wanted = one.runner.adopt
    if one.info is not None or wanted is None:
        return one
    try:
        info = await asyncio.to_thread(gitlab.get_runner, wanted)
    except NotFoundError:
        raise RefusedError(
            f"There is no runner {wanted} in GitLab for {one.runner.name} to take over.",
            "it was deleted, or this token may not see it",
            "Remove `adopt` from the profile, and a runner is created instead",
        ) from None
    why = why_not(info, one.scope, profile.id or "") or _other_of_ours(profile, info)
    if why:
        raise RefusedError(
            f"Runner {wanted} of GitLab cannot be taken over as {one.runner.name}.",
            why,
            "Correct `adopt` in the profile, or remove it, and a runner is created instead",
        )
    note = Note.of(profile)
    as_wanted = settings(profile, one.runner, info, note)
    return replace(one, adopting=info, wanted=as_wanted, note=note)


@dataclass(frozen=True, slots=True)
class Existing:
    """A runner of a scope, and why it cannot be taken over; empty where it can."""

    info: RunnerInfo
    why_not: str


async def existing(
    gitlab: GitLab, kind: str, path: str, profile_id: str, page: int = 1
) -> tuple[list[Existing], int | None]:
    """The runners that a scope has, newest first, and the number of the next page.

    Args:
        kind: `project`, `group` or `instance`.
        path: of the scope; empty for the instance.
        profile_id: of the profile that would take one over.
        page: from 1.
    Raises: WizardError, from GitLab.
    """
    scope = await asyncio.to_thread(gitlab.resolve, kind, path)
    listed = await asyncio.to_thread(gitlab.list_runners, scope, page)
    asked = [asyncio.to_thread(_if_seen, gitlab, one) for one in listed.ids]
    answers = await asyncio.gather(*asked)
    infos = [one for one in answers if isinstance(one, RunnerInfo)]
    if not infos and (refused := [one for one in answers if isinstance(one, NotAllowedError)]):
        raise refused[0]
    return [Existing(info, _taken(info, scope, profile_id)) for info in infos], listed.next_page


def _if_seen(gitlab: GitLab, runner_id: int) -> RunnerInfo | NotAllowedError | None:
    try:
        return gitlab.get_runner(runner_id)
    except NotFoundError:
        return None  # deleted since it was listed
    except NotAllowedError as refusal:
        return refusal  # a group above shows that it has one, and not what it is


def _taken(info: RunnerInfo, scope: Scope, profile_id: str) -> str:
    if why := why_not(info, scope, profile_id):
        return why
    ours = markers.names(info.settings.description, profile_id)
    return f"it is runner {ours[0]} of this profile already" if ours else ""


def why_not(info: RunnerInfo, scope: Scope, profile_id: str) -> str:
    """Why a profile may not take over a runner for a scope; empty where it may."""
    if info.runner_type != f"{scope.kind}_type":
        wanted = _OF[f"{scope.kind}_type"]
        return f"it is a runner of {_OF.get(info.runner_type, 'another kind')}, not of {wanted}"
    if not info.belongs_to(scope):
        belongs = info.projects[0] if info.projects else f"another {scope.kind}"
        return f"it belongs to {belongs}, not to {scope.path}"
    for owner, name in markers.other_profiles(info.settings.description, profile_id):
        return f"it is runner {name} of another profile, the one with the id {owner}"
    return ""


def _other_of_ours(profile: Profile, info: RunnerInfo) -> str:
    wanted = {runner.name for runner in profile.runners}
    for name in markers.names(info.settings.description, profile.id or ""):
        if name in wanted:
            return f"it is runner {name} of this very profile"
    return ""


def check_still_free(info: RunnerInfo, seen: ObservedRunner) -> None:
    """Just before it is taken over: no one else has done so since it was looked at.

    Raises: ConflictError.
    """
    if why := why_not(info, seen.scope, seen.profile_id):
        raise ConflictError(
            f"Runner {info.id} of GitLab changed while it was to be taken over.",
            why,
            "Look at it in GitLab, then run plan again",
        )


def downtime(seen: ObservedState) -> tuple[str, ...]:
    """Sentences about what taking over stops, and about an `adopt` that is not used."""
    return tuple(filter(None, map(_about, seen.runners)))


def _about(one: ObservedRunner) -> str:
    name, wanted = one.runner.name, one.runner.adopt
    if one.adopting is not None:
        others = [path for path in one.adopting.projects if path != one.scope.path]
        also = f" It also serves {', '.join(others)}." if others else ""
        return (
            f"downtime: {name} takes over runner {wanted}, whose token is replaced. Its present "
            "managers are refused from then on, with the jobs that run there, and new jobs wait "
            f"until the new manager is up.{also}"
        )
    if one.info and wanted not in {None, one.info.id}:
        return (
            f"{name} is runner {one.info.id} of GitLab already, so `adopt: {wanted}` is not used; "
            "remove it from the profile"
        )
    return ""
