"""Addresses of Git repositories: which of them name the same one, and without credentials."""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"(?:[a-z+]+://)?(?:[^@/]*@)?([^:/]+)(?::\d+(?=/))?[:/]+(.*?)(?:\.git)?/*", re.I
)


def same_place(one: str, other: str) -> bool:
    """Whether two addresses name one repository, whatever the protocol and user."""
    return place(one) == place(other)


def place(url: str) -> tuple[str, str]:
    """The host, and the path on it, in lower case and without `.git`."""
    found = _PARTS.fullmatch(url)
    return (found[1].lower(), found[2].strip("/").lower()) if found else ("", url)


def without_credentials(url: str) -> str:
    """The address as it may be shown."""
    return re.sub(r"(?<=://)[^/@]+@", "", url)
