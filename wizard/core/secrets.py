"""Secret values stay `SecretStr` from the prompt to the wire; here is the net under them.

Redaction is by field first (a `SecretStr` never prints itself). `redact` is the second line: every
sink (log, event, JSON, crash report) passes its text through it. It is for what is shown or logged,
and only for that: data (a profile, a draft, a rendered file) is never redacted, since what is
written back from it would be lost.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from pydantic import SecretStr

from wizard.core.redaction import Needles, mask_shapes

__all__ = [
    "EMPTY_FINGERPRINT",
    "SecretStr",
    "excerpt",
    "fingerprint",
    "forget_secrets",
    "redact",
    "redact_values",
    "remember_secret",
]

_SHORTEST = 6
"""Characters; a shorter secret would mask ordinary words."""
_LINE = 16
"""Characters of one line of a longer secret (a key file) that are a secret by themselves."""

_known = Needles(_SHORTEST)
_lock = threading.Lock()


def remember_secret(value: SecretStr) -> SecretStr:
    """Note a value that must never appear in any output of this process; returns it."""
    plain = value.get_secret_value().strip()
    lines = [line.strip() for line in plain.splitlines()]
    with _lock:
        if len(plain) >= _SHORTEST:
            _known.add(plain)
        for line in lines if len(lines) > 1 else ():
            if len(line) >= _LINE:
                _known.add(line)
    return value


def forget_secrets() -> None:
    """Forget every remembered value (tests only need this)."""
    with _lock:
        _known.clear()


def redact(text: str) -> str:
    """`text` to be shown or logged: remembered secrets and all shaped like one masked.

    Also in base64 (at any offset, padded or not, URL-safe or not), URL-encoded, JSON-escaped and
    in hex. Takes time linear in the text's length, whatever is in it.
    """
    with _lock:
        text = _known.mask(text)
    return mask_shapes(text)


def redact_values(data: Any) -> Any:
    """Plain data to be shown or logged, with `redact` applied to every text in it.

    To be used instead of `redact` before data is written as JSON: there a mask could end in the
    middle of the syntax.
    """
    if isinstance(data, str):
        return redact(data)
    if isinstance(data, dict):
        return {redact_values(key): redact_values(value) for key, value in data.items()}
    if isinstance(data, list | tuple | set | frozenset):
        return [redact_values(item) for item in data]
    return data


def excerpt(text: str, longest: int = 600) -> str:
    """The beginning of foreign text on one line, redacted first and cut second.

    Cut first, part of a token would no longer look like one.
    """
    said = " ".join(redact(text).split())
    return said if len(said) <= longest else f"{said[:longest]}..."


def fingerprint(value: SecretStr) -> str:
    """SHA-256 of the value, 64 hex digits: compares secrets without showing them.

    A runner authentication token is random and long, so its hash does not lead back to it.
    """
    return hashlib.sha256(value.get_secret_value().encode()).hexdigest()


EMPTY_FINGERPRINT = fingerprint(SecretStr(""))
"""What an empty value's fingerprint is: a place that holds it holds no secret."""
