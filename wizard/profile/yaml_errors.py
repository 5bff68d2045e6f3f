"""Why a text is not a YAML document, for people who have never written a parser."""

from __future__ import annotations

import re

import yaml

from wizard.core.problems import InvalidDocumentError
from wizard.profile.reading import refused

_MEANINGS = (
    (
        r"cannot start any token",
        "has text that begins with a character YAML keeps for itself, such as @, ` or %",
        "put the text in quotes",
    ),
    (
        r"mapping values are not allowed",
        "has a ': ' where none can be",
        "check the indentation of this line and the one above, or put the text in quotes",
    ),
    (
        r"could not find expected ':'|simple key",
        "has a line that is neither `key: value` nor a list entry",
        "write `key: value`, with a space after the colon",
    ),
    (
        r"expected <block end>|expected key|block mapping|block collection|block sequence",
        "has an indentation that does not fit the lines above",
        "give all keys of one mapping the same number of spaces",
    ),
    (r"undefined alias", "uses an alias (*name) whose anchor (&name) is not above it", ""),
    (r"duplicate anchor", "defines one anchor (&name) twice", ""),
    (
        r"',' or '[\]}]'|flow (?:node|sequence|mapping)",
        "has a bracket that is never closed, or a comma missing inside it",
        "close it, or put the text in quotes",
    ),
    (
        r"invalid Unicode character escape",
        "has a \\u that names half a character",
        "write the character itself",
    ),
    (
        r"unknown escape character|expected hexdecimal number|expected escape sequence",
        "has a backslash that means nothing in double quotes",
        "write two, or put the text in single quotes",
    ),
    (
        r"end of stream|quoted scalar",
        "has a quote that is never closed",
        "close it on the same line",
    ),
    (
        r"single document",
        "holds several documents, parted by ---",
        "keep one profile in one file",
    ),
)
"""What libyaml and PyYAML say, what it means, and what to do."""


class TooLargeError(yaml.error.MarkedYAMLError):
    """More nodes, or deeper ones, than any profile has: the parser must stop at once."""


def unreadable(error: yaml.YAMLError, text: str, name: str) -> InvalidDocumentError:
    """The error for what the parser refused, at its line and column."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = str(getattr(error, "problem", "") or error)
    if isinstance(error, TooLargeError):
        return refused(name, problem, "name the profile's own file", line, column)
    if mark and text[mark.index - mark.column :].lstrip(" ").startswith("\t"):
        return refused(name, "is indented with a tab", "YAML allows only spaces", line, column)
    said = f"{problem} {getattr(error, 'context', '') or ''}"
    for pattern, message, fix in _MEANINGS:
        if re.search(pattern, said):
            return refused(name, message, fix, line, column)
    return refused(name, f"is not YAML: {problem}", "", line, column)
