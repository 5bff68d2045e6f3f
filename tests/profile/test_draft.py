"""A profile while it is being made."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.core.errors import WizardError
from wizard.core.problems import InvalidDocumentError
from wizard.core.shipped import profiles
from wizard.profile.draft import Answer, Draft, Origin
from wizard.profile.load import load_text

TEXT = (profiles() / "homelab.yaml").read_text()


def draft(text: str = TEXT, base: Origin = Origin.PRESET) -> Draft:
    return Draft(text, Path("homelab.yaml"), base)


def test_a_value_knows_where_it_came_from():
    one = draft()
    one.set(("cluster", "namespace"), "ci")
    one.suggest(("cluster", "architectures"), ["arm64"])
    assert one.answer("cluster", "namespace") == Answer("ci", Origin.TYPED)
    assert one.answer("cluster", "architectures") == Answer(["arm64"], Origin.FOUND)
    assert one.answer("gitlab", "url") == Answer("https://gitlab.com", Origin.PRESET)
    assert one.answer("images", "pull_policy") == Answer("auto", Origin.DEFAULT)


@pytest.mark.parametrize(
    ("base", "taken"), [(Origin.PRESET, True), (Origin.PROFILE, False)], ids=["preset", "profile"]
)
def test_what_is_found_replaces_a_preset_and_never_a_profile(base: Origin, taken: bool):
    one = draft(base=base)
    assert one.suggest(("cluster", "architectures"), ["arm64"]) is taken
    assert one.value("cluster", "architectures") == (["arm64"] if taken else ["amd64"])


def test_what_was_typed_outranks_what_is_found():
    one = draft()
    one.set(("cluster", "namespace"), "typed")
    assert not one.suggest(("cluster", "namespace"), "found")
    assert one.value("cluster", "namespace") == "typed"


def test_taking_an_answer_out_brings_the_default_back():
    one = draft()
    one.set(("runners", 0, "maximum_timeout"), None)
    assert one.answer("runners", 0, "maximum_timeout") == Answer(3600, Origin.DEFAULT)
    assert "maximum_timeout" not in one.text()


def test_half_a_word_on_the_way_costs_no_comment_and_no_layout():
    one = draft()
    for half in ("h", "https", None, "https://gitlab.example.com"):
        one.set(("gitlab", "url"), half)
        one.problems()
    assert one.text() == TEXT.replace("https://gitlab.com\n", "https://gitlab.example.com\n", 1)


def test_a_shorthand_is_read_as_what_it_stands_for():
    assert draft().value("runners", 0, "builds", "strategy") == "kaniko"


def test_the_rules_are_those_of_a_file():
    one = draft()
    one.set(("cluster", "namespace"), "Not A Name")
    one.set(("runners", 0, "maximum_timeout"), "5m")
    with pytest.raises(InvalidDocumentError) as refused:
        load_text(one.text(), Path("homelab.yaml"))
    said = [(problem.key, problem.message) for problem in refused.value.problems.found]
    assert [(problem.key, problem.message) for problem in one.problems()] == said
    with pytest.raises(InvalidDocumentError):
        one.loaded()


def test_a_rule_of_another_room_is_heard_as_well():
    one = Draft(
        TEXT,
        Path("homelab.yaml"),
        Origin.PRESET,
        rules=[lambda _profile, problems: problems.at("name").add("too plain")],
    )
    assert [problem.message for problem in one.problems()] == ["too plain"]


def test_a_whole_section_replaces_what_was_answered_inside_it():
    one = draft()
    one.set(("secrets", "infisical", "project"), "other")
    one.set(("secrets", "infisical"), None)
    one.set(("secrets", "store"), None)
    one.set(("secrets", "backend"), "kubernetes")
    assert not one.problems()
    assert one.loaded().profile.secrets.infisical is None


def test_a_runner_like_another_and_its_removal():
    one = draft()
    one.set(("runners", 0, "tags"), ["mine"])
    assert one.add_runner("second", like=0) == 1
    one.set(("runners", 1, "scope"), {"group": "acme"})
    assert one.runners == ["homelab", "second"]
    assert one.value("runners", 1, "tags") == ["mine"]
    one.remove_runner(0)
    assert one.runners == ["second"]
    assert one.answer("runners", 0, "scope") == Answer({"group": "acme"}, Origin.TYPED)
    assert one.loaded().profile.runners[0].scope.path == "acme"


def test_what_runners_inherit_is_their_value():
    text = TEXT.replace("runners:\n", "defaults:\n  paused: true\n\nrunners:\n", 1)
    assert draft(text).value("runners", 0, "paused") is True


def test_a_layout_that_cannot_be_edited_is_refused_when_it_is_written():
    one = draft("name: &it attic\ncluster:\n  namespace: *it\n")
    one.set(("name",), "cellar")
    with pytest.raises(WizardError, match="cannot be changed"):
        one.text()


def test_nothing_answered_is_nothing_to_save():
    one = draft()
    assert not one.dirty
    one.set(("name",), "homelab", Origin.PRESET)
    assert not one.dirty
    one.set(("name",), "attic")
    assert one.dirty
