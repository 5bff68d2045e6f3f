"""Secret values stay `SecretStr` from the prompt to the wire; here is the net under them.

Redaction is by field first (a `SecretStr` never prints itself). `redact` is the second line: every
sink (log, event, JSON, crash report) passes its text through it.
"""

from __future__ import annotations

import hashlib
import re
import threading

from pydantic import SecretStr

__all__ = ["NOTHING", "SecretStr", "fingerprint", "forget_secrets", "redact", "remember_secret"]

MASK = "[redacted]"

# Shapes of credentials that may come back inside somebody else's words: GitLab's runner, personal,
# OAuth, trigger and feed tokens (an instance may prefix them: "acme-glrt-"; a file that is called
# glrt-something.yaml is none: what is random holds a digit or a capital), registration tokens,
# Vault and OpenBao tokens, AWS key ids, JWTs, age keys and `Authorization` headers.
_SHAPES = re.compile(
    r"""
    (?:[A-Za-z0-9_.-]{1,40}-)?gl[a-z]{2,6}-(?=[a-z_.-]*[A-Z0-9])[A-Za-z0-9_.-]{8,}
    | GR1348941[A-Za-z0-9_-]{8,}
    | \b(?:hv[sbr]|[sbr])\.[A-Za-z0-9_-]{24,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*
    | AGE-SECRET-KEY-1[A-Z0-9]{20,}
    | (?<=[Bb]earer\ )[A-Za-z0-9._~+/=-]{8,}
    | (?<=://)[^\s/@:]+:[^\s/@]+(?=@)
    """,
    re.VERBOSE,
)

_known: set[str] = set()
_lock = threading.Lock()


def remember_secret(value: SecretStr) -> SecretStr:
    """Note a value that must never appear in any output of this process; returns it."""
    plain = value.get_secret_value().strip()
    if len(plain) >= 6:  # a shorter one would mask ordinary words
        with _lock:
            _known.add(plain)
    return value


def forget_secrets() -> None:
    """Forget every remembered value (tests only need this)."""
    with _lock:
        _known.clear()


def redact(text: str) -> str:
    """`text` with every remembered secret and everything shaped like one masked."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for value in known:
        if value in text:
            text = text.replace(value, MASK)
    return _SHAPES.sub(MASK, text)


def fingerprint(value: SecretStr) -> str:
    """SHA-256 of the value, 64 hex digits: compares secrets without showing them.

    A runner authentication token is random and long, so its hash does not lead back to it.
    """
    return hashlib.sha256(value.get_secret_value().encode()).hexdigest()


NOTHING = fingerprint(SecretStr(""))
"""What an empty value's fingerprint is: a place that holds it holds no secret."""
