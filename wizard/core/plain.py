"""Somebody else's words on a terminal: shown, and never obeyed."""

from __future__ import annotations

import re

from wizard.core.secrets import redact

# A command to the terminal (ECMA-48: CSI, OSC and the like, whole or cut off), or a control
# character by itself; lines and tabs are text.
_COMMAND = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def plain(text: str) -> str:
    """Text without anything that would steer a terminal: no colour, no title, no cursor."""
    return _COMMAND.sub("", text)


def harmless(text: str) -> str:
    """Text as it may be shown: with no secret in it, and steering nothing."""
    return plain(redact(text))
