"""What the wizard remembers between two sittings: recent profiles, and a draft that was kept.

Neither holds a secret, and no state of the runner depends on them: what cannot be read is as if it
were not there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from wizard.core.errors import WizardError
from wizard.core.secrets import redact
from wizard.profile.save import write

_RECENT = 8


@dataclass(frozen=True, slots=True)
class Recent:
    """A profile that was open: its path, what was last known of it, and when (Unix time)."""

    path: Path
    state: str
    seen: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft that was left without being saved."""

    text: str
    path: Path
    base: str
    """What its text was: a preset, a profile, or what was found."""
    preset: str
    step: str
    origins: Mapping[str, str]
    """Origins by key, the key written as JSON."""


class Memory:
    """Two small files in a folder of their own.

    Args:
        folder: where; without it, the user's state folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or platformdirs.user_state_path("runner-wizard")

    def recent(self) -> list[Recent]:
        """Profiles that were open and are still there, the latest first."""
        listed = self._read("recent.json").get("profiles", [])
        found = [
            Recent(Path(entry["path"]), entry["state"], entry["seen"])
            for entry in listed
            if isinstance(entry, dict) and {"path", "state", "seen"} <= entry.keys()
        ]
        return [one for one in found if one.path.is_file()][:_RECENT]

    def note(self, path: Path, state: str) -> None:
        """Remember a profile and what is known of it now: `saved`, `proven`, ..."""
        path = path.absolute()
        others = [one for one in self.recent() if one.path != path]
        latest = [Recent(path, state, time.time()), *others][:_RECENT]
        entries = [asdict(one) | {"path": str(one.path)} for one in latest]
        with suppress(WizardError):
            self._write("recent.json", {"profiles": entries})

    def kept(self) -> Kept | None:
        """The draft that was kept, if there is one."""
        found = self._read("draft.json")
        try:
            return Kept(
                str(found["text"]),
                Path(found["path"]),
                str(found["base"]),
                str(found["preset"]),
                str(found["step"]),
                dict(found["origins"]),
            )
        except (LookupError, TypeError, ValueError):
            return None

    def keep(self, draft: Kept) -> None:
        """Keep a draft for the next start. Raises: WizardError, when that cannot be done."""
        self._write("draft.json", asdict(draft) | {"path": str(draft.path)})

    def forget_draft(self) -> None:
        try:
            (self._folder / "draft.json").unlink(missing_ok=True)
        except OSError:
            return

    def _read(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self._folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, data: Mapping[str, Any]) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise WizardError(
                f"{self._folder} cannot be made.", str(error), "save the profile instead"
            ) from None
        write(self._folder / name, redact(json.dumps(data)))
