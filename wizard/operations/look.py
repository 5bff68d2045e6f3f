"""Looking: what of the profile's runners is there, in GitLab and in the backend."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass

from wizard.core.facts import Scope
from wizard.operations.note import Note
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Backend, Stored
from wizard.systems.gitlab import GitLab, RunnerInfo, RunnerSettings

MARKER = re.compile(r"\[rw:([0-9a-f]{8})/([a-z0-9-]+)\]")


@dataclass(frozen=True, slots=True)
class SeenRunner:
    """One runner of the profile, as it is now."""

    runner: Runner
    scope: Scope
    info: RunnerInfo | None
    """The runner in GitLab with our marker; of several, the one with the lowest id."""
    duplicates: tuple[RunnerInfo, ...]
    stored: Stored | None
    wanted: RunnerSettings
    note: Note
    """The note it should have, remembering what the note it has remembers."""
    adopting: RunnerInfo | None = None
    """The runner to be taken over, where none has our marker; `look_to_settle` looks for it."""

    @property
    def token_fits(self) -> bool:
        return self.info is not None and self.note.fits(self.stored)

    @property
    def proven(self) -> bool:
        """Whether a job has run with the token it has now."""
        return self.token_fits and self.note.proof.startswith("job ")


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was looked at in GitLab and the backend."""

    runners: tuple[SeenRunner, ...]
    strays: tuple[RunnerInfo, ...]
    """Runners with a marker of this profile that it no longer wants."""


async def look(profile: Profile, gitlab: GitLab, backend: Backend) -> Seen:
    """See what is there; writes nothing. Scopes are asked side by side.

    Raises: WizardError, from GitLab or the backend.
    """
    targets = {_target(runner) for runner in profile.runners}
    scopes = dict(
        zip(
            targets,
            await asyncio.gather(*(asyncio.to_thread(gitlab.resolve, *t) for t in targets)),
            strict=True,
        )
    )
    listed = await _listed(profile, gitlab, scopes.values())
    seen = await asyncio.gather(
        *(
            _look_at(profile, runner, scopes[_target(runner)], listed, gitlab, backend)
            for runner in profile.runners
        )
    )
    names = {runner.name for runner in profile.runners}
    strays = tuple(info for name, infos in listed.items() if name not in names for info in infos)
    return Seen(tuple(seen), strays)


async def _look_at(
    profile: Profile,
    runner: Runner,
    scope: Scope,
    listed: dict[str, list[RunnerInfo]],
    gitlab: GitLab,
    backend: Backend,
) -> SeenRunner:
    found = listed.get(runner.name, [])
    info = await asyncio.to_thread(gitlab.get_runner, found[0].id) if found else None
    stored = await asyncio.to_thread(backend.read, runner)
    note = Note.of(profile).remembering(info.settings.maintenance_note if info else "")
    return SeenRunner(
        runner, scope, info, tuple(found[1:]), stored, settings(profile, runner, info, note), note
    )


async def _listed(
    profile: Profile, gitlab: GitLab, scopes: Iterable[Scope]
) -> dict[str, list[RunnerInfo]]:
    """Every runner with a marker of this profile, by the name in the marker, lowest id first."""
    if profile.id is None:
        return {}
    marker = f"[rw:{profile.id}/"
    answers = await asyncio.gather(
        *(asyncio.to_thread(gitlab.find_runners, scope, marker) for scope in scopes)
    )
    by_id = {info.id: info for infos in answers for info in infos}
    named: dict[str, list[RunnerInfo]] = {}
    for _, info in sorted(by_id.items()):
        if marked := MARKER.search(info.settings.description):
            named.setdefault(marked[2], []).append(info)
    return named


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
