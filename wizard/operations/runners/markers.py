"""Markers in the descriptions of runners: how a runner of a profile is found again in GitLab.

Anyone who may edit a runner can write one, so a marker is a hint. The runner must be of the wanted
kind and belong to the wanted project or group; enabled there is not enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wizard.core.errors import RefusedError
from wizard.core.facts import Scope
from wizard.systems.gitlab import RunnerInfo

_MARKER = re.compile(r"\[rw:([0-9a-f]{8})/([a-z0-9-]+)\]")


BEGINNING = "[rw:"
"""What every marker of every profile begins with."""


def every(description: str) -> list[tuple[str, str]]:
    """The ids of profiles, each with the name of its runner, that a description names."""
    return [(owner, name) for owner, name in _MARKER.findall(description)]


def all_of(profile_id: str) -> str:
    """What every marker of a profile begins with."""
    return f"[rw:{profile_id}/"


def names(description: str, profile_id: str) -> list[str]:
    """The names of the profile's runners that a description marks it as."""
    return [name for owner, name in _MARKER.findall(description) if owner == profile_id]


def other_profiles(description: str, profile_id: str) -> list[tuple[str, str]]:
    """Ids and runner names of other profiles that a description names."""
    return [(owner, name) for owner, name in _MARKER.findall(description) if owner != profile_id]


def called(info: RunnerInfo) -> str:
    """A runner for people: its id, and whose it is."""
    return f"runner {info.id} of {info.place}"


def wanted_in(scopes: Iterable[Scope]) -> str:
    """Where runners were expected, for people."""
    return " or ".join(sorted({scope.path or "the whole instance" for scope in scopes}))


def refuse_foreign(foreign: Iterable[tuple[RunnerInfo, str]], profile_id: str) -> None:
    """Refuse runners that carry a marker of the profile and are not where it has its runners.

    Args:
        foreign: each with where the profile has the runner of that name.
    Raises: RefusedError, naming every one of them.
    """
    lines = [f"{called(info)} carries it, expected in {where}" for info, where in foreign]
    if not lines:
        return
    raise RefusedError(
        f"The marker {all_of(profile_id)}...] of this profile is on a runner that is not its own.",
        "\n".join([*lines, "anyone who may edit a runner can write a marker into it"]),
        "If such a runner is not yours, have the marker removed from its description; if this "
        "profile made it and its scope has changed since, set the old scope and run destroy, or "
        "delete the runner in GitLab",
    )
