"""What an operation is given: the profile, the systems it names, and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Cancel
from typing import Any, Protocol

from wizard.core.problems import Key
from wizard.core.secrets import SecretStr
from wizard.profile.model import Profile
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Cluster


class Systems(Protocol):
    """The outside world of one profile; each part is reached when it is first asked for."""

    def gitlab(self) -> GitLab: ...

    def cluster(self) -> Cluster: ...

    def backend(self, profile: Profile) -> Backend:
        """The same one for the same profile, until `close`."""
        ...

    def credential(self, prompt: str, variable: str, *, ask: bool = True) -> SecretStr | None:
        """A secret from the environment, or from whoever may be asked; None where there is none."""
        ...

    def stop_waiting(self) -> None:
        """End every wait of a backend early: whoever wanted it has gone."""
        ...

    def close(self) -> None:
        """End every session that was begun; what is asked for afterwards begins anew."""
        ...


class ProfileFile(Protocol):
    """A profile that stands in a file, and the only way in which operations change it."""

    @property
    def profile(self) -> Profile: ...

    @property
    def path(self) -> Path: ...

    def save(self, changes: Mapping[Key, Any]) -> ProfileFile:
        """Write values into the file, comments kept, and return it as it is then."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """How an operation is run.

    Args:
        attended: somebody is there to be asked and has agreed.
        smoke: end with a smoke job where the token's scopes allow one.
        deadline: seconds for each wait: a rollout, a first contact, a job.
        cancel: set it to end every wait early.
    """

    attended: bool = False
    smoke: bool = True
    deadline: float = 300
    cancel: Cancel = field(default_factory=Cancel)
