"""Quantities and durations, read by the rules of the systems that read them later.

Quantities follow Kubernetes (`k8s.io/apimachinery/pkg/api/resource`, 1.32): a decimal number with
an optional suffix of the binary (`Ki`, `Mi`, ...) or decimal (`m`, `k`, `M`, ...) series, or an
exponent. Durations are whole seconds, written as Go and GitLab people write them (`1h30m`).
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil

_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_QUANTITY = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([eE][+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE]))?"
)
_LARGEST = 2**63 - 1

_UNIT_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_quantity(text: str) -> Fraction:
    """The exact value of a Kubernetes quantity (cores, or bytes).

    Raises: ValueError, with what a quantity looks like.
    """
    found = _QUANTITY.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a quantity; write for example 500m, 2 or 1.5Gi")
    number, exponent, suffix = found.groups()
    value = Fraction(number)
    if exponent:
        value *= Fraction(10) ** int(exponent[1:])
    elif suffix in _BINARY:
        value *= 1024 ** _BINARY[suffix]
    else:
        value *= Fraction(1000) ** _DECIMAL[suffix or ""]
    if abs(value) > _LARGEST:
        raise ValueError(f"{text!r} is larger than any quantity that Kubernetes can hold")
    return value


def canonical_quantity(text: str) -> str:
    """The quantity as Kubernetes writes it back: `1000m` is `1`, `0.5Gi` is `512Mi`.

    Raises: ValueError, as `parse_quantity`.
    """
    value = parse_quantity(text)
    if text[-1:] == "i" and abs(value) >= 1024:
        return _binary(ceil(value))
    return _decimal(value)


def _binary(value: int) -> str:
    for suffix, power in reversed(_BINARY.items()):
        if value % 1024**power == 0:
            return f"{value // 1024**power}{suffix}"
    return str(value)


def _decimal(value: Fraction) -> str:
    if value == 0:
        return "0"
    for suffix, power in sorted(_DECIMAL.items(), key=lambda item: -item[1]):
        scaled = value / Fraction(1000) ** power
        if scaled.denominator == 1:
            return f"{scaled}{suffix}"
    return f"{ceil(value * 10**9)}n"


def parse_cpu(text: str) -> int:
    """CPU in millicores, rounded up as Kubernetes does. Raises: ValueError."""
    return ceil(parse_quantity(text) * 1000)


def parse_bytes(text: str) -> int:
    """Memory or storage in bytes, rounded up. Raises: ValueError."""
    return ceil(parse_quantity(text))


def parse_duration(text: str) -> int:
    """Seconds of `90m`, `1h30m`, `2d` or a bare number of seconds.

    Raises: ValueError, with what a duration looks like.
    """
    if re.fullmatch(r"\d{1,9}", text):
        return int(text)
    found = _DURATION.fullmatch(text)
    if not text or not found or len(text) > 20:
        raise ValueError(f"{text!r} is not a duration; write for example 90m, 1h30m or 3600")
    return sum(
        int(amount) * _UNIT_SECONDS[unit]
        for amount, unit in zip(found.groups(), "dhms", strict=True)
        if amount
    )


def canonical_duration(seconds: int) -> str:
    """`5400` as `1h30m`; hours are the largest unit, as in Go."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (left, "s"))
    return "".join(f"{amount}{unit}" for amount, unit in parts if amount) or "0s"


def go_duration(seconds: int) -> str:
    """`900` as `15m0s`: the form Go prints, which Kubernetes stores, so that nothing drifts."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"
