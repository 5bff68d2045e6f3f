"""How long a server asks to wait when it answers 429, in every dialect.

`Retry-After` in seconds or as a date (RFC 9110), or in words; `RateLimit-Reset` as the time of day
(GitLab, docs.gitlab.com "Rate limits") or as seconds (the IETF's draft); or no word at all (the
application limiter of GitLab before 18.6). Anything may be in a header: `²`, `-5`, 400 digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"([0-9]+)(?:\.[0-9]*)?", re.ASCII)
_IN_WORDS = re.compile(r"\bin ([0-9]+) ?s(?:ec|econd|econds)?\b", re.ASCII)
_FOREVER = 10.0**12
"""What a number stands for that is too long to be one of seconds."""
_DIGITS = 11
_EPOCH = 10.0**8
"""From here on a number is a time of day and not a span of time."""


def http_date(text: str) -> datetime | None:
    """An HTTP date, aware; None where it is none."""
    try:
        found = parsedate_to_datetime(text.strip())
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def seconds_asked(headers: Mapping[str, str], message: str = "") -> float | None:
    """Seconds to wait before the call is sent again; None where the server does not say.

    Args:
        headers: of the 429, keys found whatever their case. Times are read against its own `Date`.
        message: what its body says, which may name the seconds.
    """
    found = {name.lower(): str(value).strip() for name, value in headers.items()}
    now = http_date(found.get("date", "")) or datetime.now(UTC)
    after = found.get("retry-after", "")
    if (seconds := _number(after)) is not None:
        return seconds
    if until := http_date(after):
        return _until(until, now)
    reset = _number(found.get("ratelimit-reset") or found.get("x-ratelimit-reset", ""))
    if reset is not None:
        return max(0.0, reset - now.timestamp()) if reset >= _EPOCH else reset
    in_words = _IN_WORDS.search(message)
    return _number(in_words[1]) if in_words else None


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    return float(text) if len(found[1]) <= _DIGITS else _FOREVER


def _until(moment: datetime, now: datetime) -> float:
    try:
        return max(0.0, (moment - now).total_seconds())
    except OverflowError:
        return _FOREVER
