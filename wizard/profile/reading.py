"""From a file's bytes to text, with a clear word for everything that is not a profile."""

from __future__ import annotations

import re
import shlex
import sys
from contextlib import suppress
from pathlib import Path

from wizard.core.command_line import command
from wizard.core.errors import UsageError
from wizard.core.problems import InvalidDocumentError, Problem, Problems

STANDARD_INPUT = Path("-")
LARGEST = 5 * 1024 * 1024
"""Bytes. A thousand runners, every key written out, are about 3 MiB."""

_BYTE_ORDER_MARKS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
# YAML 1.2, section 5.1: what a stream may hold, less the line ends that only YAML 1.1 knew: libyaml
# still counts them, so every place after one would be told wrong.
_NOT_PRINTABLE = "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_NOT_PLAIN = re.compile("[^\t\n\r\x20-\x7e]")
"""What most profiles hold nothing of; the other pattern takes long to compile."""


def read_foreign(path: Path) -> str:
    """The text of a file that another tool wrote: as `read_text`, also of UTF-16 with its mark.

    Windows PowerShell writes that where a command's output is sent to a file.

    Raises: UsageError, InvalidDocumentError; as `read_text`.
    """
    content = _read(path)
    if any(content.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS):
        with suppress(UnicodeDecodeError):
            content = content.decode("utf-16").encode("utf-8")
    return _checked(content, path)


def read_text(path: Path) -> str:
    """The text of a profile, line ends and byte order mark as they are; `-` is standard input.

    Raises: UsageError, when it cannot be read; InvalidDocumentError, when it is not text.
    """
    return _checked(_read(path), path)


def _checked(content: bytes, path: Path) -> str:
    if len(content) > LARGEST:
        raise UsageError(
            f"{path} is larger than {LARGEST // 1024**2} MiB.",
            "no profile is that large, so it is not read",
            "Name the profile's own file",
        )
    return _decoded(content, str(path))


def _read(path: Path) -> bytes:
    try:
        if path == STANDARD_INPUT:
            return sys.stdin.buffer.read(LARGEST + 1)
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(
            f"There is no file {path}.",
            "it was not made yet, or its name is another",
            f"Make one with: {command('init', '-o', path)}",
        ) from None
    except IsADirectoryError:
        raise UsageError(
            f"{path} is a directory.", "a profile is a file", "Name the profile's file in it"
        ) from None
    except PermissionError:
        raise UsageError(
            f"{path} may not be read.",
            "permission denied",
            f"Try: {shlex.join(['chmod', 'u+r', str(path)])}",
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise UsageError(
            f"{path} cannot be read.", str(error), "Name a file that can be read"
        ) from None


def _decoded(content: bytes, name: str) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            raise _not_text(name, f"is written in {encoding}", 1, 1)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode("utf-8"), error.start)
        raise _not_text(
            name, f"is not UTF-8: the byte 0x{content[error.start]:02x}", line, column
        ) from None
    refuse_control_characters(text, name)
    return text


def refuse_control_characters(text: str, name: str) -> None:
    """Raises: InvalidDocumentError, at the first character that no YAML file may hold."""
    found = _NOT_PLAIN.search(text) and re.search(_NOT_PRINTABLE, text)
    if not found:
        return
    line, column = _place(text, found.start())
    if found.group() == "\0":
        raise _not_text(name, "holds a NUL byte, so it is binary or UTF-16", line, column)
    raise refused(
        name,
        f"holds the control character U+{ord(found.group()):04X}",
        "remove it; an editor that shows invisible characters finds it",
        line,
        column,
    )


def refused(
    name: str, message: str, fix: str, line: int = 1, column: int = 1
) -> InvalidDocumentError:
    """The error for a document with one problem that hides all others."""
    return InvalidDocumentError(Problems(name, [Problem(message, fix, line=line, column=column)]))


def _not_text(name: str, message: str, line: int, column: int) -> InvalidDocumentError:
    return refused(name, message, "save it as UTF-8", line, column)


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
