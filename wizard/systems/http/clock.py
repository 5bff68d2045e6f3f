"""A server's own clock: its times are compared with nothing else."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from wizard.systems.http.throttling import http_date


class ServerClock:
    """What time a server has, by the `Date` of its newest answer and the time passed since."""

    def __init__(self) -> None:
        self._heard: tuple[datetime, float] | None = None

    def hear(self, date: str) -> None:
        """Take the `Date` of an answer; what is no date is passed over."""
        if found := http_date(date):
            self._heard = (found, time.monotonic())

    @property
    def is_known(self) -> bool:
        return self._heard is not None

    def now(self) -> datetime:
        """Aware, whole seconds rounded down; our own clock where the server's is not known."""
        if self._heard is None:
            return datetime.now(UTC).replace(microsecond=0)
        date, then = self._heard
        return date + timedelta(seconds=int(time.monotonic() - then))
