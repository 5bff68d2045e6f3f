"""Looking: what of the profile's runners is there, in GitLab and in the backend."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from wizard.core.errors import NotAllowedError, NotFoundError, NotReachedError
from wizard.core.facts import Scope
from wizard.operations.runners import markers
from wizard.operations.runners.maintenance_note import Note
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Stored, TokenReader
from wizard.systems.gitlab import GitLab, Manager, RunnerInfo, RunnerSettings


@dataclass(frozen=True, slots=True)
class ObservedRunner:
    """One runner of the profile, as it is now."""

    runner: Runner
    scope: Scope
    info: RunnerInfo | None
    """The runner in GitLab with our marker; of several, the one whose token is stored."""
    duplicates: tuple[RunnerInfo, ...]
    stored: Stored | None
    wanted: RunnerSettings
    note: Note
    """The note it should have, remembering what the note it has remembers."""
    profile_id: str = ""
    adopting: RunnerInfo | None = None
    """The runner to be taken over, where none has our marker; `observe_with_adoptions` looks for
    it.
    """
    dead: str = ""
    """Why GitLab's word on the stored token makes it useless, though it is the noted one."""
    gone: tuple[Manager, ...] = ()
    """Managers that GitLab lists and has not heard from for long, though it hears from others."""
    silent: str = ""
    """How its managers have been silent, though it was proven once; empty where they are heard."""

    @property
    def token_fits(self) -> bool:
        """Whether what is stored is the runner's token and good."""
        return self.info is not None and self.note.fits(self.stored) and not self.dead

    @property
    def why_new_token(self) -> str:
        """Why a runner that is there gets a new token; empty where it does not."""
        if self.info is None or self.token_fits:
            return ""
        if self.stored is None:
            return "no token is stored"
        return self.dead or "the stored token is not the one it was last given"

    @property
    def stores_ours(self) -> bool:
        """Whether what is stored, if anything, is known to be this profile's."""
        if self.stored is None:
            return True
        if self.stored.owner is not None:
            return self.stored.owner.profile == self.profile_id
        return self.info is not None and self.note.fits(self.stored)


@dataclass(frozen=True, slots=True)
class ObservedState:
    """Everything that was looked at in GitLab and the backend."""

    runners: tuple[ObservedRunner, ...]
    orphans: tuple[RunnerInfo, ...]
    """Runners of the profile's own that it no longer wants."""


async def observe_one(
    profile: Profile, runner: Runner, gitlab: GitLab, backend: TokenReader
) -> ObservedRunner:
    """One runner of many, without a look at the others. Raises: as `observe`."""
    alone = profile.model_copy(update={"runners": [runner]})
    return (await observe(alone, gitlab, backend, profile.marker(runner))).runners[0]


async def observe(
    profile: Profile, gitlab: GitLab, backend: TokenReader, marker: str = ""
) -> ObservedState:
    """See what is there; writes nothing. Scopes are asked side by side.

    Args:
        marker: what is looked for; empty for every marker of the profile.

    Raises: RefusedError, for a runner with our marker that is not ours; WizardError, from GitLab
    or the
        backend.
    """
    targets = {_target(runner) for runner in profile.runners}
    scopes = dict(
        zip(
            targets,
            await asyncio.gather(*(asyncio.to_thread(gitlab.resolve, *t) for t in targets)),
            strict=True,
        )
    )
    wanted = {runner.name: scopes[_target(runner)] for runner in profile.runners}
    marker = marker or markers.all_of(profile.id or "")
    listed, orphans = await _listed(profile.id or "", gitlab, wanted, marker)
    seen = await asyncio.gather(
        *(
            _look_at(profile, runner, wanted[runner.name], listed[runner.name], gitlab, backend)
            for runner in profile.runners
        )
    )
    return ObservedState(tuple(seen), tuple(orphans))


async def _look_at(
    profile: Profile,
    runner: Runner,
    scope: Scope,
    found: list[RunnerInfo],
    gitlab: GitLab,
    backend: TokenReader,
) -> ObservedRunner:
    stored = await asyncio.to_thread(backend.read, runner)
    if not found and stored and stored.owner and stored.owner.profile == profile.id:
        found = await asyncio.to_thread(_not_listed, runner, scope, stored, gitlab, profile.id)
    info = _kept(found, Note.of(profile), stored)
    note = Note.of(profile).remembering(info.settings.maintenance_note if info else "")
    if note.hold and info and info.settings.paused:
        # On purpose: that the profile does not say so is no difference.
        runner = runner.model_copy(update={"paused": True})
    elif note.hold:
        note = replace(note, hold=None)  # ended in GitLab itself
    return ObservedRunner(
        runner,
        scope,
        info,
        tuple(one for one in found if one is not info),
        stored,
        settings(profile, runner, info, note),
        note,
        profile.id or "",
    )


