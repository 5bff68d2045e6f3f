"""A profile while it is being made: its text, and where each of its values came from.

The screens and the line questions are views of one draft; headless commands read the file that it
saves. Problems come from `load_text`, so there is one set of rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from wizard.core.errors import WizardError
from wizard.core.problems import InvalidDocument, Key, Problem, Problems
from wizard.profile.document import parse
from wizard.profile.edit import delete, set_values
from wizard.profile.fields import find
from wizard.profile.inherit import SHORTHAND, merged
from wizard.profile.load import LoadedProfile, Rule, load_text


class Origin(StrEnum):
    """Where a value came from, the strongest first; each may replace itself and what is below."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    TYPED = "typed"
    PROFILE = "profile"
    FOUND = "found"
    PRESET = "preset"
    DEFAULT = "default"

    def outranks(self, other: Origin) -> bool:
        ranks = list(Origin)
        return ranks.index(self) < ranks.index(other)


@dataclass(frozen=True, slots=True)
class Answer:
    """A value of the draft, as plain data, and its origin."""

    value: Any
    origin: Origin


class Draft:
    """The answers so far, by key, over the text of a preset or a profile.

    Args:
        text: YAML, comments and all.
        path: the file that the profile is, or will be.
        base: what the text is: `Origin.PRESET` or `Origin.PROFILE`.
        preset: the preset's name, where the text is one.
        rules: of other rooms, which headless commands hold a profile against as well.
    """

    def __init__(
        self,
        text: str,
        path: Path,
        base: Origin,
        preset: str = "",
        rules: Sequence[Rule] = (),
    ) -> None:
        self.path = path
        self.base = base
        self.preset = preset
        self.rules = rules
        self.dirty = False
        """Whether there is something that has not been saved."""
        self._text = text
        self._pending: dict[Key, Any] = {}
        self._origins: dict[Key, Origin] = {}
        self._refused: list[Problem] = []
        self._read: Mapping[str, Any] | None = None
        self._judged: tuple[LoadedProfile | None, list[Problem]] | None = None

    # Asking

    def answer(self, *key: str | int) -> Answer:
        """The value at a key and its origin: pending, written, or the declared default."""
        if key in self._pending:
            found, value = self._pending[key] is not None, self._pending[key]
        else:
            found, value = _look_up(self._data(), key)
        if found:
            return Answer(value, self._origin(key))
        declared = find(key)
        return Answer(declared.default if declared else None, Origin.DEFAULT)

    def value(self, *key: str | int) -> Any:
        """The value at a key: plain data, None where it has none."""
        return self.answer(*key).value

    @property
    def runners(self) -> list[str]:
        """The runners' names, in their order."""
        count = len(self._data().get("runners") or [])
        return [str(self.value("runners", index, "name") or "") for index in range(count)]

    def origins(self) -> Iterator[tuple[Key, Origin]]:
        """Every value that was answered here, for the review."""
        yield from self._origins.items()

    def recall(self, origins: Mapping[Key, Origin]) -> None:
        """Take up the origins of a draft that was kept; its values are in the text."""
        self._origins.update(origins)
        self.dirty = True

    # Answering

    def set(self, key: Key, value: Any, origin: Origin = Origin.TYPED) -> None:
        """Answer a key with plain data; None takes it out, so that its default holds again."""
        if self.answer(*key) == Answer(value, origin):
            return
        self._pending[key] = value
        self._origins[key] = origin
        self._changed()

    def suggest(self, key: Key, value: Any, origin: Origin = Origin.FOUND) -> bool:
        """Answer a key unless somebody has; whether that was done."""
        if self.answer(*key).origin.outranks(origin):
            return False
        self.set(key, value, origin)
        return True

    def add_runner(self, name: str, like: int) -> int:
        """Add a runner that is like another one, under a new name; its index."""
        self._write_pending()
        runners = self._data()["runners"]
        twin = {**runners[like], "name": name}
        twin.pop("token_revision", None)
        self._text = set_values(self._text, {("runners", len(runners)): twin})
        self._origins[("runners", len(runners), "name")] = Origin.TYPED
        self._changed()
        return len(runners)

    def remove_runner(self, index: int) -> None:
        """Take a runner out; those after it move up."""
        self._write_pending()
        self._text = delete(self._text, ("runners", index))
        self._origins = {
            moved: origin
            for key, origin in self._origins.items()
            if (moved := _moved_up(key, index)) is not None
        }
        self._changed()

    # Judging and keeping

    def text(self) -> str:
        """The profile as it would be saved; comments and layout are the author's."""
        self._write_pending()
        return self._text

    def problems(self) -> list[Problem]:
        """Every problem and warning, found by the rules that headless commands use."""
        return self._judgement()[1]

    def loaded(self) -> LoadedProfile:
        """The draft as a profile. Raises: InvalidDocument."""
        loaded, problems = self._judgement()
        if loaded is None:
            raise InvalidDocument(Problems(str(self.path), list(problems)))
        return loaded

    def saved(self, path: Path) -> None:
        """Note that this is in the file now."""
        self.path, self.dirty = path, False

    def _judgement(self) -> tuple[LoadedProfile | None, list[Problem]]:
        if self._judged is None:
            self._refused = []
            text = self.text()
            try:
                loaded = load_text(text, self.path)
                for rule in self.rules:
                    loaded.check(rule)
                self._judged = (loaded, [*self._refused, *loaded.warnings])
            except InvalidDocument as error:
                self._judged = (None, [*self._refused, *error.problems.found])
        return self._judged

    def _data(self) -> Mapping[str, Any]:
        if self._read is None:
            written = parse(self._text, str(self.path)).data
            self._read = merged(written, Problems())
        return self._read

    def _origin(self, key: Key) -> Origin:
        for length in range(len(key), 0, -1):
            if key[:length] in self._origins:
                return self._origins[key[:length]]
        return self.base

    def _changed(self) -> None:
        self.dirty = True
        self._judged = None
        if not self._pending:
            self._read = None

    def _write_pending(self) -> None:
        """Put what was answered into the text; what the file's layout forbids is a problem."""
        for key, value in self._pending.items():
            try:
                if value is None:
                    self._text = delete(self._text, key)
                else:
                    self._text = set_values(self._text, {key: value})
            except WizardError as error:
                self._origins.pop(key, None)
                self._refused.append(Problem(error.problem, error.fix, key))
        if self._pending:
            self._pending.clear()
            self._read = None


def _look_up(data: Any, key: Key) -> tuple[bool, Any]:
    for position, part in enumerate(key):
        if isinstance(data, str):
            # `builds: kaniko` stands for a mapping with one key
            word = position and SHORTHAND.get(str(key[position - 1])) == part
            return (True, data) if word and position == len(key) - 1 else (False, None)
        try:
            data = data[part]
        except (LookupError, TypeError):
            return False, None
    return True, data


def _moved_up(key: Key, gone: int) -> Key | None:
    if key[0] != "runners" or len(key) < 2 or not isinstance(key[1], int) or key[1] < gone:
        return key
    return None if key[1] == gone else ("runners", key[1] - 1, *key[2:])
