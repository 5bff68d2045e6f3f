"""How an operation is run, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event as Cancel


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How an operation is run.

    Args:
        attended: a person is there to be asked and has agreed.
        smoke: end with a smoke job where the token's scopes allow one.
        probe: look around from a pod as jobs have it before a runner is proven.
        deadline: seconds for each wait: a rollout, a first contact, a job.
        cancel: set it to end every wait early.
    """

    attended: bool = False
    smoke: bool = True
    probe: bool = False
    deadline: float = 300
    cancel: Cancel = field(default_factory=Cancel)
