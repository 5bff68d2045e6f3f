"""The wizard's questions as lines: for screen readers, plain terminals, and `init`."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import click

from wizard.cli.output import Output
from wizard.core.problems import Key, did_you_mean, key_path
from wizard.profile.draft import Draft, Origin
from wizard.profile.fields import FieldInfo, declared, fields, find
from wizard.profile.questions import AnswerError, Question, preset_question, questions
from wizard.profile.typed import format_value, key_of, parse_value


def ask_questions(output: Output) -> tuple[str, dict[Key, Any]]:
    """Ask which preset, and then what makes it one's own.

    Returns: the preset's name, and the answers by key, but for those left at the default.
    """
    output.say("Enter accepts the answer in brackets.")
    preset = _ask(output, preset_question())
    asked = [(question, _ask(output, question)) for question in questions(preset)]
    return preset, {
        question.key: answer
        for question, answer in asked
        if answer != question.parse(question.default)
    }


def ask_again(output: Output, draft: Draft) -> None:
    """Ask the same about a profile that is there; what it says is what Enter keeps."""
    output.say("Enter keeps the answer in brackets.")
    for question in questions(preset_question().default):
        now = _as_typed(draft.value(*question.key))
        answer = _ask(output, replace(question, default=now))
        if answer != question.parse(now):
            draft.set(question.key, answer)


def ask_more(output: Output, draft: Draft) -> None:
    """Ask for any other field by its key, until there is nothing more to change."""
    output.say(
        "\nAnything else? Write a key, such as tags, cluster.context or secrets.backend; "
        "? lists them all; Enter goes on."
    )
    while word := click.prompt("", "", show_default=False, prompt_suffix="> ", err=True).strip():
        if word == "?":
            output.say(_wrapped([f"{one.dotted}: {one.help}" for one in _single_fields()]))
        elif key := _named(word):
            _ask_field(output, draft, key)
        else:
            known = {one.dotted for one in _single_fields()}
            hint = did_you_mean(f"runners[].{word}", known) or did_you_mean(word, known)
            output.say(f"{word!r} is not a single-value field{hint and '; ' + hint}")


def _single_fields() -> list[FieldInfo]:
    """The fields that one line answers."""
    return [one for one in fields() if not one.section and "mapping" not in one.kind]


def _named(word: str) -> Key | None:
    key = key_of(word.replace("[]", "[0]"))
    return key if key and find(key) in _single_fields() else None


def _ask_field(output: Output, draft: Draft, key: Key) -> None:
    info = declared(key)
    lines = [f"{key_path(key)}: {info.help}", f"It is: {info.kind}. - takes it out."]
    lines += [f"  {name}: {meaning}" for name, meaning in info.choices.items() if meaning]
    output.say("\n" + _wrapped(lines))
    now = draft.answer(*key)

    def take(text: str) -> None:
        if text == format_value(now.value, info):
            return
        draft.set(key, None if text.strip() == "-" else parse_value(text, info))
        if wrong := _wrong(draft, key):
            draft.set(key, now.value if now.origin is not Origin.DEFAULT else None, now.origin)
            raise click.UsageError(wrong)  # Click says it and asks again

    click.prompt("", format_value(now.value, info), value_proc=take, prompt_suffix="> ", err=True)


def _wrong(draft: Draft, key: Key) -> str:
    found = (one for one in draft.problems() if one.key[: len(key)] == key)
    return next((str(one) for one in found if one.severity == "error"), "")


def _ask(output: Output, question: Question) -> Any:
    """Ask until the answer can be taken."""
    lines = [question.sentence, *([question.help] if question.help else [])]
    lines += [f"  {name}: {meaning}" for name, meaning in question.choices.items()]
    output.say("\n" + _wrapped(lines))
    return click.prompt(
        "", question.default, value_proc=_taking(question.parse), prompt_suffix="> ", err=True
    )


def _wrapped(lines: list[str]) -> str:
    """The lines, none of them broken inside a word by the terminal's edge."""
    width = shutil.get_terminal_size().columns
    fill = partial(textwrap.fill, width=max(width, 40), subsequent_indent="    ")
    return "\n".join(fill(line, break_long_words=False, break_on_hyphens=False) for line in lines)


def _taking(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def take(text: str) -> Any:
        try:
            return parse(text.strip())
        except AnswerError as refused:
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
