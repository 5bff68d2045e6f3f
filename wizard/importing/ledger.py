"""What became of every value of what was given: nothing ends without a word.

Each leaf of the input ends in exactly one `Fate`. Who reads a value notes its fate; what nobody
noted is itself told at the end. A note on a mapping counts for all that is below it, unless there
is a nearer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wizard.core.problems import Key, key_path


class Fate(StrEnum):
    CARRIED = "carried"
    """A key of the profile says it."""
    KEPT = "kept"
    """It is in `extra_config` or `extra_values` as it was."""
    LEFT = "left out"
    """The profile does not say it; a finding tells why."""
    OURS = "written by the wizard"
    """Left out, because the wizard writes it its own way; a finding names it."""
    ASIDE = "not about the runner"
    UNREAD = "not understood"
    """Nobody here knew what to make of it; a finding says so."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One value of one document: `path` goes on into the texts that were read as data."""

    source: int
    path: Key


_WRAPPERS = frozenset(
    {
        *("values", "valuesObject", "valuesInline", "valuesContent", "config", "configOverride"),
        *("config.toml", "config.template.toml", "spec", "data", "stringData"),
    }
)
"""What a key is below, and need not be read again in each."""
_OF_TERRAFORM = re.compile(r"set\w*\[\d+\] ")


def short_path(path: Key) -> Key:
    """A key by its last parts, which are what people know it by."""
    if path[:1] == ("terraform",) and len(path) > 2:
        path = path[2:]
    for at in range(len(path) - 1, -1, -1):
        if path[at] in _WRAPPERS:
            inside = path[at + 1 :]
            while inside and isinstance(inside[0], int):
                inside = inside[1:]
            if inside:
                path = inside
                break
    first = path[0] if path else ""
    return (_OF_TERRAFORM.sub("", first), *path[1:]) if isinstance(first, str) and path else path


@dataclass(frozen=True, slots=True)
class Note:
    fate: Fate
    words: str = ""
    """Which key of the profile, or why."""
    target: Key = ()
    """The profile's key, where it was carried or kept."""
    told: bool = False
    """Whether a finding of its own tells it; else one tells all that share the words."""


@dataclass(frozen=True, slots=True)
class Row:
    """One leaf of the input and its fate, for people."""

    file: str
    line: int
    fate: Fate
    words: str
    spot: Spot
    told: bool = False

    @property
    def key(self) -> str:
        return key_path(self.spot.path) or "the whole document"


@dataclass(slots=True)
class Source:
    """One document: its data, and the texts in it that were read as data too."""

    file: str
    data: Any
    lines: dict[Key, int]
    opened: dict[Key, Any] = field(default_factory=dict)
    has_lines: bool = True
    """Whether its lines are those of a file that somebody has."""

    def line(self, path: Key) -> int:
        """The line of a value, or of the nearest one around it; 0: not known."""
        if not self.has_lines:
            return 0
        for length in range(len(path), -1, -1):
            if found := self.lines.get(path[:length]):
                return found
        return 0


class Ledger:
    """The documents that were given, and the notes on their values."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._notes: dict[tuple[int, Key], Note] = {}

    def add(self, source: Source) -> int:
        """Take a document in; its number."""
        self.sources.append(source)
        return len(self.sources) - 1

    def note(
        self, spot: Spot, fate: Fate, words: str = "", target: Key = (), *, told: bool = False
    ) -> None:
        """Say what becomes of a value; the last word on it counts."""
        self._notes[spot.source, spot.path] = Note(fate, words, target, told)

    def open(self, spot: Spot, data: Any, lines: dict[Key, int], first: int) -> None:
        """Read a text that is a value as data of its own.

        Args:
            lines: by key below the text, counted from 1.
            first: the line of the file before the text's first.
        """
        source = self.sources[spot.source]
        source.opened[spot.path] = data
        for key, line in lines.items():
            source.lines[(*spot.path, *key)] = line + first

    def line(self, spot: Spot) -> int:
        return self.sources[spot.source].line(spot.path)

    def file(self, spot: Spot) -> str:
        return self.sources[spot.source].file

    def at(self, spot: Spot, words: str) -> str:
        """Where a value is, in words."""
        line, file = self.line(spot), self.file(spot)
        return f"{file}, line {line}: {words}" if line else f"{file}: {words}"

    def targets(self) -> Iterator[tuple[Key, Spot]]:
        """Each value that goes to a key of the profile, with that key."""
        for (source, path), note in self._notes.items():
            if note.target:
                yield note.target, Spot(source, path)

    def rows(self) -> Iterator[Row]:
        """Every leaf of every document, in the order given."""
        for number, source in enumerate(self.sources):
            for path in _leaves(source, source.data, ()):
                note = self._nearest(number, path)
                yield Row(
                    source.file,
                    source.line(path),
                    note.fate,
                    note.words,
                    Spot(number, path),
                    note.told,
                )

    def _nearest(self, source: int, path: Key) -> Note:
        for length in range(len(path), -1, -1):
            if note := self._notes.get((source, path[:length])):
                return note
        return Note(Fate.UNREAD, "the import does not know it")


def _leaves(source: Source, data: Any, path: Key) -> Iterator[Key]:
    if path in source.opened:
        inner = source.opened[path]
        if inner is not data:
            yield from _inside(source, inner, path)
            return
    yield from _inside(source, data, path)


def _inside(source: Source, data: Any, path: Key) -> Iterator[Key]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _leaves(source, value, (*path, key))
    elif isinstance(data, list) and any(isinstance(one, dict | list) for one in data):
        for index, value in enumerate(data):
            yield from _leaves(source, value, (*path, index))
    elif isinstance(data, list) and data:
        yield from ((*path, index) for index in range(len(data)))
    else:
        yield path
