"""Answers that another choice made meaningless, kept so that choosing again brings them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wizard.core.problems import Key
from wizard.profile.draft import Answer, Draft, Origin

BACKEND: Key = ("secrets", "backend")
STORE: Key = ("secrets", "store")

Choice = tuple[str | int, ...]
"""What was chosen: `("backend", "vault")`, `("builds", 0, "kaniko")`."""


class SetAside:
    """Answers by the choice that brings them back."""

    def __init__(self) -> None:
        self._kept: dict[Choice, dict[Key, Answer]] = {}

    def put(self, choice: Choice, draft: Draft, keys: Iterable[Key]) -> None:
        """Keep what the draft says at these keys, once: a second time it is another's."""
        self._kept.setdefault(choice, {key: draft.answer(*key) for key in keys})

    def remember(self, choice: Choice, draft: Draft, key: Key) -> None:
        """Keep one answer for a choice, and leave it in the draft as well."""
        self._kept[choice] = {key: draft.answer(*key)}

    def take(self, choice: Choice, draft: Draft, sections: Iterable[Key]) -> None:
        """Take whole sections out of the draft, to be brought back for this choice."""
        sections = list(sections)
        self._kept[choice] = {
            key: draft.answer(*key)
            for section in sections
            for key in _leaves(section, draft.value(*section))
            if draft.answer(*key).origin is not Origin.DEFAULT
        }
        for section in sections:
            draft.set(section, None)

    def bring_back(self, choice: Choice, draft: Draft) -> None:
        """Answer again as it was before."""
        for key, answer in self._kept.pop(choice, {}).items():
            draft.set(key, answer.value, answer.origin)

    def runner_removed(self, index: int) -> None:
        """The runners after one that was removed have moved up, and their answers with them."""
        moved = ((_moved(choice, index), answers) for choice, answers in self._kept.items())
        self._kept = {
            choice: {_moved_key(key, index): answer for key, answer in answers.items()}
            for choice, answers in moved
            if choice is not None
        }


def choose_backend(aside: SetAside, draft: Draft, backend: str) -> None:
    """Choose another backend, and exchange the settings of the old one for those of the new."""
    old = str(draft.value(*BACKEND))
    if old != backend:
        sections: list[Key] = [("secrets", old.replace("-", "_")), STORE]
        aside.take(("backend", old), draft, sections)
        draft.set(BACKEND, backend)
        aside.bring_back(("backend", backend), draft)


def _moved(choice: Choice, gone: int) -> Choice | None:
    if len(choice) < 2 or not isinstance(choice[1], int) or choice[1] < gone:
        return choice
    return None if choice[1] == gone else (choice[0], choice[1] - 1, *choice[2:])


def _moved_key(key: Key, gone: int) -> Key:
    if key[:1] == ("runners",) and len(key) > 1 and isinstance(key[1], int) and key[1] > gone:
        return ("runners", key[1] - 1, *key[2:])
    return key


def _leaves(key: Key, value: Any) -> Iterator[Key]:
    if isinstance(value, dict) and key != STORE:
        for name, below in value.items():
            yield from _leaves((*key, name), below)
    elif value is not None:
        yield key
