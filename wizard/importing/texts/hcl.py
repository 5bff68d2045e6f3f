"""Terraform's language, as far as a `helm_release` needs it: blocks, attributes, literals, calls.

What must be evaluated (variables, other resources, conditions) becomes a mark, as any template that
is not filled in. `locals` that are literals, or calls, are put in.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from wizard.core.problems import Key
from wizard.core.secrets import excerpt
from wizard.importing.texts.templates import marked

_BLOCK = re.compile(
    r"(?m)^[ \t]*(?:resource|module|provider|terraform|variable|locals|data|output)"
    r"(?:[ \t]+\"[^\"\n]*\")*[ \t]*\{"
)
_SPACE = re.compile(r"(?:[ \t\r]+|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_WHITE = re.compile(r"(?:\s+|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_SKIPPED = frozenset(" \t\r\n#/")
"""What a space or a comment begins with."""
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?![\w.])")
_STRING = re.compile(r'"((?:[^"\\$%\n]|\\.|\$(?!\{)|%(?!\{)|[$%]\{[^{}\n]*\})*)"')
_HEREDOC = re.compile(r"<<(-?)([A-Za-z_]\w*)[ \t]*\n")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_WORDS = {"true": True, "false": False, "null": None}
_PLAIN = re.compile(r"[^\"<\n,()\[\]{}]+")
"""What an expression is made of that neither ends nor nests it."""
_LOCAL = re.compile(r"\$\{(local\.[\w-]+)\}")
_DEEPEST = 60
MOST_VALUES = 40_000
"""Attributes, entries and arguments of one text; more than that is a list of something else."""


class HclError(ValueError):
    """More of Terraform's language than anyone writes by hand."""


