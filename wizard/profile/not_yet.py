"""What a profile can already say and the wizard cannot do yet: refused in words, never ignored.

To build one of these is to remove its line; a packaging says itself that it `is_built`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wizard.core.problems import Key, Problems
from wizard.profile.fields import ITEM
from wizard.profile.model import Profile
from wizard.profile.packagings import PACKAGINGS, any_of
from wizard.profile.targets import FOLDER, TARGETS
from wizard.profile.types import Section


@dataclass(frozen=True, slots=True)
class NotYet:
    """A key, by the model's own names, and the value of it that is refused."""

    path: tuple[str, ...]
    value: str
    what: str
    instead: str


def _line(path: str, value: str, what: str, instead: str) -> NotYet:
    return NotYet(_path(path), value, what, instead)


def _path(path: str) -> tuple[str, ...]:
    return tuple(path.replace(ITEM, f".{ITEM}").split("."))


NOT_YET = (
    *(
        _line("delivery.packaging", spec.name, f"{spec.title} files", f"write {any_of()}")
        for spec in PACKAGINGS.values()
        if not spec.is_built
    ),
    *(
        _line("delivery.target", spec.name, spec.unavailable, f"write {FOLDER.name}")
        for spec in TARGETS.values()
        if spec.unavailable
    ),
)


def unavailable(path: str) -> dict[str, str]:
    """Each value of a key that is refused, with the sentence that says so.

    Args:
        path: by the model's own names, such as `runners[].builds.strategy`.
    """
    wanted = _path(path)
    return {
        line.value: f"{line.what} cannot be used yet" for line in NOT_YET if line.path == wanted
    }


def refuse(profile: Profile, problems: Problems) -> None:
    """Add a problem for everything in the profile that does not work yet."""
    for line in NOT_YET:
        for key, value in _values(profile, line.path, ()):
            if value == line.value:
                problems.add(f"{line.what} cannot be used yet", line.instead, key=key)


def _values(value: Any, path: tuple[str, ...], above: Key) -> Iterator[tuple[Key, Any]]:
    """Every value at a path, with its key as it is written in the file."""
    if not path:
        yield above, value
    elif path[0] == ITEM:
        for index, item in enumerate(value):
            yield from _values(item, path[1:], (*above, index))
    elif isinstance(value, Section):
        written = type(value).model_fields[path[0]].alias or path[0]
        yield from _values(getattr(value, path[0]), path[1:], (*above, written))
