"""Finding secrets in text: those we know, in every spelling, and whatever is shaped like one.

Everything here is linear in the length of the text. Foreign text may be a megabyte that was made
to be slow, so no pattern may start over inside what another start has already looked through.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from wizard.core.secret_shapes import without_shapes

MASK = "[redacted]"

_FEW = 1000
"""Spellings up to which looking for each one by itself is faster than one pass for all."""
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


class Needles:
    """Known secrets in all spellings, found in one pass however many there are.

    Args:
        shortest: characters of the shortest secret; spellings are looked up by their beginning.
    """

    def __init__(self, shortest: int) -> None:
        self._stem = shortest
        self._by_stem: dict[str, dict[str, int]] = {}
        """By their beginning, the spellings, each with how often it is in base64."""

    def add(self, secret: str) -> None:
        for spelling in _spellings(secret):
            self._add(spelling, 0)
        for core in _base64_cores(secret.encode()):
            self._add(core, 1)
            # A Secret whose value is a file with a Secret in it.
            for again in _base64_cores(core.encode()):
                self._add(again, 2)

    def clear(self) -> None:
        self._by_stem.clear()

    def mask(self, text: str) -> str:
        """`text` with every spelling of every secret masked; overlapping ones become one mask."""
        if not self._by_stem:
            return text
        parts: list[str] = []
        done = 0
        for start, end in self._found(text):
            if start > done or not parts:
                parts += [text[done:start], MASK]
            done = max(done, end)
        return "".join([*parts, text[done:]]) if parts else text

    def _add(self, spelling: str, encoded: int) -> None:
        if len(spelling) >= self._stem:
            self._by_stem.setdefault(spelling[: self._stem], {})[spelling] = encoded

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        stem, by_stem = self._stem, self._by_stem
        for start in self._starts(text):
            if not (candidates := by_stem.get(text[start : start + stem])):
                continue
            hits = [
                (len(one), encoded)
                for one, encoded in candidates.items()
                if text.startswith(one, start)
            ]
            if hits:
                length, encoded = max(hits)
                yield _with_edges(text, start, start + length, _EDGES[encoded])

    def _starts(self, text: str) -> Iterable[int]:
        """Where a spelling may begin, in order."""
        if len(self._by_stem) > _FEW:
            return range(len(text) - self._stem + 1)
        return sorted(start for stem in self._by_stem for start in _places(text, stem))


def _places(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def _spellings(secret: str) -> Iterator[str]:
    """How a secret is written where it is not encoded as a whole."""
    yield secret
    for percent in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield percent
        yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), percent)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    yield secret.encode().hex()
    yield secret.encode().hex().upper()


def _base64_cores(secret: bytes) -> Iterator[str]:
    """The part of its base64 that is the same whatever is before and after it, at each offset."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret).decode().rstrip("=")
        first = (0, 2, 3)[offset]
        last = -1 if (offset + len(secret)) % 3 else None
        core = encoded[first:last]
        yield core
        yield core.replace("+", "-").replace("/", "_")


_EDGES = (0, 1, 3)
"""How many characters beside the part that is always the same hold bits of a secret, by how often
it is encoded."""


def _with_edges(text: str, start: int, end: int, most: int) -> tuple[int, int]:
    """With the characters that hold bits of the secret's first and last bytes, and the padding."""
    for _ in range(most):
        if start and text[start - 1] in _BASE64:
            start -= 1
        if end < len(text) and text[end] in _BASE64:
            end += 1
    while most and end < len(text) and text[end] == "=":
        end += 1
    return start, end


