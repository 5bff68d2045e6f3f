"""What is known of this machine; it lives as long as the wizard is open, whatever profile is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textual.app import App

from wizard.core.facts import ClusterFacts
from wizard.core.secrets import SecretStr
from wizard.tui.memory import Memory
from wizard.wiring.machine import Machine

ShowOutside = Callable[[App[Any], str, SecretStr], None]
"""Show what to store where, and the token, beside the screens; return once it is stored."""


@dataclass
class MachineFacts:
    """The machine, what it remembers, and what was found on it. Nothing of one profile."""

    machine: Machine
    memory: Memory
    contexts: tuple[str, ...] | None = None
    """The kubeconfig's contexts; None while it has not been read."""
    current: str = ""
    """The kubeconfig's current context."""
    trouble: str = ""
    """Why there are no contexts, in words."""
    clusters: dict[str, ClusterFacts] = field(default_factory=dict)
    """What each context reaches, as far as it has answered."""
    show_outside: ShowOutside | None = None
    """How a token is shown to whoever has to store it; None: on the terminal's other screen."""
    clock: Callable[[], float] = time.monotonic
    """Seconds; elapsed times are measured with it."""
