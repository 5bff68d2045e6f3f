"""Choosing another backend: its settings come back, those of the one before are set aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.core.problems import Key
from wizard.profile.backends import BACKENDS
from wizard.profile.draft import Answer, Draft, Origin

BACKEND: Key = ("secrets", "backend")
STORE: Key = ("secrets", "store")


def exchange(set_aside: dict[str, dict[Key, Answer]], draft: Draft, backend: str) -> None:
    """Choose another backend, and exchange the settings of the old one for those of the new.

    Args:
        set_aside: where the old one's are kept, by its name, and the new one's are taken from.
    """
    old = str(draft.value(*BACKEND))
    if old == backend:
        return
    away: Key = ("secrets", BACKENDS[old].key)
    set_aside[old] = {
        key: draft.answer(*key)
        for top in (away, STORE)
        for key in _leaves(top, draft.value(*top))
        if draft.answer(*key).origin is not Origin.DEFAULT
    }
    for top in (away, STORE):
        draft.set(top, None)
    draft.set(BACKEND, backend)
    for key, answer in set_aside.get(backend, {}).items():
        draft.set(key, answer.value, answer.origin)


def _leaves(key: Key, value: Any) -> Iterator[Key]:
    if isinstance(value, dict) and key != STORE:
        for name, below in value.items():
            yield from _leaves((*key, name), below)
    elif value is not None:
        yield key
