"""Values that a tool has yet to fill in: told, and left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key
from wizard.importing.ledger import Fate
from wizard.importing.release import Release
from wizard.importing.texts.templates import MARK, gap, is_variable, unread

_NOT_EXPANDED: tuple[Key, ...] = (("cache",), ("clone_url",))
"""Keys of a table in which the runner puts no variables."""


_MOST_TOLD = 40
"""Templates that are told one by one; one finding names the rest together."""


_BY_TEXT = ("pre_build_script", "post_build_script", "pre_get_sources_script")


_VARIABLES = ("envVars", "extraEnv")
_READ_ELSEWHERE: tuple[Key, ...] = (("gitlabUrl",), ("url",), ("token",))
_NOT_MISSED: tuple[Key, ...] = (
    *(("runnerToken",), ("runnerRegistrationToken",), ("name",), ("runners", "name")),
)
"""What the wizard makes itself."""
_CONFIGS: tuple[Key, ...] = (("runners", "config"), ("runners", "configOverride"))
"""Texts whose own values are looked at one by one."""


def leave_unread(release: Release) -> None:
    """Leave out every value that is still to be filled in by a tool that did not run here."""
    told = 0
    for view in (release.values, release.top, *release.tables):
        blank: set[Key] = set()
        for key, template in _unread_in(view.data, ()):
            if view.claimed(key) or key in _READ_ELSEWHERE:
                continue
            if key in _NOT_MISSED:
                view.note(key, Fate.LEFT, "it is not filled in", told=True)
                continue
            if view is release.values and key[:2] in _CONFIGS:
                continue
            told += 1
            view.leave(*_whole(key), why="it is not filled in", told=told <= _MOST_TOLD)
            if told <= _MOST_TOLD:
                name = key[-1] if isinstance(key[-1], str) else key[-2]
                release.report.surprises(
                    f"{name} is not filled in: {template}",
                    view.at(*key),
                    "the value is not in the file, and a profile holds no templates",
                    "Write the value into the profile",
                )
            blank.add(key)
        view.blank(*blank)


def _whole(key: Key) -> Key:
    """The entry of a list that a value is a part of: without that value it says something else."""
    last = max((at for at, part in enumerate(key) if isinstance(part, int)), default=-1)
    return key[: last + 1] if last >= 0 else key


def _unread_in(data: Any, path: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _unread_in(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _unread_in(value, (*path, index))
    elif isinstance(data, str) and (template := _template_in(data, path)):
        yield path, template


def _template_in(text: str, path: Key) -> str:
    """The template that keeps a value from being read; empty where the runner fills it in."""
    template = unread(text)
    if MARK in text or path[-1] in _BY_TEXT:
        return template if MARK in text else ""
    if template.startswith("$(") and path[0] in _VARIABLES:
        return ""  # Kubernetes puts another variable there
    if template == text.strip():
        return template
    if path[:1] in _NOT_EXPANDED and is_variable(text):
        return text
    return "" if path[:1] == ("environment",) else gap(text)
