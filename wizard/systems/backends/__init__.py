"""Where a runner's token is kept: what we need of such a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from wizard.core.findings import Check
from wizard.core.problems import Key
from wizard.core.secrets import SecretStr
from wizard.profile.runner import Runner
from wizard.systems.backends.ownership import BelongsToAnotherError, ForeignTokenError, Owner

__all__ = [
    "Backend",
    "BelongsToAnotherError",
    "ForeignTokenError",
    "Owner",
    "Stored",
    "TokenReader",
]


@dataclass(frozen=True, slots=True)
class Stored:
    """A token that is kept, without showing it."""

    fingerprint: str
    """`core.secrets.fingerprint` of the token; empty where the backend will not show values."""
    version: str = ""
    """The backend's own version of the value, where it has one."""
    changed_at: datetime | None = None
    owner: Owner | None = None
    """Whose it is; None where nothing beside it says so, as earlier versions left it."""
    token: SecretStr | None = field(default=None, repr=False, compare=False)
    """The token itself, to be shown to GitLab; None where the backend cannot read it back."""


class TokenReader(Protocol):
    """The part of a `Backend` that only looks."""

    def where(self, runner: Runner) -> str: ...

    def read(self, runner: Runner) -> Stored | None: ...


class Backend(Protocol):
    """One place for tokens, reached as one identity. Synchronous; run each call in a thread.

    Every method may raise `NotReachedError`, `NotAllowedError`, `NotFoundError`, `ConflictError`,
    or a plain
    `WizardError` in the backend's own words.
    """

    def where(self, runner: Runner) -> str:
        """The place of this runner's token, as people name it: `Secret gitlab-runner/x-token`."""
        ...

    def check(self) -> list[Check]:
        """Reach it, say who we are and whether we may write and read here; writes nothing."""
        ...

    def read(self, runner: Runner) -> Stored | None:
        """The token that is kept, or None where there is none (an empty value is none)."""
        ...

    def write(self, runner: Runner, token: SecretStr, runner_id: int = 0) -> bool:
        """Create or update, read back and compare; returns whether anything was written.

        Beside it, its owner is noted: the profile's id and the runner's. The same token of the same
        owner again writes nothing.

        Args:
            runner_id: the runner's id in GitLab; 0 leaves the one that is noted.

        Raises: BelongsToAnotherError, before anything is written; WizardError, when what was read
            back differs.
        """
        ...

    def remove(self, runner: Runner) -> bool:
        """Remove the token; False where there is none. Raises: BelongsToAnotherError."""
        ...

    def policy(self) -> str:
        """The least rights that writer and reader need, as text to hand to an administrator."""
        ...

    def facts(self) -> Mapping[Key, Any]:
        """Values found by asking that shape a rendering and the profile does not have yet."""
        ...

    def close(self) -> None:
        """End the session where there is one."""
        ...