@dataclass(slots=True)
class Block:
    """`type "label" { ... }`."""

    type: str
    labels: list[str]
    line: int
    body: dict[str, Any] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    lines: dict[Key, int] = field(default_factory=dict)
    """By key below the body, from 1."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function and what it is given."""

    name: str
    arguments: tuple[Any, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A text over several lines, and the line of its first."""

    text: str
    line: int


def looks_like_hcl(text: str) -> bool:
    """Whether a text is Terraform's language: it begins a block as only that does."""
    return bool(_BLOCK.search(text))


def hcl_blocks(text: str) -> list[Block]:
    """The blocks of a file; what cannot be read ends the block that it is in.

    Raises: HclError.
    """
    blocks = _Parser(text).blocks_at_top()
    known = {
        f"local.{name}": value
        for block in blocks
        if block.type == "locals"
        for name, value in block.body.items()
        if isinstance(value, str | int | float | bool | Call | Heredoc)
    }
    if known:
        marks = {marked("${" + name + "}"): value for name, value in known.items()}
        for block in blocks:
            _put_in(block, known, marks)
    return blocks


def _put_in(block: Block, known: dict[str, Any], marks: dict[str, Any]) -> None:
    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [filled(one) for one in value]
        if isinstance(value, Call):
            return Call(value.name, tuple(map(filled, value.arguments)), value.line)
        if isinstance(value, str):
            return marks[value] if value in marks else _LOCAL.sub(in_text, value)
        return value

    def in_text(found: re.Match[str]) -> str:
        value = known.get(found[1])
        return found[0] if value is None or isinstance(value, Call | Heredoc) else str(value)

    block.body = filled(block.body)
    for inner in block.blocks:
        _put_in(inner, known, marks)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._endless: set[str] = set()
        """Words that end no heredoc from here on."""
        self._count = 0

    def blocks_at_top(self) -> list[Block]:
        found: list[Block] = []
        while self._at < len(self._text):
            self._skip(_WHITE)
            begun = self._at
            if block := self._block(0):
                found.append(block)
            if self._at == begun:
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end + 1
        return found

    def _block(self, depth: int) -> Block | None:
        begun = self._at
        name = self._match(_NAME)
        if not name:
            return None
        labels = []
        while True:
            self._skip(_SPACE)
            if label := self._match(_STRING) or self._match(_NAME):
                labels.append(label[1] if label.re is _STRING else label[0])
            else:
                break
        if not self._take("{"):
            self._at = begun
            return None
        if depth > _DEEPEST:
            raise HclError(f"line {self._line(begun)}: nested deeper than {_DEEPEST} levels")
        block = Block(name[0], labels, self._line(begun))
        self._body(block, depth)
        return block

    def _body(self, block: Block, depth: int) -> None:
        while True:
            self._skip(_WHITE)
            if self._take("}") or self._at >= len(self._text):
                return
            begun = self._at
            name = self._match(_NAME)
            self._skip(_SPACE)
            if name and self._text[self._at : self._at + 1] == "=":
                self._at += 1
                block.lines[name[0],] = self._line(begun)
                block.body[name[0]] = self._value((name[0],), block.lines, depth + 1)
                continue
            self._at = begun
            if inner := self._block(depth + 1):
                block.blocks.append(inner)
            else:
                self._at = max(self._at, begun) + 1

    def _value(self, path: Key, lines: dict[Key, int], depth: int) -> Any:
        self._count += 1
        if self._count > MOST_VALUES:
            raise HclError(f"line {self._line(self._at)}: more than {MOST_VALUES:,} values")
        self._skip(_SPACE)
        begun = self._at
        value = self._literal(path, lines, depth)
        self._skip(_SPACE)
        if value is _UNKNOWN or self._text[self._at : self._at + 1] not in (
            "",
            "\n",
            ",",
            "}",
            "]",
            ")",
        ):
            self._at = begun
            return self._expression()
        return value

    def _literal(self, path: Key, lines: dict[Key, int], depth: int) -> Any:
        if depth > _DEEPEST:
            return _UNKNOWN
        if heredoc := self._heredoc():
            return heredoc
        if found := self._match(_STRING):
            return re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), found[1])
        if found := self._match(_NUMBER):
            return float(found[0]) if "." in found[0] else int(found[0])
        if self._take("["):
            return self._list(path, lines, depth)
        if self._take("{"):
            return self._object(path, lines, depth)
        return self._word(path, lines, depth)

    def _heredoc(self) -> Heredoc | None:
        begun = self._at
        found = self._match(_HEREDOC) if self._text.startswith("<<", begun) else None
        if not found:
            return None
        end = None
        if found[2] not in self._endless:
            end = re.compile(rf"(?m)^[ \t]*{found[2]}\b").search(self._text, self._at)
        if not end:
            self._endless.add(found[2])  # nor is there an end for one further down
            self._at = begun
            return None
        text = self._text[self._at : end.start()]
        first = self._line(self._at)
        self._at = end.end()
        return Heredoc(_stripped(text) if found[1] else text, first)

    def _word(self, path: Key, lines: dict[Key, int], depth: int) -> Any:
        begun = self._at
        found = self._match(_NAME)
        if not found:
            return _UNKNOWN
        if found[0] in _WORDS:
            return _WORDS[found[0]]
        if self._take("("):
            arguments = self._list(path, lines, depth, ")")
            return Call(found[0], tuple(arguments), self._line(begun))
        return _UNKNOWN

    def _list(self, path: Key, lines: dict[Key, int], depth: int, end: str = "]") -> list[Any]:
        found: list[Any] = []
        while True:
            self._skip(_WHITE)
            if self._take(end) or self._at >= len(self._text):
                return found
            below = path if end == ")" else (*path, len(found))
            lines.setdefault(below, self._line(self._at))
            before = self._at
            found.append(self._value(below, lines, depth + 1))
            self._skip(_WHITE)
            self._take(",")
            if self._at == before:
                self._at += 1

    def _object(self, path: Key, lines: dict[Key, int], depth: int) -> Any:
        found: dict[str, Any] = {}
        while True:
            self._skip(_WHITE)
            if self._take("}") or self._at >= len(self._text):
                return found
            begun = self._at
            name = self._match(_STRING) or self._match(_NAME)
            self._skip(_SPACE)
            if not name or not (self._take("=") or self._take(":")):
                self._at = begun
                self._expression()
                self._at = max(self._at, begun + 1)
                continue
            key = name[1] if name.re is _STRING else name[0]
            lines[*path, key] = self._line(begun)
            found[key] = self._value((*path, key), lines, depth + 1)
            self._skip(_WHITE)
            self._take(",")

    def _expression(self) -> str:
        """What must be evaluated, up to its end, as a mark."""
        begun, depth = self._at, 0
        while self._at < len(self._text):
            if self._match(_PLAIN) or self._match(_STRING) or self._heredoc():
                continue
            character = self._text[self._at]
            if depth == 0 and character in "\n,]})":
                break
            depth += (character in "([{") - (character in ")]}")
            self._at += 1
        return marked("${" + excerpt(self._text[begun : self._at], 200) + "}")

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if self._text[self._at : self._at + 1] in _SKIPPED:
            self._match(pattern)

    def _take(self, character: str) -> bool:
        if self._text.startswith(character, self._at):
            self._at += 1
            return True
        return False

    def _line(self, position: int) -> int:
        return bisect_left(self._ends, position) + 1


_UNKNOWN = object()


def _stripped(text: str) -> str:
    """A heredoc with `<<-`: without the spaces that all its lines begin with."""
    lines = text.split("\n")
    least = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[least:] for line in lines)
