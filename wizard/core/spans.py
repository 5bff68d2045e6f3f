"""Spans of time, for people."""

from __future__ import annotations

from datetime import timedelta

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def span(length: timedelta) -> str:
    """How long something is, in its largest whole unit: `3 days`, `40 minutes`, `1 second`."""
    seconds = max(int(length.total_seconds()), 0)
    for size, name in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a second"
