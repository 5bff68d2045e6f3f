"""The six questions of a guided start."""

from __future__ import annotations

from typing import Any

import pytest

from tests.profile.profiles import read
from wizard.profile import not_yet
from wizard.profile.fields import ITEM
from wizard.profile.presets import from_preset, presets
from wizard.profile.questions import AnswerError, Question, preset_question, questions

NAMES = [preset.name for preset in presets()]


def _question(*key: str | int) -> Question:
    return next(one for one in questions("homelab") if one.key == key)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_six_and_enter_six_times_makes_the_presets_profile(name: str) -> None:
    asked = questions(name)
    assert 1 + len(asked) == 6
    answers = {question.key: question.parse(question.default) for question in asked}
    made = read(from_preset(name, answers, "0a1b2c3d"))
    assert made.profile == read(from_preset(name, {}, "0a1b2c3d")).profile


@pytest.mark.parametrize("name", NAMES)
def test_every_question_is_a_question_with_a_default(name: str) -> None:
    for question in [preset_question(), *questions(name)]:
        assert question.sentence.endswith("?")
        assert question.default
        assert not question.choices or question.default in question.choices


def test_the_first_chooses_a_preset() -> None:
    assert preset_question().parse("direct") == "direct"
    with pytest.raises(AnswerError, match="did you mean 'homelab'"):
        preset_question().parse("homelb")


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        (("gitlab", "url"), "git.example.com", "https://git.example.com"),
        (("gitlab", "url"), "http://git.example.com", "http://git.example.com"),
        (("runners", 0, "scope"), "acme/tools/app", {"project": "acme/tools/app"}),
        (("runners", 0, "scope"), " 42 ", {"project": 42}),
        (("runners", 0, "scope"), "group acme", {"group": "acme"}),
        (("runners", 0, "scope"), "group: acme/sub", {"group": "acme/sub"}),
        (("runners", 0, "scope"), "instance", "instance"),
        (("runners", 0, "jobs", "concurrent"), "8", 8),
        (("runners", 0, "builds"), "none", "none"),
    ],
)
def test_an_answer_becomes_a_value(key: tuple[str | int, ...], typed: str, value: Any) -> None:
    assert _question(*key).parse(typed) == value


@pytest.mark.parametrize(
    ("key", "typed", "words"),
    [
        (("gitlab", "url"), "not a url", "has more than scheme, host and path|is not a URL"),
        (("runners", 0, "scope"), "acme", "is not a project's full path"),
        (("runners", 0, "name"), "My Runner", "is not a name that Kubernetes takes"),
        (("runners", 0, "jobs", "concurrent"), "many", "is not a whole number"),
        (("runners", 0, "jobs", "concurrent"), "0", "0 is too small .1 is the least"),
        (("runners", 0, "builds"), "kanikoo", "did you mean 'kaniko'"),
    ],
)
def test_an_answer_that_cannot_be_says_why(
    key: tuple[str | int, ...], typed: str, words: str
) -> None:
    with pytest.raises(AnswerError, match=words):
        _question(*key).parse(typed)


def test_no_choice_is_offered_that_does_not_work_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "podman" in _question("runners", 0, "builds").choices
    key = ("runners", ITEM, "builds", "strategy")
    line = not_yet.NotYet(key, "podman", "Podman builds", "write buildah")
    monkeypatch.setattr(not_yet, "NOT_YET", (*not_yet.NOT_YET, line))
    assert "podman" not in _question("runners", 0, "builds").choices
