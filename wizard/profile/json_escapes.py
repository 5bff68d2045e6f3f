"""JSON's way to write a character beyond U+FFFF, which YAML's parsers refuse.

JSON, which YAML otherwise includes, writes such a character as two escapes (a surrogate pair). One
escape of YAML takes their place, padded to the same length so that no place in the text moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89aAbB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)
_PADDING = "\uf8ff\uf8fe"  # private characters, in an order that no one has a use for
_PADDED = re.compile(rf"\\U([0-9a-f]{{8}}){_PADDING}")


def padded_pairs(text: str) -> str:
    """The text as YAML has it; the same object where it holds no pair."""
    return _PAIR.sub(_as_yaml, text) if _PAIR.search(text) else text


def take_padding_out(root: yaml.Node) -> None:
    """Make each scalar below a node what its author wrote."""
    for node in _scalars(root):
        if _PADDING not in node.value:
            continue
        if node.style == '"':
            node.value = node.value.replace(_PADDING, "")
        else:  # without double quotes a backslash is a backslash
            node.value = _PADDED.sub(_as_json, node.value)


def _as_yaml(found: re.Match[str]) -> str:
    high, low = int(found[2], 16), int(found[3], 16)
    code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
    return f"{found[1]}\\U{code:08x}{_PADDING}"


def _as_json(found: re.Match[str]) -> str:
    code = int(found[1], 16) - 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _scalars(root: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Every scalar below a node, keys among them, each once."""
    pending, seen = [root], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode):
            pending += node.value
        else:
            pending += [part for pair in node.value for part in pair]
