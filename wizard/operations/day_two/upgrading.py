"""Another version of the runner: what changes between the two, and writing it into the profile.

What is shown comes from the tables of this release and from rendering the profile for both; the
profile's other values stay as they are. `apply` then brings it about.
"""

from __future__ import annotations

import asyncio
import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.checks.versions import minor_of
from wizard.core.errors import RefusedError
from wizard.core.problems import Key, Problem
from wizard.operations.profiles import with_values
from wizard.operations.status.versions import newest_for
from wizard.profile.load import LoadedProfile
from wizard.profile.model import Profile
from wizard.render import files
from wizard.render.runner.rbac import rules
from wizard.render.tables.catalogue import runner_keys, version_key
from wizard.render.tables.versions import chart_of, chart_version
from wizard.systems import Systems

_VERSION: Key = ("manager", "runner_version")
_CHART: Key = ("delivery", "chart", "version")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What another version of the runner changes.

    Args:
        before: the runner's version now, and `after` the one to come.
        chart_before: empty where no chart is used.
        keys_gone: keys of config.toml that the new version does not know any more.
        keys_new: those that only it knows.
        rights: what the manager's Role gives more (`+`) or less (`-`).
        lines: what is rendered otherwise, each line with how many files it is in.
        warnings: what the new version makes of the profile, besides what is so now.
        changes: what is written into the profile.
    """

    before: str
    after: str
    chart_before: str
    chart_after: str
    keys_gone: tuple[str, ...]
    keys_new: tuple[str, ...]
    rights: tuple[str, ...]
    lines: tuple[tuple[str, int], ...]
    warnings: tuple[Problem, ...]
    changes: Mapping[Key, Any]


async def plan_upgrade(loaded: LoadedProfile, systems: Systems, to: str) -> Upgrade | None:
    """What an upgrade would change; None where there is nothing newer.

    Args:
        to: the runner's version; empty for the newest known that is not newer than GitLab.

    Raises: RefusedError, where GitLab is older than that; InvalidDocumentError, where the profile
        would not be valid with it; WizardError, from GitLab.
    """
    gitlab = await asyncio.to_thread(systems.gitlab)
    theirs = await asyncio.to_thread(gitlab.version)
    before = loaded.profile.manager.runner_version
    after = to or newest_for(theirs)
    if to and minor_of(to) > minor_of(theirs):
        raise RefusedError(
            f"Runner {to} is newer than GitLab {theirs}.",
            "a runner may ask for what an older GitLab does not know",
            f"Upgrade GitLab first, or take {newest_for(theirs)}",
        )
    if after == before or (not to and version_key(after) < version_key(before)):
        return None
    return await asyncio.to_thread(_compared, loaded, after)


def _compared(loaded: LoadedProfile, after: str) -> Upgrade:
    changes: dict[Key, Any] = {_VERSION: after}
    chart = chart_of(after)
    if loaded.profile.delivery.chart.version and chart:
        changes[_CHART] = chart.version
    new = with_values(loaded, changes)
    old, before = loaded.profile, loaded.profile.manager.runner_version
    known, coming = set(runner_keys(before).paths()), set(runner_keys(after).paths())
    now = {problem.message for problem in loaded.warnings}
    return Upgrade(
        before,
        after,
        _chart(old),
        _chart(new.profile),
        tuple(sorted(known - coming)),
        tuple(sorted(coming - known)),
        tuple(_rights(old, new.profile)),
        tuple(_lines(old, new.profile).items()),
        tuple(problem for problem in new.warnings if problem.message not in now),
        changes,
    )


def _chart(profile: Profile) -> str:
    return chart_version(profile) if profile.delivery.spec.uses_chart else ""


def _rights(old: Profile, new: Profile) -> Iterator[str]:
    before, after = (
        {
            f"{verb} {resource}"
            for runner in profile.runners
            for rule in rules(profile, runner)
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
        for profile in (old, new)
    )
    yield from (f"- {right}" for right in sorted(before - after))
    yield from (f"+ {right}" for right in sorted(after - before))


def _lines(old: Profile, new: Profile) -> Counter[str]:
    """The lines that are rendered otherwise, in the order in which they are met."""
    before = {file.path: file.content for file in files(old)}
    after = {file.path: file.content for file in files(new)}
    found: Counter[str] = Counter()
    for path in dict.fromkeys((*before, *after)):
        old_lines, new_lines = (one.get(path, "").splitlines() for one in (before, after))
        for line in list(difflib.unified_diff(old_lines, new_lines, lineterm="", n=0))[2:]:
            if not line.startswith("@@"):
                found[f"{line[0]} {line[1:].strip()}"] += 1
    return found