async def _listed(
    profile_id: str, gitlab: GitLab, wanted: dict[str, Scope], marker: str
) -> tuple[dict[str, list[RunnerInfo]], list[RunnerInfo]]:
    """The runners with a marker of this profile, by name, lowest id first; and those of no name.

    Raises: RefusedError, where one of them belongs elsewhere.
    """
    named: dict[str, list[RunnerInfo]] = {name: [] for name in wanted}
    orphans, foreign = [], []
    scopes = set(wanted.values())
    answers = await asyncio.gather(
        *(
            asyncio.to_thread(gitlab.find_runners, scope, marker)
            for scope in (scopes if profile_id else ())
        )
    )
    by_id = {info.id: info for infos in answers for info in infos}
    for _, info in sorted(by_id.items()):
        for name in markers.names(info.settings.description, profile_id)[:1]:
            homes = {wanted[name]} if name in wanted else scopes
            if not any(map(info.belongs_to, homes)):
                foreign.append((info, markers.wanted_in(homes)))
            elif name in wanted:
                named[name].append(info)
            else:
                orphans.append(info)
    markers.refuse_foreign(foreign, profile_id)
    return named, orphans


def _kept(found: list[RunnerInfo], note: Note, stored: Stored | None) -> RunnerInfo | None:
    """Of several runners with one marker, the one whose token is stored, or else the oldest."""
    noted = [one for one in found if note.remembering(one.settings.maintenance_note).fits(stored)]
    owner = stored.owner.runner if stored and stored.owner else 0
    owning = [one for one in found if one.id == owner]
    return next(iter((*noted, *owning, *found)), None)


def _not_listed(
    runner: Runner, scope: Scope, stored: Stored, gitlab: GitLab, profile_id: str
) -> list[RunnerInfo]:
    """The runner whose token is stored, though GitLab does not list it; none where it is gone.

    One answer is not believed: a replica that lags shows an empty list, and a runner remade
    would take the live one's token from it. Blocking.

    Raises: NotReachedError, where GitLab knows the token and shows no runner; RefusedError, where
    it is the
        token of a runner elsewhere.
    """
    known = gitlab.knows_token(stored.token) if stored.token else None
    owner = stored.owner.runner if stored.owner else 0
    if known is False:
        return []
    info = _by_id(gitlab, owner) if owner else None
    if info is None:
        if known is None:
            return []  # neither listed nor there by its id
        raise NotReachedError(
            f"GitLab does not show runner {owner or runner.name}, and yet accepts its token.",
            "one of the two answers is out of date, or the runner is nowhere this token may look",
            "Try again in a minute; if it persists, look for the runner in GitLab as an "
            "administrator",
        )
    elsewhere = markers.other_profiles(info.settings.description, profile_id)
    if elsewhere and not markers.names(info.settings.description, profile_id):
        return []  # given to another profile meanwhile
    if not info.belongs_to(scope):
        markers.refuse_foreign([(info, markers.wanted_in([scope]))], profile_id)
    return [info]


def _by_id(gitlab: GitLab, runner_id: int) -> RunnerInfo | None:
    try:
        return gitlab.get_runner(runner_id)
    except (NotFoundError, NotAllowedError):
        return None


def settings(
    profile: Profile, runner: Runner, info: RunnerInfo | None, note: Note
) -> RunnerSettings:
    """What the runner is to be set to in GitLab."""
    timeout = runner.maximum_timeout
    if timeout is None and info is not None:
        timeout = info.settings.maximum_timeout  # left to GitLab: what is there stays
    return RunnerSettings(
        description=f"{runner.description or runner.name} {profile.marker(runner)}",
        tags=frozenset(runner.tags),
        run_untagged=runner.run_untagged,
        locked=runner.locked,
        protected=runner.protected,
        maximum_timeout=timeout,
        paused=runner.paused,
        maintenance_note=str(note),
    )


def _target(runner: Runner) -> tuple[str, str]:
    return runner.scope.kind, runner.scope.path
