"""Plain data as YAML text, the way a person would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from wizard.core import libyaml
from wizard.core.problems import InvalidDocumentError
from wizard.profile.document import parse

STEP = 2
"""Spaces by which one level is indented below the other."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./=-]*(?: [A-Za-z0-9_./=-]+)*+")
_NO_TEXT = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
"""Words that YAML reads as something else, now or in 1.1."""


def scalar(value: Any, style: str = "") -> str:
    """One value on one line.

    Args:
        value: text, a number, a boolean or None.
        style: the quote, `'` or `"`, that text had before; empty: quotes only where they are
            needed.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if isinstance(value, str):
        if style == "'" and text.isprintable():
            return "'" + text.replace("'", "''") + "'"
        if style == '"' or not (_is_word(text) or _safe_plain(text)):
            return json.dumps(text, ensure_ascii=not text.isprintable())
    return text


def _is_word(text: str) -> bool:
    """Whether text surely needs no quotes, so that nothing has to be parsed to find out."""
    return _WORD.fullmatch(text) is not None and text.lower() not in _NO_TEXT


@lru_cache(4096)
def _safe_plain(text: str) -> bool:
    """Whether unquoted text is read back as itself, by YAML 1.2 and by the older 1.1."""
    try:
        return bool(
            parse(f"a: {text}", "").data == {"a": text}
            and parse(f"a: [{text}]", "").data == {"a": [text]}
            and yaml.load(f"a: {text}", Loader=libyaml.SafeLoader) == {"a": text}  # noqa: S506 - it is
        )
    except (
        yaml.YAMLError,
        InvalidDocumentError,
        ValueError,
    ):  # ValueError: looks like a date, is none
        return False


def flow(value: Any) -> str:
    """A value on one line, brackets and all: `{project: acme/homelab}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def lines(value: Mapping[str, Any] | list[Any]) -> list[str]:
    """A mapping or a list over several lines; lists of plain values stay on one."""
    if isinstance(value, Mapping):
        return [line for key, item in value.items() for line in entry(key, item)]
    return [line for item in value for line in list_entry(item)]


def entry(key: str, value: Any) -> list[str]:
    """The lines of `key: value`."""
    name = scalar(key)
    if not is_block(value):
        return [f"{name}: {flow(value)}"]
    return [f"{name}:", *indented(lines(value))]


def list_entry(value: Any) -> list[str]:
    """The lines of `- value`."""
    if not is_block(value):
        return [f"- {flow(value)}"]
    first, *rest = lines(value)
    return [f"- {first}", *indented(rest)]


def is_block(value: Any) -> bool:
    """Whether a value takes lines of its own: a mapping, or a list that holds one."""
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value)


def indented(block: list[str], spaces: int = STEP) -> list[str]:
    return [" " * spaces + line for line in block]
