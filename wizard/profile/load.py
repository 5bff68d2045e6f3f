"""From a file to a profile, or to every problem it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wizard.core.errors import RefusedError, UsageError
from wizard.core.problems import InvalidDocumentError, Key, Problem, Problems
from wizard.profile import not_yet, rules
from wizard.profile.authority import with_authority
from wizard.profile.document import Document, parse
from wizard.profile.edit import set_values
from wizard.profile.explain import explain
from wizard.profile.inherit import merged, settle
from wizard.profile.migrate import upgrade_file, upgraded, version_of
from wizard.profile.model import CURRENT_VERSION, Profile
from wizard.profile.reading import STANDARD_INPUT, read_text
from wizard.profile.save import write

Rule = Callable[[Profile, Problems], None]
"""Adds what it finds wrong with a profile, by key."""


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A valid profile, the file it came from, and what was found in it that may not be meant."""

    profile: Profile
    path: Path
    text: str
    """As it is in the file; an older format is already brought up to date here."""
    document: Document
    warnings: list[Problem]

    def place(self, key: Key) -> tuple[int, int]:
        """Line and column, from 1, where a key is written, or the nearest one around it."""
        return self.document.place(key)

    def preview(self, changes: Mapping[Key, Any]) -> LoadedProfile:
        """The same with values set, as `save` would leave it; nothing is written.

        Raises: InvalidDocumentError, when the result is not a valid profile.
        """
        return load_text(set_values(self.text, changes), self.path) if changes else self

    def save(self, changes: Mapping[Key, Any]) -> LoadedProfile:
        """Set values in the file, leaving the rest of it as it is, and load it again.

        A file in an older format is brought up to date first, and a backup kept. The file is read
        again, so that what was changed in it since then is not lost.

        An id is written once: another run may have written one since this file was read.

        Raises: RefusedError, where it has; InvalidDocumentError, when the result is no valid
        profile
            (nothing is written in either case); UsageError and WizardError, when the file
            cannot be read, edited or written.
        """
        if self.path == STANDARD_INPUT:
            raise UsageError(
                "A profile from standard input cannot be changed.",
                "there is no file to write the change to",
                "Name its file",
            )
        upgrade_file(self.path)
        found = read_text(self.path)
        self._refuse_another_id(found, changes)
        text = set_values(found, changes)
        loaded = load_text(text, self.path)
        write(self.path, text)
        return loaded

    def _refuse_another_id(self, found: str, changes: Mapping[Key, Any]) -> None:
        there = parse(found, str(self.path)).data.get("id")
        if there is not None and changes.get(("id",), there) != there:
            raise RefusedError(
                f"{self.path} has the id {there} by now.",
                "another run has written it since the file was read; all that it makes carries it",
                "Wait until that run has ended, then run it again",
            )

    def check(self, rule: Rule) -> None:
        """Hold the profile against a rule of another room; its warnings join the others.

        Raises: InvalidDocumentError, with every error and its place.
        """
        problems = Problems(str(self.path))
        rule(self.profile, problems)
        _place(problems, self.document)
        problems.raise_if_any()
        self.warnings.extend(problems.warnings)


def load(path: Path) -> LoadedProfile:
    """Read, check and complete a profile; `-` is standard input.

    Raises: UsageError, when the file cannot be read; InvalidDocumentError, with every problem at
    once.
    """
    return load_text(read_text(path), path)


def load_text(text: str, path: Path) -> LoadedProfile:
    """The same for a text that is not, or not yet, in the file at `path`.

    Raises: InvalidDocumentError, with every problem at once.
    """
    problems = Problems(str(path))
    document = parse(text, str(path))
    version = version_of(document)
    if version < CURRENT_VERSION:
        text = upgraded(text, version)
        document = parse(text, str(path))
        problems.at("version").warn(
            f"this file is in format {version}; it was read as {CURRENT_VERSION}"
        )
    data = merged(document.data, problems)
    rules.check_written(document, data, problems)
    profile = _validated(data, problems)
    if profile:
        profile = with_authority(profile, path.parent, problems)
    _place(problems, document)
    if profile is None or problems.errors:
        raise InvalidDocumentError(problems)
    if "defaults" in document.data:
        profile = profile.model_copy(update={"defaults": document.data["defaults"] or {}})
    return LoadedProfile(profile, path, text, document, problems.warnings)


def _validated(data: Mapping[str, Any], problems: Problems) -> Profile | None:
    try:
        profile = Profile.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        explain(error, data, problems)
        return None
    rules.check(profile, problems)
    not_yet.refuse(profile, problems)
    return profile


def _place(problems: Problems, document: Document) -> None:
    """Give each problem its line and column; one of an inherited value belongs to `defaults`."""
    settle(problems, document.data)
    for index, problem in enumerate(problems.found):
        line, column = document.place(problem.key)
        if not problem.line:
            problems.found[index] = replace(problem, line=line, column=column)
    problems.found.sort(key=lambda problem: (problem.line, problem.column))
