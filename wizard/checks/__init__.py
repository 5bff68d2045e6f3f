"""Every check that needs no change: what `apply` refuses over, and `plan` and the screens show.

A check is a function from a `Connected` to the `Check`s it finds, declared in `catalogue` with what
it asks, which system answers, and which deliveries need it.
"""

from wizard.checks.catalogue import CHECKS
from wizard.checks.connected import Connected, Pending
from wizard.checks.connecting import connect
from wizard.checks.running import Declared, refusal_of, refuse_failed, run_checks

__all__ = [
    "CHECKS",
    "Connected",
    "Declared",
    "Pending",
    "connect",
    "refusal_of",
    "refuse_failed",
    "run_checks",
]
