"""The outside world, one package a system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
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
        """A secret from the environment, or from the user if there is a terminal; else None."""
        ...

    def stop_waiting(self) -> None:
        """End every wait of a backend early: whoever wanted it has gone."""
        ...

    def close(self) -> None:
        """End every session that was begun; what is asked for afterwards begins again."""
        ...
