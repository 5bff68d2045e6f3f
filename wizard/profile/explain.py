"""What the model finds wrong, in words for people who have never heard of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from wizard.core.problems import Key, Problems, did_you_mean, key_path, short
from wizard.core.secrets import excerpt, redact
from wizard.profile.fields import FieldInfo, find, keys_below
from wizard.profile.inherit import SHORTHAND

LATER = {
    "cache": "a shared cache for jobs",
    "metrics": "metrics and dashboards",
    "autoscaling": "autoscaling",
}
"""Sections that a later version of the wizard will know; asked for today, they are refused."""

_Said = tuple[str, str]
"""Message and fix."""


def explain(error: ValidationError, data: Mapping[str, Any], problems: Problems) -> None:
    """Add every problem of a validation, one for each key.

    Args:
        error: what the model said.
        data: what it was given.
        problems: the collector.
    """
    by_key: dict[Key, ErrorDetails] = {}
    for detail in error.errors(include_url=False):
        key = _key(detail, data)
        # A union says one thing for each of its members; the best of them is told.
        if key not in by_key or _worth(detail) > _worth(by_key[key]):
            by_key[key] = detail
    for key, detail in by_key.items():
        message, fix = _said(key, detail, _value(key, data))
        problems.add(message, fix, key=key)


def _worth(detail: ErrorDetails) -> int:
    """Checks of our own say most; a wrong type says least, since another member may take it."""
    if detail["type"] == "value_error":
        return 2
    return 0 if detail["type"].endswith("_type") else 1


def format_error(error: ValidationError, key: Key, value: Any) -> str:
    """The problems of one value, typed as the answer to a question, in one line.

    Args:
        error: what its type said.
        key: where it would are in a profile.
        value: what was typed.
    """
    details = error.errors(include_url=False)
    message, fix = _said(key, max(details, key=_worth), value)
    return f"{message} ({fix})" if fix else message


def _key(detail: ErrorDetails, data: Any) -> Key:
    """The place in the document: the error's own, less the model's names for union members."""
    key: list[str | int] = []
    for part in detail["loc"]:
        if not isinstance(data, dict | list) or not _holds(data, part):
            return (*key, part) if detail["type"] == "missing" else tuple(key)
        data = data[part]  # type: ignore[index]
        key.append(part)
    return tuple(key)


def _holds(data: dict[Any, Any] | list[Any], part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and part < len(data)
    return part in data


def _value(key: Key, data: Any) -> Any:
    for part in key:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return None
    return data


def _said(key: Key, detail: ErrorDetails, value: Any) -> _Said:
    kind, context = detail["type"], detail.get("ctx", {})
    info = find((*key, SHORTHAND[str(key[-1])]) if _is_short(key, value) else key)
    if kind == "missing":
        return f"{key[-1]!r} is missing", info.help if info else ""
    if kind == "extra_forbidden":
        return _unknown(key)
    if kind == "value_error":
        return str(context["error"]).replace(repr(value), format_value(value)), ""
    if value is None:
        return "has no value", "give it one, or remove the line"
    if kind == "literal_error":
        return _not_a_choice(value, info)
    say = _BY_KIND.get(kind)
    if say:
        return say(value, context)
    return f"{format_value(value)} is not what belongs here", f"it is a {info.kind}" if info else ""


def _is_short(key: Key, value: Any) -> bool:
    return bool(key) and key[-1] in SHORTHAND and isinstance(value, str)


def _unknown(key: Key) -> _Said:
    name = str(key[-1])
    if len(key) == 1 and name in LATER:
        return f"{LATER[name]} cannot be set yet", "remove this section; a later version has it"
    known = set(keys_below(key[:-1]))
    if not known:
        return f"{short(name)!r} is not a key of a profile", ""
    owner = find(key[:-1])
    renamed = owner.section.model_fields.get(name) if owner and owner.section else None
    near = f"write {renamed.alias!r}" if renamed else did_you_mean(name, known)
    return (
        f"{short(name)!r} is not a key of {key_path(key[:-1]) or 'a profile'}",
        near or f"known are: {', '.join(sorted(known))}",
    )


def _not_a_choice(value: Any, info: FieldInfo | None) -> _Said:
    choices = list(info.choices) if info else []
    if isinstance(value, dict | list) or not choices:
        return f"must be one word, not {_what(value)}", f"one of {', '.join(choices)}"
    near = did_you_mean(str(value), choices)
    return f"{format_value(value)} is not one of {', '.join(choices)}", near


def _not_text(value: Any, _context: Any) -> _Said:
    if isinstance(value, bool | int | float):
        format_value = str(value).lower()
        return f"must be text, not {_what(value)}", f'put it in quotes: "{format_value}"'
    return f"must be text, not {_what(value)}", ""


def _not_whole(value: Any, _context: Any) -> _Said:
    return f"must be a whole number, not {_what(value)}", "write only digits, without quotes"


def _not_boolean(value: Any, _context: Any) -> _Said:
    return f"must be true or false, not {_what(value)}", ""


def _not_list(value: Any, _context: Any) -> _Said:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return f"must be a list, not {_what(value)}", f"write [{excerpt(str(value), 60)}]"
    return f"must be a list, not {_what(value)}", "begin each entry with '- '"


def _not_mapping(value: Any, _context: Any) -> _Said:
    return f"must hold keys of its own, not {_what(value)}", "indent its keys below it"


_BY_KIND: dict[str, Callable[[Any, Any], _Said]] = {
    "string_type": _not_text,
    "string_too_long": lambda _, limits: (
        f"is longer than {limits['max_length']} characters",
        "",
    ),
    "int_type": _not_whole,
    "int_parsing": _not_whole,
    "int_from_float": _not_whole,
    "bool_type": _not_boolean,
    "bool_parsing": _not_boolean,
    "list_type": _not_list,
    "dict_type": _not_mapping,
    "model_type": _not_mapping,
    "model_attributes_type": _not_mapping,
    "too_short": lambda *_: ("needs at least one entry", "add one that begins with '- '"),
    "greater_than_equal": lambda value, limits: (
        f"{format_value(value)} is too small",
        f"{limits['ge']} is the least",
    ),
    "less_than_equal": lambda value, limits: (
        f"{format_value(value)} is too large",
        f"{limits['le']} is the most",
    ),
}


def _what(value: Any) -> str:
    """`the number 3`, `the text 'x'`, `a list`."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return f"the {'number' if isinstance(value, int | float) else 'text'} {format_value(value)}"


def format_value(value: Any) -> str:
    """A value as it may are in a message: quoted, and no longer than fits a line."""
    text = redact(repr(value))
    return text if len(text) <= 80 else f"{text[:76]}...{text[-1]}"
