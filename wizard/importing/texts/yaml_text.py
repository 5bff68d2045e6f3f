"""YAML that others wrote, as data with the line of every value; several documents in one text.

The profile's own reader (`profile/document.py`) refuses what a profile may not hold. Here nothing
may be refused that Helm, Argo CD or kubectl take: unknown tags, a key that comes twice (the last
one counts), YAML 1.1's `yes` and `on`. Events are read one by one, so that a large file costs its
data and not a tree of nodes beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from wizard.core.errors import UsageError
from wizard.core.problems import Key
from wizard.core.secrets import excerpt
from wizard.importing.texts.templates import marked

DEEPEST = 80
MOST_VALUES = 40_000
"""Values of one text, those counted again that an alias repeats."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
# What Helm reads as true (go-yaml 2, resolve.go): YAML 1.1's words.
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
_OTHER_BASE = re.compile(
    r"([-+]?)0(?:([xX])([0-9a-fA-F]{1,16})|([oO]?)([0-7]{1,20})|([bB])([01]{1,64}))"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]{1,30}(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_ENDLESS = frozenset({".inf", ".Inf", ".INF", "+.inf", "-.inf", ".nan", ".NaN", ".NAN"})


@dataclass(slots=True)
class YamlDocument:
    """One document of a text."""

    data: Any
    lines: dict[Key, int] = field(default_factory=dict)
    """The line of each key and list entry, from 1."""
    repeated: list[tuple[Key, int]] = field(default_factory=list)
    """Keys that come twice in one mapping, with the line of the second."""


class YamlError(UsageError):
    """A text that is no YAML, or more of it than anyone writes by hand."""

    def __init__(self, name: str, problem: str, line: int, fix: str) -> None:
        super().__init__(f"{name} cannot be read as YAML.", f"line {line}: {problem}", fix)
        self.line = line


def yaml_documents(text: str, name: str) -> Iterator[YamlDocument]:
    """Every document that holds something.

    Args:
        text: YAML, with or without a byte order mark.
        name: the file's name, for errors.
    Raises: YamlError.
    """
    reader = _Reader(text.removeprefix("\ufeff"), name)
    try:
        yield from reader.documents()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line if mark else 0
        raise YamlError(name, _said(error, text, line), line + 1, "Mend that line") from None


def _said(error: yaml.YAMLError, text: str, index: int) -> str:
    """What is wrong with a line, in words; a tab is what most often is."""
    said = str(getattr(error, "problem", "") or "it is broken")
    lines = text.splitlines()
    line = lines[index] if index < len(lines) else ""
    if "cannot start any token" not in said:
        return said
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "it is indented with a tab, and YAML takes spaces only"
    return "a value begins with a character that must be in quotes"


def plain_scalar(text: str) -> Any:
    """What an unquoted scalar is to Helm."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    # go-yaml reads digits with `_` between them, and 010 as eight.
    digits = text.replace("_", "") if text[:1].isdigit() and len(text) < 80 else text
    if _INTEGER.fullmatch(digits):
        return int(digits)
    if based := _OTHER_BASE.fullmatch(digits):
        sign, hexadecimal, number, _, octal, _, binary = based.groups()
        found = int(number, 16) if hexadecimal else int(octal, 8) if octal else int(binary, 2)
        return -found if sign == "-" else found
    if text in _ENDLESS:
        return float(text.replace(".", ""))
    return float(digits) if len(digits) < 40 and _FLOAT.fullmatch(digits) else text


def _line_of(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self._events = yaml.parse(text, Loader=getattr(yaml, "CLoader", yaml.Loader))
        self._name = name
        self._count = self._depth = 0
        self._anchors: dict[str, tuple[Any, int]] = {}
        """By name: the value, and how many values it holds."""
        self._document = YamlDocument(None)

    def documents(self) -> Iterator[YamlDocument]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                self._document = YamlDocument(None)
                self._document.data = self._value(next(self._events), ())
                if self._document.data not in (None, {}, []):
                    yield self._document

    def _value(self, event: Any, path: Key) -> Any:
        line = _line_of(event)
        if self._depth > DEEPEST:
            raise self._too_much(f"nested deeper than {DEEPEST} levels", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                words = f"*{event.anchor} refers to an anchor that is not defined before it"
                raise YamlError(self._name, words, line, "Mend that line")
            value, held = self._anchors[event.anchor]
            self._counted(held, line)
            return value
        before = self._count
        self._counted(1, line)
        self._depth += 1
        if isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path)
        elif (event.tag or "").startswith("!") and len(event.tag) > 1:
            value = marked(event.tag)  # some tool's own: what it makes of the text is not known
        else:
            value = plain_scalar(event.value) if event.implicit[0] else event.value
        self._depth -= 1
        if not path:
            self._document.lines[()] = line
        if event.anchor:
            self._anchors[event.anchor] = (value, self._count - before)
        return value

    def _mapping(self, path: Key) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[Any] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line_of(event)
            name = self._key(event, path)
            below = (*path, name)
            value = self._value(next(self._events), below)
            if name == "<<" and isinstance(value, dict | list):
                merged += value if isinstance(value, list) else [value]
                continue
            if name in found:
                self._document.repeated.append((below, line))
            found[name] = value
            self._document.lines[below] = line
        for one in merged:
            if isinstance(one, dict):
                found = {**one, **found}
        return found

    def _key(self, event: Any, path: Key) -> str:
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        # Not one of Helm's keys: kept as words, so that it is named as what nobody reads.
        value = self._value(event, path)
        return "" if value is None else excerpt(str(value), 80)

    def _sequence(self, path: Key) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            below = (*path, len(found))
            self._document.lines[below] = _line_of(event)
            found.append(self._value(event, below))
        return found

    def _counted(self, more: int, line: int) -> None:
        self._count += more
        if self._count > MOST_VALUES:
            raise self._too_much(f"more than {MOST_VALUES:,} values, or aliases without end", line)

    def _too_much(self, what: str, line: int) -> YamlError:
        return YamlError(self._name, what, line, "Give the runner's own file")
