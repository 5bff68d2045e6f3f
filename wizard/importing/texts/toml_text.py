"""config.toml as data with the line of every key, also where single lines are no TOML."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from wizard.core.problems import Key

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*("[^"\n]*"|'[^'\n]*'|[\w.-]+)\s*=\s*(.*)""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([^.\s]+)""")
_AT_LINE = re.compile(r"at line (\d+)")
_QUOTED = re.compile(r""""[^"\n]*"|'[^'\n]*'""")
_DEEPEST = 80
_DEEP = re.compile(rf"[\w-]+(?:[ \t]*\.[ \t]*[\w-]+){{{_DEEPEST},}}")
_TOO_DEEP = "it is nested too deep"
_MOST_BROKEN = 20
_MOST_READ = 1_000_000
"""Characters that are read again for the sake of broken lines."""


@dataclass(slots=True)
class TomlText:
    """What a text holds, as far as it can be read."""

    data: dict[str, Any]
    lines: dict[Key, int] = field(default_factory=dict)
    """From 1; entries of lists of tables have a line each."""
    broken: list[tuple[int, str]] = field(default_factory=list)
    """Lines that are no TOML, with the reader's words; they were left out."""


def toml_text(text: str) -> TomlText:
    """Read TOML; a line that is none costs itself alone, a broken header what is below it.

    Each such line is another reading: of a large text with many, only what is before is read.
    """
    lines = text.split("\n")
    broken = [(number, _TOO_DEEP) for number, line in enumerate(lines, 1) if _is_deep(line)]
    for number, _ in broken:
        _leave_out(lines, number - 1)
    most = min(_MOST_BROKEN, 1 + _MOST_READ // max(1, len(text)))
    while True:
        try:
            data = tomllib.loads("\n".join(lines))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            if isinstance(error, RecursionError):
                number = 1 + max(range(len(lines)), key=lambda index: _brackets(lines[index]))
                return TomlText({}, {}, [*broken, (number, _TOO_DEEP)])
            number = _line_of(str(error), len(lines))
            if len(broken) > most:
                return TomlText({}, {}, [*broken, (number, _words(error))])
            if len(broken) == most:
                del lines[number - 1 :]
                broken.append((number, f"{_words(error)}, and nothing from here on was read"))
                continue
            broken.append((number, _words(error)))
            _leave_out(lines, number - 1)
        else:
            return TomlText(data, _lines("\n".join(lines)), broken)


def _is_deep(line: str) -> bool:
    """Whether a key has so many parts that reading it costs their square."""
    return line.count(".") > _DEEPEST and bool(_DEEP.search(_QUOTED.sub("", line)))


def _brackets(line: str) -> int:
    return line.count("[") + line.count("{")


def _words(error: Exception) -> str:
    return re.sub(r" \(at .*\)$", "", str(error))


def _line_of(said: str, count: int) -> int:
    found = _AT_LINE.search(said)
    return min(int(found[1]), count) if found else count


def _leave_out(lines: list[str], index: int) -> None:
    """Blank the broken line; below a header that cannot be read, also the keys that it had."""
    while index > 0 and not lines[index].strip():  # the end of the text: what is open is above
        index -= 1
    header = lines[index].lstrip().startswith("[")
    lines[index] = ""
    while header and index + 1 < len(lines) and not lines[index + 1].lstrip().startswith("["):
        index += 1
        lines[index] = ""


def _lines(text: str) -> dict[Key, int]:
    found: dict[Key, int] = {}
    header: Key = ()
    counts: dict[Key, int] = {}
    inside = ""
    for number, line in enumerate(text.split("\n"), 1):
        if inside:
            inside = "" if inside in line else inside
            continue
        if match := _HEADER.match(line):
            header = _placed(_parts(match[2]), counts, is_entry=match[1] == "[[")
            found.setdefault(header, number)
            found.setdefault(header[:-1] if match[1] == "[[" else header, number)
        elif match := _KEY.match(line):
            below = (*header, *_parts(match[1]))
            found.setdefault(below, number)
            inside = _opened(match[2])
    return found


def _parts(words: str) -> Key:
    return tuple(one or two or three for one, two, three in _PART.findall(words))


def _placed(parts: Key, counts: dict[Key, int], *, is_entry: bool) -> Key:
    """A header's key with the index of every list of tables on its way."""
    path: Key = ()
    for depth, part in enumerate(parts, 1):
        path = (*path, part)
        if is_entry and depth == len(parts):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _opened(value: str) -> str:
    """The quotes that a text over several lines still waits for; empty where none is open."""
    for quotes in ('"""', "'''"):
        if value.startswith(quotes) and quotes not in value[3:]:
            return quotes
    return ""
