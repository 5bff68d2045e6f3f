"""The visual language: what a colour and a sign mean, in every theme and on every terminal.

Steps and widgets use these tokens only. In the stylesheet: `$accent-text`, `$ok`, `$wait`, `$bad`
and `$quiet` are for text, `$page`, `$raised` and `$focus` are what it stands on. Each text has a
contrast of at least 4.5:1 on each of them in every theme (WCAG 2.1, 1.4.3): a colour of a theme
that has less is moved towards black or white until it does. No state is told by colour only; every
one has a sign and a word too.
"""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from textual.color import Color
from textual.theme import Theme

LEAST_CONTRAST = 4.5
TEXTS = ("foreground", "accent-text", "ok", "wait", "bad", "quiet")
"""Tokens for text."""
GROUNDS = ("page", "raised", "focus")
"""Tokens for what text stands on."""
_STEPS = 40

DARK = Theme(
    name="wizard-dark",
    primary="#7aa2f7",
    secondary="#7dcfff",
    accent="#ff9e64",
    foreground="#d5d9e6",
    background="#16181f",
    surface="#1c1f28",
    panel="#232734",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    dark=True,
)
LIGHT = Theme(
    name="wizard-light",
    primary="#2757b8",
    secondary="#0b7285",
    accent="#a84300",
    foreground="#1f2430",
    background="#fbfbfd",
    surface="#f1f3f8",
    panel="#e6e9f2",
    success="#2f6b16",
    warning="#7a5200",
    error="#b3213c",
    dark=False,
)
NO_COLOUR = "ansi-dark"
"""The only theme that can send no colour at all."""

# What Textual's own widgets draw with, as a token of ours.
_OF_TEXTUAL = {
    "text-success": "ok",
    "text-warning": "wait",
    "text-error": "bad",
    "text-muted": "quiet",
    "text-accent": "accent-text",
    "foreground-muted": "quiet",
    "footer-key-foreground": "accent-text",
    "footer-background": "raised",
    "block-cursor-background": "focus",
    "block-cursor-foreground": "foreground",
    "block-cursor-blurred-background": "raised",
    "block-cursor-blurred-foreground": "foreground",
    "text-disabled": "quiet",
    "foreground-disabled": "quiet",
    "panel": "raised",
    "boost": "raised",
}


def tokens(variables: Mapping[str, str], *, ansi: bool) -> dict[str, str]:
    """A theme's variables with our tokens among them.

    Args:
        variables: what Textual makes of the theme.
        ansi: whether its colours are the terminal's own sixteen, whose contrast no one can know.
    """
    ours = _of_sixteen() if ansi else _of_millions(variables)
    textual = {} if ansi else {name: ours[token] for name, token in _OF_TEXTUAL.items()}
    return {**variables, **textual, **ours}


def contrast(text: Color, ground: Color) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    lighter, darker = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _of_millions(variables: Mapping[str, str]) -> dict[str, str]:
    page, foreground = (Color.parse(variables[name]) for name in ("background", "foreground"))
    primary = Color.parse(variables["primary"])
    grounds = {
        "page": page,
        "raised": page.blend(foreground, 0.07),
        "focus": page.blend(primary, 0.28),
    }
    on = list(grounds.values())
    texts = {
        "foreground": foreground,
        "accent-text": primary,
        "ok": Color.parse(variables["success"]),
        "wait": Color.parse(variables["warning"]),
        "bad": Color.parse(variables["error"]),
        "quiet": page.blend(foreground, 0.6),
    }
    readable = {name: _readable(colour, on) for name, colour in texts.items()}
    return {name: colour.hex6 for name, colour in (grounds | readable).items()}


def _of_sixteen() -> dict[str, str]:
    plain = dict.fromkeys((*TEXTS, *GROUNDS), "ansi_default")
    if os.environ.get("NO_COLOR"):
        return plain
    return plain | {
        "accent-text": "ansi_blue",
        "ok": "ansi_green",
        "wait": "ansi_yellow",
        "bad": "ansi_red",
    }


def _readable(text: Color, grounds: list[Color]) -> Color:
    """The nearest colour to this one that can be read on all of these."""
    candidates = (
        text.blend(Color.parse(towards), step / _STEPS)
        for step in range(_STEPS + 1)
        for towards in ("white", "black")
    )
    return next(
        (
            one
            for one in candidates
            if min(contrast(one, ground) for ground in grounds) >= LEAST_CONTRAST + 0.05
        ),
        text,
    )


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@dataclass(frozen=True, slots=True)
class Signs:
    """One sign for one meaning; each has a word beside it wherever it matters."""

    done: str
    """Seen to be so: a check that passed, a job that ran, an object that is there."""
    failed: str
    needs_you: str
    todo: str
    working: str
    answered: str
    skipped: str
    """Not looked at, stopped, or unproven: no one knows."""
    here: str
    cut: str
    chosen: str
    open: str
    on: str
    off: str
    remove: str
    used: str
    fits: str
    free: str


_UNICODE = Signs(
    done="✓",
    failed="✗",
    needs_you="!",
    todo="○",
    working="◐",
    answered="•",
    skipped="–",
    here="▸",
    cut="…",
    chosen="(•)",
    open="( )",
    on="[x]",
    off="[ ]",
    remove="×",
    used="█",
    fits="▒",
    free="░",
)
_ASCII = Signs(
    done="+",
    failed="x",
    needs_you="!",
    todo="o",
    working="~",
    answered="*",
    skipped="-",
    here=">",
    cut="...",
    chosen="(*)",
    open="( )",
    on="[x]",
    off="[ ]",
    remove="x",
    used="#",
    fits="=",
    free=".",
)


@cache
def signs() -> Signs:
    """The signs that this terminal can show: of Unicode, unless its locale says otherwise."""
    # Python reads and writes UTF-8 in the locale C, which says nothing of the terminal.
    plain = (os.environ.get("LC_ALL") or os.environ.get("LANG")) in {"C", "POSIX"}
    encoding = locale.getpreferredencoding(do_setlocale=False).lower().replace("-", "")
    knows = encoding == "utf8" and not plain and os.environ.get("TERM") != "linux"
    return _UNICODE if knows else _ASCII
