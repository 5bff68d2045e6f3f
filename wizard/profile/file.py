"""A profile in a file, as operations see and change it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from wizard.core.problems import Key
from wizard.profile.model import Profile


class ProfileFile(Protocol):
    """A profile in a file, and the only way in which operations change it."""

    @property
    def profile(self) -> Profile: ...

    @property
    def path(self) -> Path: ...

    def preview(self, changes: Mapping[Key, Any]) -> ProfileFile:
        """The file as `save` would leave it; nothing is written.

        Raises: InvalidDocumentError, when the result is not a valid profile.
        """
        ...

    def save(self, changes: Mapping[Key, Any]) -> ProfileFile:
        """Write values into the file, comments kept, and return it as it is then."""
        ...
