"""How an operation is run, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event as Cancel
from typing import Any


@dataclass(frozen=True, slots=True)
class Renewal:
    """Which tokens are replaced although nothing is wrong with them.

    Args:
        older_than: only tokens of at least this age.
        expires_within: only tokens that end within this time. With both, either is enough.
    """

    older_than: timedelta | None = None
    expires_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A plan that was saved and reviewed.

    Args:
        where: its file, for people.
        profile_id: None where the profile had none yet.
        profile_sha256: of the profile without its id.
        only: the runners that it is about; all where it is empty.
        changes: as records.
    """

    where: str
    profile_id: str | None
    profile_sha256: str
    only: frozenset[str]
    changes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How an operation is run.

    Args:
        attended: a person is there to be asked and has agreed.
        smoke: end with a smoke job where the token's scopes allow one.
        probe: look around from a pod as jobs have it before a runner is proven.
        deadline: seconds for each wait: a rollout, a first contact, a job.
        cancel: set it to end every wait early.
        keep_runner: destroy leaves the runners in GitLab.
        keep_secret: destroy leaves the tokens where they are kept.
        only: the names of the runners that take part; all where it is empty.
        reviewed: the plan that is to be carried out, and nothing else; None where none was saved.
        renewal: the tokens that are to be replaced; None where only those that are no good are.
        levels: the Pod Security level for namespaces that others made, where a person said yes.
    """

    attended: bool = False
    smoke: bool = True
    probe: bool = False
    deadline: float = 300
    cancel: Cancel = field(default_factory=Cancel)
    keep_runner: bool = False
    keep_secret: bool = False
    only: frozenset[str] = frozenset()
    renewal: Renewal | None = None
    reviewed: Reviewed | None = None
    levels: Mapping[str, str] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        """What an apply with these options is called."""
        return "rotate" if self.renewal else "apply"
