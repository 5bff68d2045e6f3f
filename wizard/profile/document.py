"""A YAML document as plain data that still knows where each of its values stands.

PyYAML's C parser makes the nodes; the data is made of them here, because YAML 1.1, which PyYAML's
own constructors speak, reads `no` as false, `012` as ten and `1:30` as ninety. Scalars follow the
core schema of YAML 1.2 (section 10.3), with one thing more: a number counts as a number only where
it would be written back the same, so that `19.30` and `00012345` reach the model as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

import yaml

from wizard.core import libyaml
from wizard.core.command_line import command
from wizard.core.problems import Key, Problem, Problems
from wizard.core.secrets import excerpt
from wizard.profile.json_escapes import padded_pairs, take_padding_out
from wizard.profile.reading import refuse_control_characters, refused
from wizard.profile.yaml_errors import TooLargeError, unreadable

DEEPEST = 60
LARGEST = 500_000
"""Values, those counted again that an alias repeats: a thousand runners with 500 keys each."""

FREE = frozenset({"extra_config", "extra_values"})
"""Keys whose values go to another system as they are: a number in them is always a number."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_PLAIN = "plain"
_TAGS = frozenset({_PLAIN, *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))})


class _Composer(libyaml.BaseLoader):
    """Composes nodes, and tells plain scalars from quoted ones by their tag.

    The parser calls `descend_resolver` for every node, which is where it can be stopped: the C
    composer recurses on the C stack, and half a million `[` would end the process.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._count = 0

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        self._depth += 1
        self._count += 1
        mark = parent.start_mark if parent else None
        if self._depth > DEEPEST:
            deep = f"is nested deeper than {DEEPEST} levels"
            raise TooLargeError(problem=deep, problem_mark=mark)
        if self._count > LARGEST:
            much = f"holds more than {LARGEST:,} values"
            raise TooLargeError(problem=much, problem_mark=mark)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: type, value: str, implicit: Any) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: its plain data, and the nodes by which a place is found."""

    name: str
    text: str
    data: dict[str, Any]
    root: yaml.MappingNode

    def place(self, key: Key) -> tuple[int, int]:
        """Line and column, from 1, of a key, or of the nearest mapping around it."""
        node: yaml.Node = self.root
        mark = node.start_mark
        for part in key:
            found = _step(node, part)
            if not found:
                break
            mark, node = found
        return mark.line + 1, mark.column + 1

    def scalars(self) -> Iterator[tuple[Key, yaml.ScalarNode]]:
        """Every scalar in the order of the text, once, with its key."""
        pending: list[tuple[Key, yaml.Node]] = [((), self.root)]
        seen: set[int] = set()
        while pending:
            key, node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                yield key, node
            elif isinstance(node, yaml.SequenceNode):
                inside = [((*key, index), item) for index, item in enumerate(node.value)]
                pending += reversed(inside)
            else:
                pending += [((*key, name.value), value) for name, value in reversed(node.value)]


def _step(node: yaml.Node, part: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode):
        if isinstance(part, int) and part < len(node.value):
            return node.value[part].start_mark, node.value[part]
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    for name, value in node.value:
        if name.value == part:
            return name.start_mark, value
    for merged in _merged_nodes(node):
        found = _step(merged, part)
        if found:
            return found
    return None


def _merged_nodes(node: yaml.MappingNode) -> list[yaml.Node]:
    """The mappings that `<<` brings in, the strongest first."""
    merged: list[yaml.Node] = []
    for name, value in node.value:
        if name.tag == _PLAIN and name.value == "<<":
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
    return merged


def parse(text: str, name: str) -> Document:
    """Read one YAML document whose top is a mapping.

    Args:
        text: the document, with or without a byte order mark.
        name: what messages call it, usually its path.
    Raises: InvalidDocumentError, with the place of everything that makes it unreadable.
    """
    refuse_control_characters(text, name)
    root = _compose(text.removeprefix("\ufeff"), name)
    if root is None or (isinstance(root, yaml.ScalarNode) and _plain(root) is None):
        raise refused(name, "is empty", f"make a profile with: {command('init')}")
    if not isinstance(root, yaml.MappingNode):
        kind = "a list" if isinstance(root, yaml.SequenceNode) else "plain text"
        line, column = root.start_mark.line + 1, root.start_mark.column + 1
        raise refused(name, f"is {kind}, not a mapping", "begin it with `version: 1`", line, column)
    construction = _Construction(Problems(name))
    data = construction.mapping(root, free=False, depth=0)
    construction.problems.raise_if_any()
    return Document(name, text, data, root)


def _compose(text: str, name: str) -> yaml.Node | None:
    padded = padded_pairs(text)
    root = _composed(padded, name)
    if root and padded is not text:
        take_padding_out(root)
    return root


def _composed(text: str, name: str) -> yaml.Node | None:
    try:
        loader = _Composer(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise unreadable(error, text, name) from None


@dataclass(slots=True)
class _Construction:
    """Plain data of nodes; what cannot be data is collected as problems."""

    problems: Problems
    count: int = 0

    def value(self, node: yaml.Node, *, free: bool, depth: int) -> Any:
        self.count += 1
        if self.count > LARGEST or depth > DEEPEST:
            self._too_large(node)
        if node.tag not in _TAGS:
            self._add(
                node, f"has the tag {excerpt(node.tag, 60)!r}; a profile has none", "remove it"
            )
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, free=free, depth=depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, free=free, depth=depth + 1) for item in node.value]
        if isinstance(node, yaml.ScalarNode) and node.tag == _PLAIN:
            return _plain(node, free=free)
        return node.value

    def mapping(self, node: yaml.MappingNode, *, free: bool, depth: int) -> dict[str, Any]:
        data = self._inherited(node, free=free, depth=depth)
        lines: dict[str, int] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._add(name, "a key is a list or a mapping", "a key must be a word")
            elif name.tag == _PLAIN and name.value == "<<":
                continue
            elif name.value in lines:
                self._add(
                    name,
                    f"{excerpt(name.value, 80)!r} is here twice, first in line {lines[name.value]}",
                    "keep one of them",
                )
            else:
                lines[name.value] = name.start_mark.line + 1
                freed = free or name.value in FREE
                data[name.value] = self.value(value, free=freed, depth=depth + 1)
        return data

    def _inherited(self, node: yaml.MappingNode, *, free: bool, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for merged in reversed(_merged_nodes(node)):
            if isinstance(merged, yaml.MappingNode):
                self.count += 1
                if self.count > LARGEST or depth > DEEPEST:
                    self._too_large(merged)
                data |= self.mapping(merged, free=free, depth=depth + 1)
            else:
                self._add(merged, "<< merges something that is not a mapping", "")
        return data

    def _too_large(self, node: yaml.Node) -> None:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        raise refused(
            self.problems.file,
            f"repeats its anchors without end, or to more than {LARGEST:,} values",
            "write the values out, or put them under `defaults:`",
            line,
            column,
        )

    def _add(self, node: yaml.Node, message: str, fix: str) -> None:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.problems.found.append(Problem(message, fix, line=line, column=column))


def _plain(node: yaml.ScalarNode, *, free: bool = False) -> Any:
    """What an unquoted scalar is, by YAML 1.2's core schema."""
    text = node.value
    if text in _NULL:
        return None if node.tag == _PLAIN else text
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    number = _number(text)
    if number is not None and (free or str(number) == text):
        return number
    return text


def _number(text: str) -> int | float | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text) if _FLOAT.fullmatch(text) else None
    return number if number is None or isfinite(number) else None
