"""How an operation is run, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event as Cancel


@dataclass(frozen=True, slots=True)
class Renewal:
    """Which tokens are replaced although nothing is wrong with them.

    Args:
        names: the runners; all where it is empty.
        older_than: only tokens of at least this age.
        expires_within: only tokens that end within this time. With both, either is enough.
    """

    names: frozenset[str] = frozenset()
    older_than: timedelta | None = None
    expires_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How an operation is run.

    Args:
        attended: a person is there to be asked and has agreed.
        smoke: end with a smoke job where the token's scopes allow one.
        probe: look around from a pod as jobs have it before a runner is proven.
        deadline: seconds for each wait: a rollout, a first contact, a job.
        cancel: set it to end every wait early.
        renewal: the tokens that are to be replaced; None where only those that are no good are.
    """

    attended: bool = False
    smoke: bool = True
    probe: bool = False
    deadline: float = 300
    cancel: Cancel = field(default_factory=Cancel)
    renewal: Renewal | None = None

    @property
    def verb(self) -> str:
        """What an apply with these options is called."""
        return "rotate" if self.renewal else "apply"
