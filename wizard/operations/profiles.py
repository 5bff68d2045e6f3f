"""Opening a profile with every rule there is, those of rendering too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wizard.core.problems import Key
from wizard.profile.load import LoadedProfile, load
from wizard.render import check


def with_values(loaded: LoadedProfile, changes: Mapping[Key, Any]) -> LoadedProfile:
    """The profile with values set, checked as a whole; nothing is written.

    Raises: InvalidDocumentError, with every problem it would have.
    """
    new = loaded.preview(changes)
    new.check(check)
    return new


def open_profile(path: Path) -> LoadedProfile:
    """Load a profile and check all of it, offline; `-` is standard input.

    Raises: UsageError, when it cannot be read; InvalidDocumentError, with every problem.
    """
    loaded = load(path)
    loaded.check(check)
    return loaded
