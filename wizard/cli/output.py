"""What a command prints: data on stdout, narration on stderr, or one versioned JSON document."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

import click

from wizard.core.errors import ExitCode, Refused, WizardError
from wizard.core.plain import plain
from wizard.core.problems import InvalidDocument, Problem, key_path
from wizard.core.secrets import redact

_COLOUR = re.compile(r"(\x1b\[[\d;]*m)")
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

    def say(self, text: str) -> None:
        """Narrate on stderr."""
        click.echo(_shown(text), err=True, color=self.color)

    def mark(self, text: str, **style: Any) -> str:
        """`text` in colour, where colour is wanted; never the only sign of anything."""
        return text if self.color is False else click.style(text, **style)

    def line(self, record: dict[str, Any]) -> None:
        """One JSON line on stdout: the progress of a longer command."""
        self._write(json.dumps(record, default=str) + "\n")

    def finish(self, result: Result) -> None:
        if self.as_json:
            self._document(
                result.exit_code, result.data, error=result.error, warnings=result.warnings
            )
            return
        for warning in result.warnings:
            self.say(f"{self.mark('warning:', fg='yellow')} {_located(warning)}")
        if result.text:
            self._write(result.text if result.text.endswith("\n") else result.text + "\n")
        if result.error:
            self.fail(result.error)

    def fail(self, error: WizardError) -> None:
        """Say an error: problem, cause, fix."""
        if self.as_json:
            problems = error.problems.found if isinstance(error, InvalidDocument) else []
            self._document(error.exit_code, None, error=error, warnings=problems)
            return
        if isinstance(error, InvalidDocument):
            self._fail_document(error)
            return
        if isinstance(error, Refused) and error.findings:
            for one in error.findings:
                cause = "\n".join(filter(None, (one.evidence, one.cause)))
                self._fail_one(one.problem, cause, one.fix)
            self.say(error.problem)
            return
        self._fail_one(error.problem, error.cause, error.fix)

    def _fail_one(self, problem: str, cause: str, fix: str) -> None:
        self.say(f"{self.mark('error:', fg='red', bold=True)} {problem}")
        if cause:
            self.say(_indented(cause))
        if fix:
            self.say(_indented(f"fix: {fix}"))

    def _fail_document(self, error: InvalidDocument) -> None:
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
        self._write(json.dumps(document, indent=2, default=str) + "\n")

    def _write(self, text: str) -> None:
        is_plain = self.color is False or (self.color is None and not sys.stdout.isatty())
        sys.stdout.write(_shown(click.unstyle(text) if is_plain else text))
        sys.stdout.flush()


def _shown(text: str) -> str:
    """As it may be shown; colours are ours, and nothing else of a terminal's commands is."""
    parts = _COLOUR.split(redact(text))
    return "".join(part if ours else plain(part) for part, ours in zip(parts, cycle((0, 1))))


def _located(problem: Problem) -> str:
    return f"line {problem.line}: {problem}" if problem.line else str(problem)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _error(error: WizardError) -> dict[str, Any]:
    found = {"problem": error.problem, "cause": error.cause, "fix": error.fix}
    findings = error.findings if isinstance(error, Refused) else ()
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
