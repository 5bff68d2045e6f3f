"""The presets that ship with the program, and a profile of one's own made from one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard.core.errors import UsageError
from wizard.core.problems import Key, did_you_mean
from wizard.core.shipped import profiles
from wizard.profile.edit import set_values


@dataclass(frozen=True, slots=True)
class Preset:
    """A profile to start from: `title` is its first sentence, `about` all its opening comment."""

    name: str
    title: str
    about: str
    path: Path


def presets() -> list[Preset]:
    """All presets, by name."""
    return [_preset(path) for path in sorted(profiles().glob("*.yaml"))]


def find_preset(name: str) -> Preset:
    """The preset of that name. Raises: UsageError, with those there are."""
    known = {preset.name: preset for preset in presets()}
    if name not in known:
        raise UsageError(
            f"There is no preset {name!r}.",
            did_you_mean(name, set(known)),
            f"Choose one of: {', '.join(known)}",
        )
    return known[name]


def _preset(path: Path) -> Preset:
    comment = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.removeprefix("#").strip())
    about = " ".join(comment)
    return Preset(path.stem, about.partition(". ")[0].rstrip("."), about, path)


def new_id() -> str:
    """Eight random hex digits that no YAML reader takes for a number, quotes or not."""
    while True:
        made = secrets.token_hex(4)
        if not re.fullmatch(r"\d+(?:e\d+)?", made):
            return made


def from_preset(name: str, answers: Mapping[Key, Any], profile_id: str) -> str:
    """The text of a profile: the preset with its comments, the answers, and its own id.

    Raises: UsageError, when there is no such preset.
    """
    text = find_preset(name).path.read_text(encoding="utf-8")
    return set_values(text, {("id",): profile_id, **answers})
