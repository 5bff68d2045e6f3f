"""Every problem of a document, collected so that all are told at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from wizard.core.errors import ExitCode, WizardError
from wizard.core.findings import Check, Finding, Verdict

Key = tuple[str | int, ...]
"""Where in a document: mapping keys and list indices, outermost first."""

Severity = Literal["error", "warning"]


_LONGEST_KEY = 80
"""Characters of a key that are shown: a whole file may have been pasted into one."""


def short(key: str) -> str:
    """A key as a message shows it: part of one line, whatever it holds, and steering nothing."""
    text = key if key.isprintable() else repr(key)[1:-1]
    if len(text) <= _LONGEST_KEY:
        return text
    from wizard.core.secrets import excerpt  # it knows secrets by the names of keys, so uses us

    return excerpt(text, _LONGEST_KEY - 3)


def key_path(key: Key) -> str:
    """`("runners", 0, "tags")` as people write it: `runners[0].tags`."""
    path = ""
    for part in map(_shown, key):
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _shown(part: str | int) -> str | int:
    return short(part) if isinstance(part, str) else part


def did_you_mean(word: str, known: Iterator[str] | list[str] | set[str]) -> str:
    """` Did you mean X?` for the nearest known word, or the empty string."""
    near = get_close_matches(short(word), sorted(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: where, what, and the way out.

    `line` and `column` count from 1; 0 where the place is not known.
    """

    message: str
    fix: str = ""
    key: Key = ()
    line: int = 0
    column: int = 0
    severity: Severity = "error"

    @property
    def finding(self) -> Finding:
        """The problem as the record that checks and errors share; its place is the evidence."""
        return Finding(self.message, key_path(self.key), fix=self.fix)

    def __str__(self) -> str:
        place = key_path(self.key)
        said = f"{place}: {self.message}" if place else self.message
        return f"{said} ({self.fix})" if self.fix else said


@dataclass(slots=True)
class Problems:
    """A collector: `problems.at(key).add(message, fix)`, then `raise_if_any()`."""

    file: str = ""
    found: list[Problem] = field(default_factory=list)

    def add(
        self, message: str, fix: str = "", *, key: Key = (), severity: Severity = "error"
    ) -> None:
        self.found.append(Problem(message, fix, key, severity=severity))

    def at(self, *key: str | int) -> Spot:
        """The collector bound to one key of the document."""
        return Spot(self, key)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.found if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.found if problem.severity == "warning"]

    def raise_if_any(self) -> None:
        """Raises: InvalidDocumentError, when at least one problem is an error."""
        if self.errors:
            raise InvalidDocumentError(self)


@dataclass(frozen=True, slots=True)
class Spot:
    """One key of the document whose problems are being collected."""

    problems: Problems
    key: Key

    def add(self, message: str, fix: str = "") -> None:
        self.problems.add(message, fix, key=self.key)

    def warn(self, message: str, fix: str = "") -> None:
        self.problems.add(message, fix, key=self.key, severity="warning")


class InvalidDocumentError(WizardError):
    """A document with at least one error; carries all its problems."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: Problems) -> None:
        count = len(problems.errors)
        name = problems.file or "the profile"
        super().__init__(
            f"{name} has {count} problem{'s' if count != 1 else ''}.",
            "\n".join(str(problem) for problem in problems.errors),
        )
        self.problems = problems

    def checks(self, check_id: str) -> list[Check]:
        """Each error as a check that failed."""
        return [
            Check(key_path(one.key), Verdict.FAIL, one.finding, check_id)
            for one in self.problems.errors
        ]
