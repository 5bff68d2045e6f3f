"""Where a key stands in a file: in YAML, in text inside YAML, or in TOML."""

from __future__ import annotations

import re
from typing import Any

from wizard.core.problems import Key
from wizard.profile.document import Document

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")


class YamlPlaces:
    """Lines of a YAML document.

    Args:
        document: the document.
        above: the key under which all keys asked for stand.
        offset: lines of the file before the document's first.
    """

    def __init__(self, document: Document, above: Key = (), offset: int = 0) -> None:
        self._document = document
        self._above = above
        self._offset = offset

    @property
    def data(self) -> dict[str, Any]:
        return self._document.data

    def below(self, *above: str | int) -> YamlPlaces:
        """The same document, for keys below one of its own."""
        return YamlPlaces(self._document, (*self._above, *above), self._offset)

    def line(self, key: Key) -> int:
        """The line of a key, or of the nearest one around it; counted from 1."""
        return self._document.place((*self._above, *key))[0] + self._offset


class TomlPlaces:
    """Lines of a config.toml's own keys, and of its `[[runners]]` tables.

    Args:
        text: the TOML.
        offset: lines of the file before its first.
    """

    def __init__(self, text: str, offset: int) -> None:
        self._lines: dict[tuple[int, str], int] = {}
        """By the table's index, and the dotted key below it."""
        index, header = -1, ""
        for number, line in enumerate(text.splitlines(), offset + 1):
            if found := _HEADER.match(line):
                header = found[2].replace(" ", "")
                index += header == "runners" and found[1] == "[["
                self._note(index, header, number)
            elif found := re.match(r'\s*"?([\w.-]+)"?\s*=', line):
                self._note(index, f"{header}.{found[1]}", number)

    def top(self, key: str) -> int:
        """The line of one of its own keys; 0: not found."""
        return self._lines.get((-1, f".{key}"), 0)

    def _note(self, index: int, path: str, number: int) -> None:
        if index == -1 and path.startswith("."):
            self._lines.setdefault((index, path), number)
        if path.startswith("runners."):
            self._lines.setdefault((index, path.removeprefix("runners.")), number)

    def line(self, index: int, key: tuple[str, ...]) -> int:
        """The line of a key of the nth table, or of the nearest one around it; 0: not found."""
        for length in range(len(key), 0, -1):
            if found := self._lines.get((index, ".".join(key[:length]))):
                return found
        return 0
