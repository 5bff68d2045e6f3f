"""What a command prints: data on stdout, narration on stderr, or one versioned JSON document."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

import click

from wizard.cli.streams import narrate, write_out
from wizard.core.errors import ExitCode, RefusedError, WizardError
from wizard.core.findings import Finding
from wizard.core.plain import plain, strip_controls, strip_to_line
from wizard.core.problems import InvalidDocumentError, Problem, key_path
from wizard.core.secrets import redact_values

_ESCAPE = f"\ufdd0{os.urandom(8).hex()}"
"""Stands for the ESC of our own colours until a text is written, so that no foreign one is let
through with them: no one else can know it, and what is to be coloured is cleaned before."""
ENVELOPE = "runner-wizard/1"
"""The version of the JSON envelope; raised only when a key goes or changes its meaning."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command has to say: `text` for people, `data` for machines, and how it ends."""

    text: str = ""
    data: Any = None
    exit_code: ExitCode = ExitCode.DONE
    warnings: list[Problem] = field(default_factory=list)
    error: WizardError | None = None
    """What it ends with although it has something to say: a plan that `apply` would refuse."""


@dataclass(slots=True)
class Output:
    """One command's way out. Everything that leaves passes through redaction."""

    command: str
    as_json: bool = False
    color: bool | None = None
    """True and False force it; None: where the stream is a terminal."""
    state: str = "Nothing was changed."
    """What an interruption right now means; an operation that changes something says it again."""

    def say(self, text: str) -> None:
        """Narrate on stderr."""
        narrate(self._shown(text, sys.stderr))

    def mark(self, text: str, **style: Any) -> str:
        """`text` in colour, where colour is wanted; never the only sign of anything."""
        if self.color is False:
            return text
        return click.style(plain(text), **style).replace("\x1b", _ESCAPE)

    def line(self, record: dict[str, Any]) -> None:
        """One JSON line on stdout: the progress of a longer command."""
        write_out(json.dumps(redact_values(record), default=str) + "\n")

    def show(self, text: str) -> None:
        """Write what was asked for to stdout."""
        write_out(self._shown(text if text.endswith("\n") else f"{text}\n", sys.stdout))

    def finish(self, result: Result) -> None:
        if self.as_json:
            self._document(
                result.exit_code, result.data, error=result.error, warnings=result.warnings
            )
            return
        for warning in result.warnings:
            self.say(f"{self.mark('warning:', fg='yellow')} {_located(warning)}")
        if result.text:
            self.show(result.text)
        if result.error:
            self.fail(result.error)

    def fail(self, error: WizardError) -> None:
        """Say an error: problem, cause, fix."""
        if self.as_json:
            problems = error.problems.found if isinstance(error, InvalidDocumentError) else []
            self._document(error.exit_code, None, error=error, warnings=problems)
            return
        if isinstance(error, InvalidDocumentError):
            self._fail_document(error)
            return
        findings = error.findings if isinstance(error, RefusedError) else ()
        for one in findings or (error.finding,):
            self._fail_one(one)
        if findings:
            self.say(strip_to_line(error.problem))

    def _fail_one(self, found: Finding) -> None:
        self.say(f"{self.mark('error:', fg='red', bold=True)} {strip_to_line(found.problem)}")
        for text in (found.evidence, found.cause, found.fix and f"fix: {found.fix}"):
            if text:
                self.say(indented(text))

    def _fail_document(self, error: InvalidDocumentError) -> None:
        file = error.problems.file
        for problem in sorted(error.problems.found, key=lambda problem: problem.line):
            style = "red" if problem.severity == "error" else "yellow"
            place = f"{file}:{problem.line}:{problem.column}" if problem.line else file
            self.say(f"{place}: {self.mark(problem.severity, fg=style)}: {problem}")
        self.say(error.problem)

    def _document(
        self,
        exit_code: ExitCode,
        data: Any,
        *,
        error: WizardError | None = None,
        warnings: list[Problem],
    ) -> None:
        document = {
            "format": ENVELOPE,
            "command": self.command,
            "exit_code": int(exit_code),
            "data": data,
            "problems": [_problem(problem) for problem in warnings],
            "error": error and _error(error),
        }
        write_out(json.dumps(redact_values(document), indent=2, default=str) + "\n")

    def _shown(self, text: str, stream: TextIO) -> str:
        """As it may be shown; colours are ours, and nothing else of a terminal's commands is."""
        coloured = strip_controls(text, keep=_ESCAPE).replace(_ESCAPE, "\x1b")
        is_plain = self.color is False or (self.color is None and not stream.isatty())
        return click.unstyle(coloured) if is_plain else coloured


def _located(problem: Problem) -> str:
    return f"line {problem.line}: {problem}" if problem.line else str(problem)


def confirmed(question: str) -> bool:
    """Whether a person says yes; what others wrote in the question cannot disguise it."""
    return click.confirm(strip_to_line(question), default=False, err=True)


def indented(text: str) -> str:
    """Text of several lines, which may be foreign: only the first is where ours are."""
    first, *more = strip_controls(text).splitlines() or [""]
    return "\n".join([f"  {first}", *(f"      {line}" for line in more)])


def _error(error: WizardError) -> dict[str, Any]:
    found = {"problem": error.problem, "cause": error.cause, "fix": error.fix}
    findings = error.findings if isinstance(error, RefusedError) else ()
    return found | {"findings": [asdict(finding) for finding in findings]}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "key": key_path(problem.key),
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "fix": problem.fix,
    }
