"""Small profiles for the tests, and what the wizard says of them."""

from __future__ import annotations

from pathlib import Path

from wizard.core.problems import InvalidDocumentError, Problem, key_path
from wizard.profile.load import LoadedProfile, load_text

SMALLEST = """\
version: 1
name: small
runners:
  - name: one
    scope: {project: acme/app}
"""


def read(text: str) -> LoadedProfile:
    return load_text(text, Path("small.yaml"))


def with_runner(lines: str, rest: str = "") -> str:
    """The smallest profile with more lines in its runner, and more after it."""
    return SMALLEST + "".join(f"    {line}\n" for line in lines.splitlines()) + rest


def problems(text: str) -> list[Problem]:
    """Every error and warning of a text, in the order of its lines."""
    try:
        return read(text).warnings
    except InvalidDocumentError as error:
        return error.problems.found


def said(text: str) -> dict[str, str]:
    """What is said of each key: message and fix, as a user reads them."""
    return {
        key_path(problem.key): f"{problem.message}; {problem.fix}" for problem in problems(text)
    }


def errors(text: str) -> list[str]:
    return [key_path(one.key) for one in problems(text) if one.severity == "error"]


def warnings(text: str) -> list[str]:
    return [key_path(one.key) for one in problems(text) if one.severity == "warning"]
