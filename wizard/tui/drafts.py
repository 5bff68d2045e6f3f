"""Where a sitting's draft comes from: a preset, a file, or what was kept the last time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.core.errors import UsageError
from wizard.core.problems import Problems
from wizard.profile.document import parse
from wizard.profile.draft import Draft, Origin
from wizard.profile.model import Profile
from wizard.profile.presets import from_preset, new_id
from wizard.profile.reading import read_text
from wizard.tui.memory import Kept

if TYPE_CHECKING:
    from wizard.importing import Imported

_WHAT_PRESETS_DIFFER_IN = frozenset({"id", "secrets", "delivery"})


def of_preset(name: str, folder: Path) -> Draft:
    """A new profile, with an id of its own, that is like a preset."""
    path = free_name(folder / f"{name}.yaml")
    return Draft(from_preset(name, {}, new_id()), path, Origin.PRESET, name, (_rendering,))


def on_another_preset(old: Draft, name: str, folder: Path) -> Draft:
    """A draft of a preset that keeps what was answered, but for what presets differ in."""
    new = of_preset(name, folder)
    for key, origin in old.origins():
        if key[0] not in _WHAT_PRESETS_DIFFER_IN and (key[0] != "runners" or key[1] == 0):
            new.set(key, old.value(*key), origin)
    return new


def of_file(path: Path) -> Draft:
    """The profile in a file. Raises: UsageError, InvalidDocument, when it cannot be read at all."""
    if str(path) == "-":
        raise UsageError("The wizard opens files alone.", "", "name the profile's file")
    draft = Draft(read_text(path), path, Origin.PROFILE, rules=(_rendering,))
    draft.value("name")  # what is no YAML is told before any screen is drawn
    return draft


def of_import(imported: Imported, folder: Path) -> Draft:
    """A new profile made of somebody's set-up; what that does not answer is asked for."""
    path = free_name(folder / f"{imported.name}.yaml")
    draft = Draft(imported.text, path, Origin.FOUND, rules=(_rendering,))
    draft.recall(dict.fromkeys(imported.asked, Origin.PRESET))
    return draft


def imported(path: Path) -> Imported | None:
    """What a file sets up that is no profile; None for a profile, and for anything unknown.

    Raises: UsageError, InvalidDocument, when the file cannot be read at all.
    """
    from wizard.importing import import_setup

    text = read_text(path)
    if path.suffix != ".toml" and "version" in parse(text, str(path)).data:
        return None
    try:
        return import_setup(text, path.name, new_id())
    except UsageError:
        if path.suffix == ".toml":
            raise
        return None


def of_kept(kept: Kept) -> Draft:
    """The draft as it was left. Raises: InvalidDocument, when the file was tampered with."""
    draft = Draft(kept.text, kept.path, Origin(kept.base), kept.preset, (_rendering,))
    draft.recall({tuple(json.loads(key)): Origin(one) for key, one in kept.origins.items()})
    draft.value("name")
    return draft


def to_keep(draft: Draft, step: str) -> Kept:
    """What has to be kept of a draft to go on with it later; secrets are not part of it."""
    origins = {json.dumps(key): origin.value for key, origin in draft.origins()}
    return Kept(draft.text(), draft.path.absolute(), draft.base.value, draft.preset, step, origins)


def free_name(path: Path) -> Path:
    """The path, or the first `NAME-2`, `NAME-3`, ... beside it that is not taken."""
    number, free = 2, path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free


def _rendering(profile: Profile, problems: Problems) -> None:
    from wizard.render import check

    check(profile, problems)
