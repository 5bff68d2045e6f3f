"""What Helm would make of texts: of `runners.config`, and of parameters that lie over the values.

The chart runs `runners.config` through `tpl`, and its own default uses it: the namespace of jobs is
`{{ default .Release.Namespace .Values.runners.jobNamespace }}` (values.yaml, 0.86.0). Names,
values, `default`, `quote`, `printf` and the like are read, and conditions on values; what is left
becomes a mark, so that it costs the one value it is in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.core.problems import Key
from wizard.importing.texts.templates import marked, pieces
from wizard.importing.view import ABSENT, Values, found_at

_TERM = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`|\(|\)|\||[^\s"`()|]+')
_INDEXED = re.compile(r"([^\[\]]+)((?:\[\d{1,3}\])+)")
_UNKNOWN = object()
_OF_ANYTHING = frozenset({"default", "not", "and", "or", "eq", "ne"})
"""Functions that take lists and mappings too."""
_SAME = frozenset({"trim", "toString", "tpl", "nospace"})


@dataclass(slots=True)
class Resolver:
    """Puts into a text what its templates mean.

    Args:
        values: the chart's values.
        release: the release's name; empty where it is not known.
        namespace: the release's namespace; empty where it is not known.
    """

    values: Values
    release: str = ""
    namespace: str = ""
    used: set[Key] = field(default_factory=set)
    """Keys of the values that templates read."""
    unread: list[str] = field(default_factory=list)
    """Templates that nobody here can read, as they are written."""
    assumed: list[str] = field(default_factory=list)
    """Conditions that were taken to hold, since they cannot be read."""

    def resolved(self, text: str) -> str:
        """The text; a template that cannot be read is a mark in it, in quotes where it had none."""
        found: list[str] = []
        shown = [True]  # whether what follows is part of the text: one for each open condition
        line = _Line()
        for piece, is_template in pieces(text):
            put = piece
            if not all(shown) and not is_template:
                put = "\n" * piece.count("\n")
            elif is_template:
                inside = piece[2:-2].strip().strip("-").strip()
                steers = self._steers(inside, shown, piece)
                put = "" if steers or not all(shown) else self._put(piece, inside, line)
            line.goes_on(put)
            found.append(put)
        return "".join(found)

    def _steers(self, inside: str, shown: list[bool], piece: str) -> bool:
        """Whether a template only steers what is shown: a condition, its end, a comment."""
        word, _, rest = inside.partition(" ")
        if word in {"if", "with", "range"}:
            value = self.value(rest.rpartition(":=")[2])
            if word != "if" and (value is _UNKNOWN or value):
                value = _UNKNOWN  # what is inside is about each entry, or about the value itself
            if value is _UNKNOWN:
                self.assumed.append(piece)
            shown.append(value is _UNKNOWN or bool(value))
        elif word == "else":
            shown[-1] = not shown[-1] and len(shown) > 1
        elif word == "end":
            if len(shown) > 1:
                shown.pop()
        else:
            return inside.startswith("/*") or (word.startswith("$") and ":=" in inside)
        return True

    def _put(self, piece: str, inside: str, line: _Line) -> str:
        value = self.value(inside)
        if value is not _UNKNOWN and _is_plain(value):
            return _written(value)
        self.unread.append(piece)
        if line.is_empty:
            return ""  # alone on its line: an include, say
        return marked(piece) if line.is_quoted else f'"{marked(piece)}"'

    def value(self, expression: str) -> Any:
        """What an expression is; `_UNKNOWN` where nobody here can say."""
        terms = [found[0] for found in _TERM.finditer(expression)]
        stages: list[list[str]] = [[]]
        depth = 0
        for term in terms:
            depth += (term == "(") - (term == ")")
            if term == "|" and depth == 0:
                stages.append([])
            else:
                stages[-1].append(term)
        value: Any = _UNKNOWN
        for number, stage in enumerate(stages):
            arguments = self._arguments(stage[1:]) + ([value] if number else [])
            if not stage or any(one is _UNKNOWN for one in arguments):
                return _UNKNOWN
            value = self._called(stage[0], arguments) if arguments else self._term(stage[0])
        return value

    def _arguments(self, terms: list[str]) -> list[Any]:
        found: list[Any] = []
        group: list[str] = []
        depth = 0
        for term in terms:
            depth += term == "("
            if depth:
                group.append(term)
            else:
                found.append(self._term(term))
            if term == ")":
                depth -= 1
                if depth == 0:
                    found.append(self.value(" ".join(group[1:-1])))
                    group = []
        return found

    def _called(self, name: str, arguments: list[Any]) -> Any:
        last = arguments[-1]
        if name not in _OF_ANYTHING and not all(map(_is_plain, arguments)):
            return _UNKNOWN
        if name == "default" and len(arguments) == 2:
            return last or arguments[0]
        if name in {"quote", "squote"}:
            return f'"{_written(last)}"'
        if name in _SAME:
            return arguments[0] if name == "tpl" else last
        if name == "printf":
            return _formatted(str(arguments[0]), arguments[1:])
        if name == "not":
            return not last
        if name in {"eq", "ne"} and len(arguments) == 2:
            return (arguments[0] == last) is (name == "eq")
        if name in {"and", "or"}:
            return all(arguments) if name == "and" else next(filter(None, arguments), "")
        if name in {"lower", "upper"}:
            return str(last).lower() if name == "lower" else str(last).upper()
        return (
            last if name in {"int", "int64", "toYaml", "required"} and _is_plain(last) else _UNKNOWN
        )

    def _term(self, term: str) -> Any:
        """One name or text; a value that is not there is empty, as it is to Helm."""
        if term[:1] in '"`':
            return term[1:-1].replace('\\"', '"')
        if re.fullmatch(r"-?\d+", term):
            return int(term)
        if term in {"true", "false"}:
            return term == "true"
        known = {".Release.Name": self.release, ".Release.Namespace": self.namespace}
        if term in known:
            return known[term]
        for root in (".Values.", "$.Values."):
            if term.startswith(root):
                key = tuple(term.removeprefix(root).split("."))
                self.used.add(key)
                value = found_at(self.values, key)
                return "" if value in (ABSENT, None, {}, []) else value
        return _UNKNOWN


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Mapping | list)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Line:
    """What is known of the line that a text has come to."""

    def __init__(self) -> None:
        self.is_empty = True
        self.is_quoted = False

    def goes_on(self, piece: str) -> None:
        _, newline, tail = piece.rpartition("\n")
        if newline:
            self.is_empty, self.is_quoted = True, False
        self.is_empty = self.is_empty and not tail.strip()
        for quote in "\"'":
            self.is_quoted ^= tail.count(quote) % 2 == 1


def _formatted(pattern: str, arguments: list[Any]) -> Any:
    pieces_of = re.split(r"%[sdvq]", pattern)
    if len(pieces_of) != len(arguments) + 1:
        return _UNKNOWN
    words = [_written(one) for one in arguments]
    return "".join(part + word for part, word in zip(pieces_of, [*words, ""], strict=True))


def as_set(text: str) -> Any:
    """What `helm --set` makes of text (pkg/strvals): numbers and words are what they look like."""
    words = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    return int(text) if re.fullmatch(r"-?(?:0|[1-9]\d{0,18})", text) else text.replace("\\,", ",")


def set_path(name: str) -> list[str | int]:
    """The keys of a name as `helm --set` reads it: `a.b\\.c[0]` is `a`, `b.c`, then entry 0."""
    found: list[str | int] = []
    for part in re.split(r"(?<!\\)\.", name):
        match = _INDEXED.fullmatch(part)
        found.append((match[1] if match else part).replace("\\.", "."))
        found += [int(index) for index in re.findall(r"\d+", match[2])] if match else []
    return found


def put(data: dict[str, Any], path: list[str | int], value: Any) -> None:
    """Set a value in data, however deep, as `helm --set` does; lists grow up to its index."""
    inner: Any = data
    for part, after in zip(path, [*path[1:], None], strict=True):
        below = value if after is None else [] if isinstance(after, int) else {}
        if isinstance(part, int):
            inner += [None] * (part + 1 - len(inner))
            held = inner[part]
        else:
            held = inner.get(part)
        if after is None or type(held) is not type(below):
            inner[part] = below
        inner = inner[part]
