"""Independent calls, made at the same time."""

from __future__ import annotations

from wizard.core.threads import map_concurrently as map_concurrently

__all__ = ["map_concurrently"]
