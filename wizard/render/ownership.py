"""The header of every rendered file, by which it is known as ours again.

It names the profile and how to change it; no version and no date, so that an upgrade of the wizard
rewrites nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.profile.model import Profile

_HEADER = re.compile(
    r"\A(?:#|<!--) (?:Written|Sealed) by Runner Wizard from profile "
    r'"([^"\n]*)"(?: \(id ([^)\n]*)\))?\.'
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The profile that wrote a file; `id` is empty for a profile that has none yet."""

    name: str
    id: str


def header(profile: Profile) -> str:
    """The first two lines, as comments of YAML, TOML and shell alike."""
    return "".join(f"# {line}\n" for line in _lines(profile))


def markdown_header(profile: Profile) -> str:
    """The same two lines, as a comment of Markdown."""
    return f"<!-- {' '.join(_lines(profile))} -->"


def _lines(profile: Profile) -> tuple[str, str]:
    identity = f" (id {profile.id})" if profile.id else ""
    return (
        f'Written by Runner Wizard from profile "{profile.name}"{identity}.',
        "Change the profile and run: runner-wizard render PROFILE; edits here are lost.",
    )


def owner_in(text: str) -> Owner | None:
    """The profile that a file with this beginning was written from; None: not a file of ours."""
    found = _HEADER.match(text)
    return Owner(found[1], found[2] or "") if found else None


def is_ours(profile: Profile, text: str) -> bool:
    """Whether a file with this beginning was written from this profile.

    The id decides where both have one, so that a profile may be renamed. A file written before the
    profile got its id is known by the name.
    """
    owner = owner_in(text)
    if owner is None:
        return False
    if owner.id and profile.id:
        return owner.id == profile.id
    return owner.name == profile.name