# Shapes of credentials that may come back inside another's words: GitLab's tokens (an
# instance may put a word and a hyphen before them), registration tokens, Vault's and OpenBao's, AWS
# key ids, GitHub's, JWTs, age keys, and what is in headers. What is random has a digit or a
# capital in it: a file that is called glrt-values.yaml is no token. Each begins with a literal, and
# those that could begin inside themselves must not follow a character of their own.
_SHAPES = re.compile(
    r"""
    gl(?:pat|rtr|rt|cbt|dt|ft|soat|ptt|agent|imt|oas|ffct|wt)-(?=[a-z_.=-]*+[A-Z0-9])[A-Za-z0-9_.=-]{8,}
    | GR1348941[A-Za-z0-9_-]{8,}
    | \b(?:hv[sbr]|[sbr])\.[A-Za-z0-9_-]{24,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \bgh[oprsu]_[A-Za-z0-9]{30,}
    | (?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}+(?:\.[A-Za-z0-9_-]*+)?
    | AGE-SECRET-KEY-1[A-Z0-9]{20,}
    | (?<=[Bb]earer\ )[A-Za-z0-9._~+/=-]{8,}
    """,
    re.VERBOSE,
)
_LITERALS = (
    *(
        f"gl{kind}-"
        for kind in [
            "pat",
            "rtr",
            "rt",
            "cbt",
            "dt",
            "ft",
            "soat",
            "ptt",
            "agent",
            "imt",
            "oas",
            "ffct",
            "wt",
        ]
    ),
    *("GR1348941", "hvs.", "hvb.", "hvr.", "s.", "b.", "r.", "AKIA", "ASIA", "gho_", "ghp_"),
    *("ghr_", "ghs_", "ghu_", "eyJ", "AGE-SECRET-KEY-1", "earer ", "PRIVATE KEY"),
)
"""One of these is in all that the shapes match; looking for them first is ten times as fast."""
_ONCE = {
    core
    for literal in _LITERALS
    if len(literal) >= 3  # of a shorter one nothing is left
    for core in _base64_cores(literal.encode())
}
_TWICE = {again for core in _ONCE for again in _base64_cores(core.encode()) if len(again) >= 4}
_ENCODED = tuple(_ONCE | _TWICE)
"""What a run of base64 holds, one of these at least, if there is a credential in it."""
_BASIC = re.compile(r"(?<=\b[Bb]asic )[A-Za-z0-9+/_-]{4,}+={0,2}")
_HEADER = re.compile(
    r"(?i)\b(?:private-token|job-token|x-vault-token|x-api-key|proxy-authorization|authorization)"
    r"""(?:\\?["'])?[ ]?[:=][ ]?(?:\\?["'])?(?:(?:basic|bearer|token)[ ])?([^\s"'\\,;<>]{6,})"""
)
_HEADER_WORDS = ("-token", "api-key", "authorization")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----END)(?:[A-Za-z0-9+/=\s:,.()-]|\\[nrt]))*+"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)
_AFTER_SCHEME = re.compile(r"(?<=://)(?:(?!://)[^\s\"'<>\\])++")
_PORT = re.compile(r"\d{1,5}(?:[/?#]|$)")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}+(?:\r?\n[ \t]*+[A-Za-z0-9+/_-]++)*+")
_TO_STANDARD = str.maketrans("-_", "+/")


def mask_shapes(text: str) -> str:
    """`text` with everything that looks like a credential masked."""
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(MASK, text)
    if "://" in text:
        text = _AFTER_SCHEME.sub(_without_password, text)
    lowered = text.lower()
    if any(name in lowered for name in _HEADER_WORDS):
        text = _HEADER.sub(_without_value, text)
    if "asic " in text:
        text = _BASIC.sub(_without_pair, text)
    if _hints(text):
        text = _SHAPES.sub(MASK, text)
    text = without_shapes(text, MASK)
    return _RUN.sub(_without_encoded, text) if _may_encode(text) else text


def _hints(text: str) -> bool:
    return any(literal in text for literal in _LITERALS)


def _may_encode(text: str) -> bool:
    return any(core in text for core in _ENCODED)


def _without_password(found: re.Match[str]) -> str:
    """What follows `://`: of `user:p@ss@host/path` the password goes, which may hold an `@`."""
    rest = found[0]
    userinfo, at, host = rest.rpartition("@")
    name, colon, password = userinfo.partition(":")
    if not at or not colon or "/" in name or not password or _PORT.match(password):
        return rest
    return f"{name}:{MASK}@{host}"


def _without_value(found: re.Match[str]) -> str:
    return found[0][: found.start(1) - found.start()] + MASK


def _without_pair(found: re.Match[str]) -> str:
    """`Basic dXNlcjpwYXNz` in a header; prose such as "basic authentication" stays."""
    decoded = _decoded(found[0].rstrip("="))
    return MASK if b":" in decoded and decoded.isascii() else found[0]


def _without_encoded(found: re.Match[str]) -> str:
    """A run of base64 goes as a whole where it holds a credential, wherever that begins in it."""
    return MASK if _encodes_secret("".join(found[0].split()), deeper=True) else found[0]


def _encodes_secret(run: str, *, deeper: bool) -> bool:
    """Whether base64 holds a credential, or with `deeper`, base64 that does."""
    return _may_encode(run) and any(
        _holds_secret(_decoded(run[offset:]).decode("latin-1"), deeper=deeper)
        for offset in range(4)
    )


def _holds_secret(text: str, *, deeper: bool) -> bool:
    if _hints(text) and (_SHAPES.search(text) or _PRIVATE_KEY.search(text)):
        return True
    return deeper and any(
        _encodes_secret("".join(run[0].split()), deeper=False) for run in _RUN.finditer(text)
    )


def _decoded(run: str) -> bytes:
    """Base64 of either alphabet, without its padding, as far as it goes."""
    whole = run[: len(run) - (1 if len(run) % 4 == 1 else 0)]
    padded = whole.translate(_TO_STANDARD) + "=" * (-len(whole) % 4)
    try:
        return binascii.a2b_base64(padded)
    except binascii.Error:
        return b""
