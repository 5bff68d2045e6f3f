"""Whose a stored token is: noted beside it, since two profiles may name one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from wizard.core.errors import ConflictError

OWNER_FIELD = "RUNNER_WIZARD_OWNER"
"""What the owner is called beside `TOKEN_FIELD`, where a secret has fields or metadata."""
RUNNER_ID = "runner-wizard/runner-id"
"""The annotation that goes with the label `OWNER_ID`, where the token is a Kubernetes object."""
OWNER_NOTE = "runner-wizard/token-owner"
"""The annotation of the ExternalSecret, where nothing can be noted in the store itself."""

_WRITTEN = re.compile(r"([0-9a-f]{8})/(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Owner:
    """The profile that stored a token, and the runner it is of.

    Args:
        profile: the profile's id.
        runner: the runner's id in GitLab; 0 where it is not known.
    """

    profile: str
    runner: int = 0

    @classmethod
    def read(cls, written: object) -> Self | None:
        """What `str` wrote; None for anything else."""
        found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
        return cls(found[1], int(found[2])) if found else None

    @classmethod
    def of_labels(cls, profile: object, runner: object) -> Self | None:
        """The two parts where they are kept apart, as labels are; None without a profile."""
        if not profile:
            return None
        number = str(runner or "")
        return cls(str(profile), int(number) if number.isdecimal() else 0)

    def covers(self, other: Owner) -> bool:
        """Whether noting `other` over this one would say nothing new."""
        return self == other or (self.profile == other.profile and not other.runner)

    def __str__(self) -> str:
        return f"{self.profile}/{self.runner}"


class ForeignTokenError(ConflictError):
    """The token that is stored there is not known to be this profile's."""

    others: tuple[ForeignTokenError, ...] = ()
    """The same of other places, where several were looked at."""


class BelongsToAnotherError(ForeignTokenError):
    """The token that is stored there is another profile's."""


def refuse_anothers(where: str, owner: Owner | None, profile_id: str | None) -> None:
    """Raises: BelongsToAnotherError, where a token is known to be another profile's."""
    if owner is None or owner.profile == profile_id:
        return
    of = f", of runner {owner.runner} in GitLab" if owner.runner else ""
    raise BelongsToAnotherError(
        f"{where} holds the token of another profile, with the id {owner.profile}{of}.",
        "Two profiles that keep a token in one place would stop each other's runner.",
        "Give this runner another name, or another place under secrets; if this profile is meant "
        f'to go on where that one was, write id: "{owner.profile}" into it',
    )


def not_known_as_ours(where: str, runner: str) -> ForeignTokenError:
    """The error for a token that nothing says whose it is: it may be the one of a live runner."""
    return ForeignTokenError(
        f"{where} holds a token already, and nothing shows that it is this profile's.",
        "It carries no owner, and it is not the token that the runner's note in GitLab tells of: "
        "overwriting it may stop a runner of another profile.",
        f"Give runner {runner} another name, or another place under secrets; if nothing needs "
        "what is stored there, delete it, then run apply again",
    )
