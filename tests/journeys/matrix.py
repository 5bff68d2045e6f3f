"""At which events a run is killed: a few in every run of the tests, all of them on request."""

from __future__ import annotations

import os

_MOST = 40
"""More events than any run of these journeys has; a test skips those its run did not reach."""


def events(*sample: int) -> tuple[int, ...]:
    """The events to kill at: these, or every one with CRASH_MATRIX=all."""
    return tuple(range(1, _MOST)) if os.environ.get("CRASH_MATRIX") == "all" else sample
