"""Values and keys as people type them, on the screens and line by line."""

from __future__ import annotations

import re
from typing import Any

from wizard.core.problems import Key
from wizard.core.units import canonical_duration
from wizard.profile.fields import FieldInfo, find

_PART = re.compile(r"([\w-]+)((?:\[\d+\])*)")
_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False}


def format_value(value: Any, info: FieldInfo) -> str:
    """A value as it is in an input: `1h` for 3600 seconds, `a, b` for a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, int) and info.kind.startswith("duration"):
        return canonical_duration(value)
    return str(value)


def parse_value(text: str, info: FieldInfo) -> Any:
    """What was typed, as plain data; the model says what is wrong with it. None for nothing."""
    text = text.strip()
    if info.kind.startswith("list"):
        return [item for part in text.split(",") if (item := part.strip())]
    if info.kind == "true or false":
        return _YES_OR_NO.get(text.lower(), text or None)
    if info.kind == "whole number" and text.isdigit():
        return int(text)
    return text or None


def key_of(text: str) -> Key | None:
    """The key of a field: `secrets.backend`, `runners[1].tags`; `tags` is the first runner's.

    None where there is no such field.
    """
    parts: list[str | int] = []
    for part in text.strip().split("."):
        if not (found := _PART.fullmatch(part)):
            return None
        parts += [found[1], *map(int, re.findall(r"\d+", found[2]))]
    of_runner: Key = ("runners", 0, *parts)
    key = next((one for one in (tuple(parts), of_runner) if find(one)), None)
    return key if key and not isinstance(key[-1], int) else None
