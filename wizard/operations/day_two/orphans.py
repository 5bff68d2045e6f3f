"""Runners in GitLab that carry a marker of the wizard's, and that no profile given here has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wizard.operations.runners import markers
from wizard.profile.model import Profile
from wizard.systems import Systems
from wizard.systems.gitlab import GitLab, RunnerInfo


@dataclass(frozen=True, slots=True)
class Orphan:
    """A runner without a profile.

    Args:
        url: GitLab's address.
        profile_id: of the profile that made it, as its marker says.
        name: its name in that profile.
        why: how it is known to be one.
    """

    url: str
    id: int
    place: str
    description: str
    profile_id: str
    name: str
    contacted_at: datetime | None
    paused: bool
    why: str


async def orphans(given: Sequence[tuple[Profile, Systems]]) -> list[Orphan]:
    """Look where the given profiles have their runners; writes nothing.

    Raises: WizardError, from GitLab.
    """
    known = {profile.id: {one.name for one in profile.runners} for profile, _ in given}
    found: dict[tuple[str, int], Orphan] = {}
    for profile, systems in given:
        gitlab = await asyncio.to_thread(systems.gitlab)
        for info in await _marked(profile, gitlab):
            if orphan := _orphan(gitlab.url, info, known):
                found[orphan.url, orphan.id] = orphan
    return [found[key] for key in sorted(found)]


async def _marked(profile: Profile, gitlab: GitLab) -> list[RunnerInfo]:
    """Every runner with a marker where a profile has its own."""
    places = dict.fromkeys((one.scope.kind, one.scope.path) for one in profile.runners)
    scopes = await asyncio.gather(*(asyncio.to_thread(gitlab.resolve, *one) for one in places))
    answers = await asyncio.gather(
        *(asyncio.to_thread(gitlab.find_runners, scope, markers.BEGINNING) for scope in scopes)
    )
    return [info for infos in answers for info in infos]


def _orphan(url: str, info: RunnerInfo, known: Mapping[str | None, set[str]]) -> Orphan | None:
    carried = markers.every(info.settings.description)
    if not carried or any(name in known.get(owner, ()) for owner, name in carried):
        return None
    owner, name = carried[0]
    why = (
        f"the profile with the id {owner} no longer has it, and its next apply deletes it"
        if owner in known
        else f"no profile given here has the id {owner}"
    )
    return Orphan(
        url,
        info.id,
        info.place,
        info.settings.description,
        owner,
        name,
        info.contacted_at,
        info.settings.paused,
        why,
    )
