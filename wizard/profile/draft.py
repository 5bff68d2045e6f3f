"""A profile while it is being made: its text, and where each of its values came from.

The screens and the line questions are views of one draft; headless commands read the file that it
saves. Problems come from `load_text`, so there is one set of rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from wizard.core.problems import InvalidDocumentError, Key, Problem, Problems
from wizard.profile.document import parse
from wizard.profile.edit import delete, put, set_values, take
from wizard.profile.fields import find
from wizard.profile.inherit import SHORTHAND, merged
from wizard.profile.load import LoadedProfile, Rule, load_text

_MOST_UNDONE = 100
"""Answers that can be taken back."""


class Origin(StrEnum):
    """Where a value came from, the strongest first; each may replace itself and what is below."""

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


@dataclass(frozen=True, slots=True)
class _Before:
    """A draft before an answer, and which one that was."""

    key: Key
    base: str
    answers: dict[Key, Any]
    origins: dict[Key, Origin]


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
        self.disk = text if base is Origin.PROFILE else None
        """What the file held when it was last read or written here; None where there was none."""
        self.began_with = text
        """The text that answers are compared with: the preset's, or what was last in the file."""
        self._unsaved = False
        self._history: list[_Before] = []
        self._base = text
        self._answers: dict[Key, Any] = {}
        """By key, in the order in which they were given; None takes a key out."""
        self._origins: dict[Key, Origin] = {}
        self._merged: Mapping[str, Any] | None = None
        self._original: Mapping[str, Any] | None = None
        self._found: list[Problem] | None = None

    @property
    def dirty(self) -> bool:
        """Whether there is something that has not been saved."""
        return self._unsaved or bool(self._answers)

    # Asking

    def answer(self, *key: str | int) -> Answer:
        """The value at a key and its origin: pending, written, or the declared default."""
        if key in self._answers:
            found, value = self._answers[key] is not None, self._answers[key]
        else:
            found, value = _look_up(self._data(), key)
        if found:
            return Answer(value, self._origin(key))
        info = find(key)
        return Answer(info.default if info else None, Origin.DEFAULT)

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
        self._unsaved = True

    # Answering

    def set(self, key: Key, value: Any, origin: Origin = Origin.TYPED) -> None:
        """Answer a key with plain data; None takes it out, so that its default holds again."""
        if self.answer(*key) == Answer(value, origin):
            return
        self._remember(key, origin)
        self.reset(key)  # what was answered inside it goes with it
        if not self._is_as_written(key, value):
            self._answers[key] = value
            self._origins[key] = origin
        self._changed()

    def reset(self, key: Key) -> None:
        """Take back what was answered at a key: the file, or the preset, decides again."""
        for known in (self._answers, self._origins):
            for one in [one for one in known if one[: len(key)] == key]:
                del known[one]
        self._changed()

    def undo(self) -> bool:
        """Take the last answer of a person back; whether there was one. What was typed into one
        field in a row is one answer."""
        if not self._history:
            return False
        before = self._history.pop()
        self._base, self._answers, self._origins = before.base, before.answers, before.origins
        self._original = None
        self._changed()
        return True

    def forget_history(self) -> None:
        """What was answered so far is not to be taken back."""
        self._history.clear()

    def suggest(self, key: Key, value: Any, origin: Origin = Origin.FOUND) -> bool:
        """Answer a key unless someone has, or took it out; whether that was done."""
        if self._origins.get(key, self.answer(*key).origin).outranks(origin):
            return False
        self.set(key, value, origin)
        return True

    def add_runner(self, name: str, like: int) -> int:
        """Add a runner that is like another one, under a new name; its index. Raises: as `text`."""
        twin = {**parse(self.text(), "").data["runners"][like], "name": name}
        for own in ("token_revision", "adopt"):
            twin.pop(own, None)
        index = self._append_runner(twin)
        self._origins[("runners", index, "name")] = Origin.TYPED
        return index

    def take_further_runners(self, other: Draft) -> None:
        """Have the second runner and those after it of another draft. Raises: as `text`."""
        while len(self.runners) > 1:
            self.remove_runner(len(self.runners) - 1)
        for runner in (parse(other.text(), "").data.get("runners") or [])[1:]:
            self._append_runner(runner)

    def _append_runner(self, runner: Mapping[str, Any]) -> int:
        index = len(self.runners)
        self._settle(set_values(self.text(), {("runners", index): runner}))
        return index

    def remove_runner(self, index: int) -> None:
        """Take a runner out; those after it move up. Raises: as `text`."""
        self._settle(delete(self.text(), ("runners", index)))
        self._origins = {
            moved: origin
            for key, origin in self._origins.items()
            if (moved := _moved_up(key, index)) is not None
        }

    # Judging and keeping

    def text(self) -> str:
        """The profile as it would be saved; comments and layout are the author's.

        Raises: WizardError, when the file is laid out so that an answer cannot be written into it.
        """
        text = self._base
        for key, value in self._answers.items():
            text = delete(text, key) if value is None else set_values(text, {key: value})
        return text

    def problems(self) -> list[Problem]:
        """Every problem and warning, found by the rules that headless commands use."""
        if self._found is None:
            try:
                # JSON is YAML: the same door as a file's, without the work of keeping its layout.
                self._found = self._judged(json.dumps(self._plain(), ensure_ascii=False)).warnings
            except InvalidDocumentError as error:
                self._found = error.problems.found
        return self._found

    def loaded(self) -> LoadedProfile:
        """The draft as a profile. Raises: InvalidDocumentError; WizardError, as `text`."""
        return self._judged(self.text())

    def _judged(self, text: str) -> LoadedProfile:
        loaded = load_text(text, self.path)
        for rule in self.rules:
            loaded.check(rule)
        return loaded

    def saved(self, path: Path) -> None:
        """Note that this is in the file now."""
        self.path, self.disk, self._unsaved = path, self.text(), False
        self._base = self.began_with = self.disk
        self._answers.clear()
        self.forget_history()
        self._original = None

    def state(self) -> dict[str, Any]:
        """All of it as plain data, so that it can be gone on with in another sitting."""
        return {
            "text": self._base,
            "answers": [[list(key), value] for key, value in self._answers.items()],
            "origins": [[list(key), origin.value] for key, origin in self._origins.items()],
            "base": self.base.value,
            "preset": self.preset,
            "path": str(self.path.absolute()),
            "disk": self.disk,
            "began_with": self.began_with,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any], rules: Sequence[Rule] = ()) -> Draft:
        """The draft that `state` told of. Raises: LookupError, TypeError, ValueError."""
        base, disk = Origin(state["base"]), state["disk"]
        draft = cls(str(state["text"]), Path(state["path"]), base, str(state["preset"]), rules)
        draft.disk = None if disk is None else str(disk)
        draft.began_with = str(state["began_with"])
        draft._answers = {tuple(key): value for key, value in state["answers"]}
        draft._origins = {tuple(key): Origin(origin) for key, origin in state["origins"]}
        draft._unsaved = True
        return draft

    def _plain(self) -> dict[str, Any]:
        """The text's data with every answer put in."""
        data = parse(self._base, str(self.path)).data
        for key, value in self._answers.items():
            with suppress(LookupError, TypeError):  # inside something that is no mapping any more
                if value is None:
                    take(data, key)
                else:
                    put(data, key, value)
        return data

    def _data(self) -> Mapping[str, Any]:
        """The same, with what runners inherit laid under each of them."""
        if self._merged is None:
            self._merged = merged(self._plain(), Problems())
        return self._merged

    def _origin(self, key: Key) -> Origin:
        for length in range(len(key), 0, -1):
            if key[:length] in self._origins:
                return self._origins[key[:length]]
        return self.base

    def _remember(self, key: Key, origin: Origin) -> None:
        """How it is before a person answers; what is found is no one's to take back."""
        same_field = self._history and key and self._history[-1].key == key
        if origin is not Origin.TYPED or same_field:
            return
        self._history.append(_Before(key, self._base, dict(self._answers), dict(self._origins)))
        del self._history[:-_MOST_UNDONE]

    def _written(self, key: Key) -> tuple[bool, Any]:
        """Whether the text has a key, apart from all answers, and what it holds there."""
        if self._original is None:
            self._original = merged(parse(self._base, str(self.path)).data, Problems())
        return _look_up(self._original, key)

    def _is_as_written(self, key: Key, value: Any) -> bool:
        """Whether an answer says no more than the profile's file: typing the old value again
        changes nothing. A preset's value is different: it is an example until someone says it."""
        if self.base is not Origin.PROFILE or any(
            key[:length] in self._answers for length in range(len(key))
        ):
            return False
        found, written = self._written(key)
        return written == value if found else value is None

    def _changed(self) -> None:
        self._found = self._merged = None

    def _settle(self, text: str) -> None:
        """Go on from another text, in which all answers stand."""
        self._remember((), Origin.TYPED)
        self._base = text
        self._answers.clear()
        self._original = None
        self._unsaved = True
        self._changed()


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
