"""What the wizard remembers between two sittings: recent profiles, and drafts that were kept.

No state of the runner depends on them: what cannot be read is as if it were not there. Tokens and
passwords are no part of a draft, so it is written as it is: masking what merely looks like a secret
would change an answer.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from wizard.core.errors import WizardError
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

    path: Path
    """The file that it is of, or will be."""
    step: str
    """The id of the step it was left at."""
    seen: float
    """When (Unix time)."""
    draft: Mapping[str, Any]
    """What `Draft.state` said."""
    visited: tuple[str, ...]
    """Ids of the steps that were answered."""
    file: Path | None = None
    """Where it is kept, once it is."""


class Memory:
    """Small files in a folder of their own.

    Args:
        folder: where; without it, the user's state folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or platformdirs.user_state_path("runner-wizard")

    def recent(self) -> list[Recent]:
        """Profiles that were open and are still there, the latest first."""
        listed = self._read(self._folder / "recent.json").get("profiles", [])
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
            self._write(self._folder / "recent.json", {"profiles": entries})

    def kept(self, path: Path) -> Kept | None:
        """The draft that was kept of a profile's file, if there is one."""
        return self._kept(self._draft_of(path))

    def latest_draft(self) -> Kept | None:
        """The draft that was kept last, of whatever file."""
        try:
            files = sorted(self._drafts.glob("*.json"), key=lambda file: -file.stat().st_mtime)
        except OSError:
            return None
        return next((kept for file in files if (kept := self._kept(file))), None)

    def keep(self, kept: Kept) -> None:
        """Keep a draft: answers as they are, nothing of them masked. Raises: WizardError."""
        data = asdict(kept) | {"path": str(kept.path), "file": None}
        self._write(self._draft_of(kept.path), data)

    def forget_draft(self, path: Path) -> None:
        """Forget what was kept of a profile's file."""
        with suppress(OSError):
            self._draft_of(path).unlink(missing_ok=True)

    def forget(self, kept: Kept) -> None:
        """Forget one draft."""
        if kept.file:
            with suppress(OSError):
                kept.file.unlink(missing_ok=True)

    def put_aside(self, kept: Kept) -> None:
        """Keep a draft where the next one of the same file does not take its place."""
        if kept.file:
            with suppress(OSError):
                kept.file.replace(kept.file.with_stem(f"{kept.file.stem}-{kept.seen:.0f}"))

    def setting(self, name: str) -> str:
        """What the user chose for the screens themselves (`theme`); empty where nothing."""
        found = self._read(self._folder / "settings.json").get(name)
        return found if isinstance(found, str) else ""

    def set_setting(self, name: str, value: str) -> None:
        file = self._folder / "settings.json"
        with suppress(WizardError):
            self._write(file, self._read(file) | {name: value})

    @property
    def _drafts(self) -> Path:
        return self._folder / "drafts"

    def _draft_of(self, path: Path) -> Path:
        known_by = hashlib.sha256(str(path.absolute()).encode(errors="replace")).hexdigest()
        return self._drafts / f"{known_by[:24]}.json"

    def _kept(self, file: Path) -> Kept | None:
        found = self._read(file)
        try:
            return Kept(
                Path(found["path"]),
                str(found["step"]),
                float(found["seen"]),
                dict(found["draft"]),
                tuple(map(str, found["visited"])),
                file,
            )
        except (LookupError, TypeError, ValueError):
            return None

    def _read(self, file: Path) -> dict[str, Any]:
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, file: Path, data: Mapping[str, Any]) -> None:
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise WizardError(
                f"{file.parent} cannot be made.", str(error), "Save the profile instead"
            ) from None
        write(file, json.dumps(data))
