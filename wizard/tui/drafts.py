"""Where a sitting's draft comes from: a preset, a file, or what was kept the last time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.core.errors import UsageError
from wizard.core.problems import Problems
from wizard.profile.draft import Draft, Origin
from wizard.profile.model import Profile
from wizard.profile.presets import from_preset, new_id
from wizard.profile.reading import read_foreign, read_text
from wizard.profile.save import free_name
from wizard.tui.memory import Kept, Memory
from wizard.tui.outline import StepId

if TYPE_CHECKING:
    from wizard.importing import Imported

_OF_A_PROFILE = re.compile(r"(?m)^version[ \t]*:")
"""What every profile begins with, and nothing that sets up a runner."""
_WHAT_PRESETS_DIFFER_IN = frozenset({"id", "secrets", "delivery"})


def of_preset(name: str, folder: Path, memory: Memory | None = None) -> Draft:
    """A new profile, with an id of its own, that is like a preset.

    Args:
        memory: whose drafts keep their files' names.
    """
    path = free_name(folder / f"{name}.yaml", memory.kept if memory else None)
    return Draft(from_preset(name, {}, new_id()), path, Origin.PRESET, name, (_rendering,))


def on_another_preset(old: Draft, name: str, folder: Path, before: Draft | None = None) -> Draft:
    """A draft of a preset that keeps what was answered, but for what presets differ in.

    Args:
        before: the draft as it was when that preset was left; what was answered in it comes back.
    """
    new = before or of_preset(name, folder)
    new.take_further_runners(old)
    for key, origin in old.origins():
        if key[0] not in _WHAT_PRESETS_DIFFER_IN:
            new.set(key, old.value(*key), origin)
    new.path = free_name(folder / f"{named(new)}.yaml")
    new.forget_history()
    return new


def named(draft: Draft) -> str:
    """The name of a new profile's file, without its ending: its own name, or its preset's."""
    name = str(draft.value("name") or "")
    return name if name.replace("-", "").isalnum() else draft.preset


def of_file(path: Path) -> Draft:
    """The profile in a file.

    Raises: UsageError, InvalidDocumentError, when it cannot be read at all.
    """
    if str(path) == "-":
        raise UsageError(
            "The wizard opens only files.",
            "standard input cannot be saved to",
            "Name the profile's file",
        )
    draft = Draft(read_text(path), path, Origin.PROFILE, rules=(_rendering,))
    draft.value("name")  # what is no YAML is told before any screen is drawn
    return draft


def of_import(imported: Imported, folder: Path) -> Draft:
    """A new profile made of someone's set-up; what that does not answer is asked for."""
    path = free_name(folder / f"{imported.name}.yaml")
    draft = Draft(imported.text, path, Origin.FOUND, rules=(_rendering,))
    draft.recall(dict.fromkeys(imported.asked, Origin.PRESET))
    return draft


def imported(path: Path) -> Imported | None:
    """What a file sets up that is no profile; None for a profile, and for anything unknown.

    Raises: UsageError, InvalidDocumentError, when the file cannot be read at all.
    """
    from wizard.importing import import_setup

    text = read_foreign(path)
    if path.suffix != ".toml" and _OF_A_PROFILE.search(text):
        return None
    try:
        return import_setup(text, path.name, new_id())
    except UsageError:
        if path.suffix == ".toml":
            raise
        return None


def of_kept(kept: Kept) -> Draft:
    """The draft as it was left.

    Raises: WizardError, LookupError, TypeError, ValueError, when it was tampered with.
    """
    draft = Draft.of_state(kept.draft, (_rendering,))
    draft.text()
    draft.value("name")
    return draft


def to_keep(draft: Draft, step: StepId, visited: Iterable[StepId]) -> Kept:
    """What has to be kept of a draft to go on with it later; secrets are not part of it."""
    path = draft.path.absolute()
    return Kept(path, step.value, time.time(), draft.state(), tuple(one.value for one in visited))


def _rendering(profile: Profile, problems: Problems) -> None:
    from wizard.render import check

    check(profile, problems)
