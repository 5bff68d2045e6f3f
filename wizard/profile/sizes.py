"""Sizes of a job by name, so that four amounts are one answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wizard.core.problems import Key

CUSTOM = "custom"
"""What any other amounts are called."""

_AMOUNTS: tuple[Key, ...] = (
    ("cpu", "request"),
    ("cpu", "limit"),
    ("memory", "request"),
    ("memory", "limit"),
)
_SIZES = {
    "small": ("100m", "1", "128Mi", "2Gi"),
    "medium": ("500m", "2", "1Gi", "4Gi"),
    "large": ("2", "4", "4Gi", "8Gi"),
}
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "small": "100m to 1 CPU, 128Mi to 2Gi: scripts, linters, small images",
        "medium": "500m to 2 CPU, 1Gi to 4Gi: compilers, tests, most images",
        "large": "2 to 4 CPU, 4Gi to 8Gi: big builds, browsers",
        CUSTOM: "your own amounts, below",
    }
)


def amounts(size: str) -> dict[Key, str]:
    """The amounts of a size, by their keys below `runners[].jobs`."""
    return dict(zip(_AMOUNTS, _SIZES[size], strict=True))


def named(written: Mapping[Key, str]) -> str:
    """The name of the size that has these amounts."""
    return next((name for name in _SIZES if amounts(name) == dict(written)), CUSTOM)
