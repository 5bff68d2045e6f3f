"""Another's words on a terminal: shown, and never obeyed."""

from __future__ import annotations

import re

from wizard.core.secrets import redact

# A command to the terminal (ECMA-48: CSI, OSC and the like, whole or cut off), or a control
# character by itself; lines and tabs are text. What a command string may hold is bounded, or one
# that never ends would be looked through again from every start.
_COMMAND = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*+(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*+[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
# What is not seen, and changes what is: marks that turn the direction of text, characters of no
# width, tags, and separators that some terminals take for line ends. And halves of a pair and
# characters that Unicode reserves, which no encoding can write.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_SEPARATORS = re.compile("[\u2028\u2029]")


def plain(text: str) -> str:
    """Text without anything that steers a terminal or deceives a reader; lines and tabs stay."""
    return _UNSEEN.sub("", _SEPARATORS.sub("\n", _COMMAND.sub("", text)))


def one_line(text: str) -> str:
    """Foreign text as part of a line of ours: `plain`, and its line ends written as `\\n`."""
    return plain(text).replace("\n", "\\n").replace("\t", " ")


def strip_controls(text: str, *, keep: str = "") -> str:
    """Text as it may be shown: with no secret in it, and steering nothing.

    Args:
        keep: a mark of the caller's own that stays as it is, though it is unseen.
    """
    redacted = redact(text)
    return keep.join(map(plain, redacted.split(keep))) if keep else plain(redacted)


def strip_to_line(text: str) -> str:
    """The same on one line."""
    return one_line(redact(text))
