"""What must be agreed to before a draft takes the place of what is in its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from wizard.core.errors import UsageError
from wizard.core.problems import InvalidDocumentError
from wizard.profile.draft import Draft
from wizard.profile.load import load_text
from wizard.profile.reading import read_text

_MOST = 40
"""Lines of a difference that are shown."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason not to write a file without asking."""

    question: str
    detail: str


def doubts(draft: Draft, path: Path) -> Iterator[Doubt]:
    """Why writing the draft to `path` needs a yes. Nothing for a file that is not there.

    Raises: WizardError, when the draft cannot be written as text.
    """
    if not path.exists():
        return
    there = on_disk(path)
    if there is None:
        question = f"{path.name} is there, but is not text that can be read. Write over it?"
        yield Doubt(question, "")
        return
    if there == draft.text():
        return
    if there != draft.disk:
        yield Doubt(
            f"{path.name} has changed since it was read. Write over it?",
            _lost(there, draft),
        )
    wrong = [problem for problem in draft.problems() if problem.severity == "error"]
    if wrong and _is_valid(there, draft):
        count = "1 problem" if len(wrong) == 1 else f"{len(wrong)} problems"
        yield Doubt(
            f"{path.name} is valid now, and would have {count}. Write over it?",
            "\n".join(f"! {problem}" for problem in wrong[:_MOST]),
        )


def on_disk(path: Path) -> str | None:
    """The text in a file; None where there is none, or it is not text."""
    try:
        return read_text(path)
    except (UsageError, InvalidDocumentError):
        return None


def _is_valid(text: str, draft: Draft) -> bool:
    try:
        loaded = load_text(text, draft.path)
        for rule in draft.rules:
            loaded.check(rule)
    except InvalidDocumentError:
        return False
    return True


def _lost(there: str, draft: Draft) -> str:
    """What writing over a file would take back, as lines of a difference."""
    known = draft.text() if draft.disk is None else draft.disk
    lines = list(unified_diff(known.splitlines(), there.splitlines(), lineterm="", n=1))[2:]
    more = [f"... and {len(lines) - _MOST} more lines"] if len(lines) > _MOST else []
    return "\n".join(["What others wrote there would be lost:", *lines[:_MOST], *more])
