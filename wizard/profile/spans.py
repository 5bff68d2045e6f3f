"""Where the entries of a YAML collection are in its text, aliases included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

_ALIAS = re.compile(r"\*[^\s,\[\]{}]+")
_BLOCK_SCALARS = frozenset({"|", ">"})


@dataclass(frozen=True, slots=True)
class Span:
    """One entry: `text[start:end]` is all of it, `text[value:end]` what is after `:` or `-`."""

    name: str | int
    start: int
    value: int
    end: int
    node: yaml.Node
    is_alias: bool = False


def spans(text: str, node: yaml.Node) -> Iterator[Span]:
    """The entries of a mapping or a sequence, in the order of the text.

    Raises: ValueError, where the layout is one that no one writes by hand.
    """
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            after = text.index(":", name.end_mark.index) + 1
            yield _span(text, name.value, name.start_mark.index, after, value)
    elif isinstance(node, yaml.SequenceNode):
        position = node.start_mark.index
        for index, item in enumerate(node.value):
            start = item.start_mark.index
            if start < position:  # an alias: its node stands where its anchor is
                found = _ALIAS.search(text, position)
                if not found:
                    raise ValueError("no alias where one must be")
                start = found.start()
            if not node.flow_style:
                start = text.rindex("-", 0, start)
            value = start if node.flow_style else start + 1
            span = _span(text, index, start, value, item)
            yield span
            position = span.end


def _span(text: str, name: str | int, start: int, value: int, node: yaml.Node) -> Span:
    if node.start_mark.index < value and not _is_empty(node, value):
        blank = re.compile(r"\s*").match(text, value)
        found = _ALIAS.match(text, blank.end() if blank else value)
        if found:
            return Span(name, start, value, found.end(), node, is_alias=True)
    return Span(name, start, value, end_of(text, node, value), node)


def _is_empty(node: yaml.Node, value: int) -> bool:
    return node.start_mark.index == node.end_mark.index == value


def end_of(text: str, node: yaml.Node, start: int = 0) -> int:
    """Where a node's own text ends, before the blank lines and comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        inside = list(spans(text, node))
        return inside[-1].end if inside else start
    end: int = node.end_mark.index
    if end == node.start_mark.index:
        return start
    if isinstance(node, yaml.ScalarNode) and node.style in _BLOCK_SCALARS:
        return len(text[:end].rstrip())
    return end
