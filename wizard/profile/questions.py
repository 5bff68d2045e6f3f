"""The questions whose answers make a preset one's own; all else has a default that works.

A sentence, a default and the choices come from the field's declaration. Anyone who asks them (the
guided `init`, a screen) only shows and reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wizard.core.problems import Key, Problems, did_you_mean
from wizard.profile import not_yet
from wizard.profile.document import parse
from wizard.profile.explain import format_error
from wizard.profile.fields import find
from wizard.profile.inherit import merged
from wizard.profile.presets import find_preset, presets
from wizard.profile.runner import Builds, Jobs, RunnerScope
from wizard.profile.types import RunnerName, Url


class AnswerError(ValueError):
    """An answer that cannot be taken; its text says why, and what can."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Args:
        key: where the answer goes; empty for the choice of the preset.
        sentence: what is asked.
        default: what Enter means, as it would be typed.
        help: one sentence more.
        parse: text as typed to the value for the profile; raises `Answer`.
        choices: each answer there is, with what it means; empty where anything may be typed.
    """

    key: Key
    sentence: str
    default: str
    help: str
    parse: Callable[[str], Any]
    choices: Mapping[str, str] = field(default_factory=dict)


def preset_question() -> Question:
    """Where it all goes: the first question, on which the other defaults depend."""
    choices = {preset.name: preset.title for preset in presets()}
    return Question(
        (), "Which set-up is nearest to yours?", "homelab", "", _one_of(choices), choices
    )


def questions(preset: str) -> list[Question]:
    """The five others, with the preset's own values as defaults.

    Raises: UsageError, when there is no such preset.
    """
    path = find_preset(preset).path
    written = parse(path.read_text(encoding="utf-8"), str(path)).data
    data = merged(written, Problems())
    runner = data["runners"][0]
    scope: Key = ("runners", 0, "scope")
    jobs: Key = ("runners", 0, "jobs", "concurrent")
    builds: Key = ("runners", 0, "builds")
    strategies = _working((*builds, "strategy"))
    return [
        Question(
            ("gitlab", "url"),
            "Which GitLab do the runners work for?",
            data["gitlab"]["url"],
            _help(("gitlab", "url")),
            _checked(("gitlab", "url"), TypeAdapter(Url), _with_scheme),
        ),
        Question(
            scope,
            "Which project or group is it for?",
            _scope_as_typed(runner["scope"]),
            "A project's path (acme/homelab), `group acme` for a group, or the word instance.",
            _checked(scope, TypeAdapter(RunnerScope), _scope),
        ),
        Question(
            ("runners", 0, "name"),
            "What is the runner's name?",
            runner["name"],
            _help(("runners", 0, "name")),
            _checked(("runners", 0, "name"), TypeAdapter(RunnerName), str),
        ),
        Question(
            jobs,
            "How many jobs may run at once?",
            str(runner["jobs"]["concurrent"]),
            _help(jobs),
            _checked(jobs, TypeAdapter(Jobs), _whole_number, inside="concurrent"),
        ),
        Question(
            builds,
            "How do jobs build container images?",
            _builds_as_typed(runner["builds"]),
            _help(builds),
            _checked(builds, TypeAdapter(Builds), _one_of(strategies)),
            strategies,
        ),
    ]


def _working(key: Key) -> dict[str, str]:
    """The choices of a field that are not refused as not built yet."""
    info = find(key)
    if not info:
        return {}
    refused = {line.value for line in not_yet.NOT_YET if line.path == info.path}
    return {name: text for name, text in info.choices.items() if name not in refused}


def _help(key: Key) -> str:
    info = find(key)
    return info.help if info else ""


def _one_of(choices: Mapping[str, str]) -> Callable[[str], str]:
    def parse_choice(text: str) -> str:
        if text not in choices:
            near = did_you_mean(text, set(choices))
            raise AnswerError(f"{text!r} is not one of {', '.join(choices)}{near and '; ' + near}")
        return text

    return parse_choice


def _checked(
    key: Key, kind: TypeAdapter[Any], read: Callable[[str], Any], inside: str = ""
) -> Callable[[str], Any]:
    """Read an answer, and hold it against the model as a profile's value would be."""

    def parse_answer(text: str) -> Any:
        value = read(text.strip())
        try:
            kind.validate_python({inside: value} if inside else value)
        except ValidationError as error:
            raise AnswerError(format_error(error, key, value)) from None
        return value

    return parse_answer


def _with_scheme(text: str) -> str:
    return text if "://" in text else f"https://{text}"


def _scope(text: str) -> Any:
    if text == "instance":
        return text
    group = re.fullmatch(r"group[:\s]\s*(\S+)", text)
    kind, path = ("group", group[1]) if group else ("project", text)
    return {kind: int(path) if path.isdecimal() else path}


def _scope_as_typed(scope: Mapping[str, Any] | str) -> str:
    if isinstance(scope, str):
        return scope
    return f"group {scope['group']}" if "group" in scope else str(scope["project"])


def _builds_as_typed(builds: Mapping[str, Any] | str) -> str:
    return builds if isinstance(builds, str) else str(builds["strategy"])


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise AnswerError(f"{text!r} is not a whole number")
    return int(text)
