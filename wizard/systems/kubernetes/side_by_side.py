"""Independent calls, made at the same time."""

from __future__ import annotations

from wizard.core.threads import map_concurrently as side_by_side

__all__ = ["side_by_side"]
