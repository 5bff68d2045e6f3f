"""Changing single values of a profile's text, and leaving every other byte as it is.

The new value is put where the old one stood, by the places that the parser gives. So comments, key
order, quotes, anchors, line ends and the author's own layout need not be preserved: they are never
touched. Whatever the edit, the text is read again afterwards and must hold exactly what was asked.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import yaml

from wizard.core.errors import WizardError
from wizard.core.problems import InvalidDocumentError, Key, key_path
from wizard.profile import yaml_text
from wizard.profile.document import parse
from wizard.profile.fields import keys_below
from wizard.profile.inherit import SHORTHAND
from wizard.profile.spans import Span, end_of, spans

_ANCHOR = re.compile(r"[ \t]*&[^\s,\[\]{}]+")
_BYTE_ORDER_MARK = "\ufeff"


def set_values(text: str, changes: Mapping[Key, Any]) -> str:
    """The text with values set; what is not there yet is added in the model's order.

    Args:
        text: a YAML document whose top is a mapping.
        changes: plain data by key; `("runners", n)` with n the number of runners adds one.
    Raises: InvalidDocumentError, when the text is no such document; WizardError, when the file is
    laid
        out so that the value cannot be set without changing another.
    """
    for key, value in changes.items():
        text = _changed(text, key, value)
    return text


def delete(text: str, key: Key) -> str:
    """The text without a key or list entry; the same text where there is none.

    Raises: as `set_values`.
    """
    return _changed(text, key, _GONE)


_GONE = object()


def _changed(text: str, key: Key, value: Any) -> str:
    body = text.removeprefix(_BYTE_ORDER_MARK)
    document = parse(body, "the profile")
    wanted = copy.deepcopy(document.data)
    try:
        take(wanted, key) if value is _GONE else put(wanted, key, value)
        if _canonical(wanted) == _canonical(document.data):
            return text
        edited = _Editor(body).edited(document.root, key, wanted, gone=value is _GONE)
        if _canonical(parse(edited, "the profile").data) == _canonical(wanted):
            return text[: len(text) - len(body)] + edited
    except (InvalidDocumentError, LookupError, TypeError, ValueError):
        pass  # the edit did not hold; the file stays as it is, and its owner is asked
    raise WizardError(
        f"{key_path(key)} cannot be changed without changing something else.",
        "the file shares it through an anchor, or lays it out in an unusual way",
        "Change it by hand",
    )


def put(data: Any, key: Key, value: Any) -> None:
    """Set a value in plain data, as `set_values` does in text. Raises: LookupError, TypeError."""
    for part, below in pairwise(key):
        inside = data.get(part) if isinstance(data, dict) else data[part]
        if part in SHORTHAND and isinstance(inside, str):
            if below == SHORTHAND[str(part)]:
                data[part] = value
                return
            inside = {SHORTHAND[str(part)]: inside}
        data[part] = {} if inside is None else inside
        data = data[part]
    if isinstance(data, list) and key[-1] == len(data):
        data.append(value)
    else:
        data[key[-1]] = value


def take(data: Any, key: Key) -> None:
    """Take a key out of plain data, as `delete` does. Raises: LookupError, TypeError."""
    for part in key[:-1]:
        data = data[part]
    if isinstance(data, dict):
        data.pop(key[-1], None)
    else:
        del data[key[-1]]


def _canonical(value: Any) -> str:
    """Data as text, for comparing: to Python True, 1 and 1.0 are equal."""
    if isinstance(value, Mapping):
        return repr({key: _canonical(value[key]) for key in sorted(value)})
    if isinstance(value, list | tuple):
        return repr([_canonical(item) for item in value])
    return repr(value)


class _Editor:
    """Edits of one text; each method returns the whole text again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"

    def edited(self, root: yaml.Node, key: Key, wanted: Any, *, gone: bool) -> str:
        """The text in which the value at `key` is as in `wanted`, or is gone."""
        node, around = root, None
        for depth, part in enumerate(key):
            last = depth == len(key) - 1
            if last and gone:
                if not wanted and around:
                    return self._replace(around, wanted, self._column(node), flow=True)
                return self._remove(node, part)
            wanted = wanted[part]
            span = self._find(node, part)
            if not span:
                return self._insert(node, key[: depth + 1], wanted)
            if last or span.is_alias or isinstance(span.node, yaml.ScalarNode):
                return self._replace(span, wanted, self._column(node), flow=_is_flow(node))
            node, around = span.node, span
        raise LookupError("an empty key")

    def _find(self, node: yaml.Node, part: str | int) -> Span | None:
        return next((span for span in spans(self._text, node) if span.name == part), None)

    def _column(self, node: yaml.Node) -> int:
        """The column of a block collection's entries."""
        first = next(spans(self._text, node), None)
        return self._column_at(first.start) if first else 0

    def _column_at(self, position: int) -> int:
        return position - self._line_start(position)

    def _line_start(self, position: int) -> int:
        return self._text.rfind("\n", 0, position) + 1

    def _line_end(self, position: int) -> int:
        """Where the line ends, before its line end."""
        end = self._text.find("\n", position)
        end = len(self._text) if end < 0 else end
        return end - 1 if self._text[end - 1 : end] == "\r" else end

    def _replace(self, span: Span, value: Any, column: int, *, flow: bool) -> str:
        """Put a value in another's place, over several lines only where that one was or must be."""
        was_block = isinstance(span.node, yaml.CollectionNode) and not _is_flow(span.node)
        over_lines = yaml_text.is_block(value) or (was_block and value)
        if flow or span.is_alias or not over_lines:
            return self._replace_on_line(span, value)
        start, column_below = self._after_anchor(span), column + yaml_text.STEP
        if was_block:  # a comment beside the key stays
            start, column_below = self._line_end(span.value), self._column(span.node)
        block = yaml_text.indented(yaml_text.lines(value), column_below)
        return self._splice(start, span.end, self._newline + self._newline.join(block))

    def _replace_on_line(self, span: Span, value: Any) -> str:
        style = ""
        if isinstance(span.node, yaml.ScalarNode) and not span.is_alias:
            style = span.node.style or ""
        scalar = not isinstance(value, Mapping | list)
        written = yaml_text.scalar(value, style) if scalar else yaml_text.flow(value)
        start = self._after_anchor(span)
        while start < span.end and self._text[start] in " \t":  # the author's own distance
            start += 1
        apart = self._text[start - 1] in " \t[{,"
        return self._splice(start, span.end, written if apart else f" {written}")

    def _after_anchor(self, span: Span) -> int:
        anchor = None if span.is_alias else _ANCHOR.match(self._text, span.value)
        return anchor.end() if anchor else span.value

    def _insert(self, node: yaml.Node, key: Key, value: Any) -> str:
        part = key[-1]
        if _is_flow(node):
            return self._insert_in_flow(node, part, value)
        known = list(spans(self._text, node))
        if isinstance(part, int):
            block, after = yaml_text.list_entry(value), known[-1]
        else:
            block = yaml_text.entry(part, value)
            found = _predecessor(known, key)
            if not found:
                return self._insert_before(known[0], block)
            after = found
        block = yaml_text.indented(block, self._column_at(known[0].start))
        end = self._line_end(after.end)
        return self._splice(end, end, self._newline + self._newline.join(block))

    def _insert_before(self, first: Span, block: list[str]) -> str:
        spaces = " " * self._column_at(first.start)
        lines = [block[0], *(spaces + line for line in block[1:]), spaces]
        return self._splice(first.start, first.start, self._newline.join(lines))

    def _insert_in_flow(self, node: yaml.Node, part: str | int, value: Any) -> str:
        written = yaml_text.flow(value)
        if isinstance(part, str):
            written = f"{yaml_text.scalar(part)}: {written}"
        known = list(spans(self._text, node))
        if known:
            return self._splice(known[-1].end, known[-1].end, f", {written}")
        closing = end_of(self._text, node) - 1
        return self._splice(closing, closing, written)

    def _remove(self, node: yaml.Node, part: str | int) -> str:
        known = list(spans(self._text, node))
        index = next(index for index, span in enumerate(known) if span.name == part)
        span, following = known[index], known[index + 1 : index + 2]
        if _is_flow(node):
            if following:
                return self._splice(span.start, following[0].start, "")
            return self._splice(known[index - 1].end if index else span.start, span.end, "")
        line = self._line_start(span.start)
        if self._text[line : span.start].strip(" "):  # it shares its line with a `-` before it
            return self._splice(span.start, following[0].start, "")
        end = self._text.find("\n", span.end) + 1
        return self._splice(line, end or len(self._text), "")

    def _splice(self, start: int, end: int, new: str) -> str:
        return self._text[:start] + new + self._text[end:]


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _predecessor(known: list[Span], key: Key) -> Span | None:
    """The entry after which a new key stands, by the order in which the model declares them."""
    order = {name: place for place, name in enumerate(keys_below(key[:-1]))}
    place = order.get(str(key[-1]), len(order))
    before = [span for span in known if order.get(str(span.name), -1) < place]
    return before[-1] if before else None
