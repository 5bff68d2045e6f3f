"""Opening a profile with every rule there is, those of rendering too."""

from __future__ import annotations

from pathlib import Path

from wizard.profile.load import LoadedProfile, load
from wizard.render import check


def open_profile(path: Path) -> LoadedProfile:
    """Load a profile and check all of it, offline; `-` is standard input.

    Raises: UsageError, when it cannot be read; InvalidDocumentError, with every problem.
    """
    loaded = load(path)
    loaded.check(check)
    return loaded
