"""How long GitLab asks to wait when it answers 429.

Two limiters answer so, each in its own dialect (docs.gitlab.com, "User and IP rate limits" and
"Rate limits on API endpoints"): one with `Retry-After` and `RateLimit-Reset`, one, in releases
before 18.6, with no word at all. Proxies may write `Retry-After` as a date.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 60.0
"""Seconds one call waits in all; a limit that lasts longer is an error with its time in words."""

_UNASKED = 5.0


def http_date(text: str) -> datetime | None:
    """An HTTP date, aware; None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds_asked(headers: Mapping[str, str], turn: int) -> float:
    """Seconds to wait before the call is sent again, at least 1.

    Args:
        headers: of the 429, keys found whatever their case. Times are read against its own `Date`.
        turn: how often this call has waited already; without a word the pauses double.
    """
    now = http_date(headers.get("Date", "")) or datetime.now(UTC)
    retry_after = headers.get("Retry-After", "").strip()
    reset = headers.get("RateLimit-Reset", "").strip()
    if retry_after.isdigit():
        return max(1.0, float(retry_after))
    if until := http_date(retry_after):
        return max(1.0, (until - now).total_seconds())
    if reset.isdigit():
        return max(1.0, float(reset) - now.timestamp())
    return _UNASKED * float(2**turn)
