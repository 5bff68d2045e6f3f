"""Python's collector of garbage, kept from stopping someone's keys.

A full collection looks at every object there is: with the SDKs' classes among them, for longer
than it takes to draw ten frames.
"""

from __future__ import annotations

import gc

_YOUNG = 20_000
"""Objects made before the youngest are looked at; a step is about as many."""


def freeze_gc() -> None:
    """Never look again at what exists now: modules and classes, which are no garbage."""
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 1_000)  # the old ones are looked at in `collect` alone


def collect() -> None:
    """Look at all the rest; for when no one is likely to press a key."""
    gc.collect()
