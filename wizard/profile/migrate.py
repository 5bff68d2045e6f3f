"""Older profiles: read as they are, and brought up to date with a backup beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from wizard.core.problems import InvalidDocumentError, Problem, Problems
from wizard.profile.document import Document, parse
from wizard.profile.edit import set_values
from wizard.profile.explain import format_value
from wizard.profile.model import CURRENT_VERSION
from wizard.profile.reading import read_text
from wizard.profile.save import write

Step = Callable[[str], str]
"""The text of a profile in one format to its text in the next; comments survive it.

A step changes keys through `edit.set_values` and `edit.delete`; the number is raised for it.
"""

STEPS: Mapping[int, Step] = {}
"""By the format that a step begins with. Format 1 is the first, so there is none yet."""


def version_of(document: Document, current: int = CURRENT_VERSION) -> int:
    """The format a document says it is in; one that says nothing is in the current one.

    Raises: InvalidDocumentError, when it is no format, or a newer one than this wizard knows.
    """
    version = document.data.get("version", current)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _refused(
            document, f"{format_value(version)} is not a format", f"write version: {current}"
        )
    if version > current:
        raise _refused(
            document,
            f"this file was written by a newer Runner Wizard: its format is {version}, "
            f"and this one knows {current}",
            "upgrade: pip install -U gitlab-runner-wizard",
        )
    return version


def _refused(document: Document, message: str, fix: str) -> InvalidDocumentError:
    line, column = document.place(("version",))
    problem = Problem(message, fix, ("version",), line, column)
    return InvalidDocumentError(Problems(document.name, [problem]))


def upgraded(
    text: str, version: int, steps: Mapping[int, Step] = STEPS, current: int = CURRENT_VERSION
) -> str:
    """The text of a profile, brought from a format to the current one."""
    for number in range(version, current):
        text = set_values(steps[number](text), {("version",): number + 1})
    return text


def upgrade_file(
    path: Path, steps: Mapping[int, Step] = STEPS, current: int = CURRENT_VERSION
) -> Path | None:
    """Bring a file to the current format; None where it is there already.

    Returns: the backup with the file as it was, `FILE.v1.bak`, which is never overwritten.
    Raises: InvalidDocumentError; UsageError, when it cannot be read or written.
    """
    text = read_text(path)
    version = version_of(parse(text, str(path)), current)
    if version == current:
        return None
    backup = path.with_name(f"{path.name}.v{version}.bak")
    if not backup.exists():
        write(backup, text)
    write(path, upgraded(text, version, steps, current))
    return backup
