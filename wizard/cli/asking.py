"""The wizard's questions as lines: for screen readers, plain terminals, and `init`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from wizard.cli.output import Output
from wizard.core.problems import Key
from wizard.profile.draft import Draft
from wizard.profile.questions import Answer, Question, preset_question, questions


def ask_questions(output: Output) -> tuple[str, dict[Key, Any]]:
    """Ask which preset, and then what makes it one's own.

    Returns: the preset's name, and the answers by key, but for those left at the default.
    """
    output.say("Enter takes what stands in brackets.")
    preset = _ask(output, preset_question())
    asked = [(question, _ask(output, question)) for question in questions(preset)]
    return preset, {
        question.key: answer
        for question, answer in asked
        if answer != question.parse(question.default)
    }


def ask_again(output: Output, draft: Draft) -> None:
    """Ask the same about a profile that is there; what it says is what Enter keeps."""
    output.say("Enter keeps what stands in brackets.")
    for question in questions(preset_question().default):
        now = _as_typed(draft.value(*question.key))
        answer = _ask(output, replace(question, default=now))
        if answer != question.parse(now):
            draft.set(question.key, answer)


def _ask(output: Output, question: Question) -> Any:
    """Ask until the answer can be taken."""
    lines = [question.sentence, *([question.help] if question.help else [])]
    lines += [f"  {name}: {meaning}" for name, meaning in question.choices.items()]
    output.say("\n" + "\n".join(lines))
    return click.prompt(
        "", question.default, value_proc=_taking(question.parse), prompt_suffix="> ", err=True
    )


def _taking(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def take(text: str) -> Any:
        try:
            return parse(text.strip())
        except Answer as refused:
            raise click.UsageError(str(refused)) from None  # Click says it and asks again

    return take


def _as_typed(value: Any) -> str:
    """A profile's value as its question takes it: `group acme` for `{group: acme}`."""
    if not isinstance(value, dict):
        return str(value)
    kind, path = next(iter(value.items()))
    if kind == "strategy":
        return str(path)
    if kind == "instance":
        return "instance"
    return f"group {path}" if kind == "group" else str(path)
