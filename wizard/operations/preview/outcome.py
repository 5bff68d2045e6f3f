"""What the answers come to: the very text that is written, and which of its lines are new."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from wizard.profile.model import Profile
from wizard.render.runner.config_toml import config_toml
from wizard.render.secrets.external_secret import external_secret, store
from wizard.render.yaml_text import to_yaml


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `is_new` where it was not there before."""

    text: str
    is_new: bool


def runner_settings(profile: Profile, index: int) -> str:
    """The config.toml of a runner."""
    return config_toml(profile, profile.runners[index])


def token_source(profile: Profile, index: int) -> str:
    """The objects through which the cluster reads a runner's token; empty where there are none."""
    found = (store(profile), external_secret(profile, profile.runners[index]))
    return "---\n".join(to_yaml(manifest.body) for manifest in found if manifest)


def compared(before: str, after: str) -> list[Line]:
    """The lines of `after`, those marked that are not in `before`."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    kept = {
        line
        for _, start, size in matcher.get_matching_blocks()
        for line in range(start, start + size)
    }
    return [Line(text, number not in kept) for number, text in enumerate(new)]
