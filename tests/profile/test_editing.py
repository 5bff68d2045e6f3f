"""Changing one value leaves every other byte of the file as its author wrote it."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

import pytest

from wizard.core.errors import WizardError
from wizard.core.problems import Key, key_path
from wizard.profile.document import parse
from wizard.profile.edit import delete, set_values
from wizard.profile.presets import presets
from wizard.profile.yaml_text import lines

ODD = """\
# yaml-language-server: $schema=profile.schema.json
---
version:   1      # aligned
"name": 'odd'

common: &common   # an anchor
    concurrent:  2
    image: &image "alpine:3.22"   # quoted
    long: a plain text that goes on and on, longer than the width at which YAML writers wrap
defaults: {jobs: *common, tags: [ a,b , "c d" ],   locked: false }
runners:
-   name: one      # dash at the margin
    jobs:
        <<: *common
        cpu: {request: 100m, limit: "1"}
    # between
    empty:
    text: |
      two
      lines

    tags:
    - x   # first
    - &y y
    - *y
-   {name: two, scope: instance}
ünïcödé: 'it''s'
last: end"""

TEXTS = {preset.name: preset.path.read_text(encoding="utf-8") for preset in presets()}
TEXTS["odd"] = ODD
TEXTS["odd with Windows line ends"] = ODD.replace("\n", "\r\n")
TEXTS["odd with a byte order mark"] = "\ufeff" + ODD + "\n"

NEW: list[Any] = ["other", "yes", "a: b # c", "12", 12, True, None, "-", "ü'\"\\", "", "1e5", "*x"]


def _scalars(text: str) -> list[Key]:
    return [key for key, _ in parse(text, "x").scalars() if key[-1] != "<<"]


def _get(text: str, key: Key) -> Any:
    data: Any = parse(text, "x").data
    for part in key:
        data = data[part]
    return data


SHARED = {("common", "concurrent"), ("common", "image"), ("common", "long")} | {
    ("runners", 0, "tags", 1)
}
"""Scalars that an alias repeats elsewhere: changing one would change the others."""

CASES = [(name, key) for name, text in TEXTS.items() for key in _scalars(text) if key not in SHARED]


@pytest.mark.parametrize(("name", "key"), CASES, ids=lambda part: str(part)[:60])
def test_setting_any_one_scalar_leaves_every_other_line_alone(name: str, key: Key) -> None:
    text = TEXTS[name]
    for value in NEW:
        changed = set_values(text, {key: value})
        assert _get(changed, key) == value, key_path(key)
        before, after = text.splitlines(keepends=True), changed.splitlines(keepends=True)
        edits = [
            edit
            for edit in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
            if edit[0] != "equal"
        ]
        assert len(edits) <= 1
        for _, first, last, new_first, new_last in edits:
            most = 3 if "text" in key else 1  # the block scalar
            assert last - first <= most
            assert new_last - new_first == 1


def test_setting_what_is_set_already_changes_nothing() -> None:
    for text in TEXTS.values():
        for key in _scalars(text):
            assert set_values(text, {key: _get(text, key)}) == text


def test_quotes_are_kept_as_they_were() -> None:
    assert set_values("a: 'x'\nb: \"x\"\nc: x\n", {("a",): "y", ("b",): "y", ("c",): "y"}) == (
        "a: 'y'\nb: \"y\"\nc: y\n"
    )


def test_a_comment_beside_the_value_stays() -> None:
    assert set_values("a: 1   # why\n", {("a",): 2}) == "a: 2   # why\n"


def test_a_list_is_replaced_in_its_own_style() -> None:
    assert set_values("a: [x, y]  # c\n", {("a",): ["z"]}) == "a: [z]  # c\n"
    assert set_values("a:  # c\n  - x\n  - y\nb: 1\n", {("a",): ["z", "w"]}) == (
        "a:  # c\n  - z\n  - w\nb: 1\n"
    )


def test_a_new_key_stands_where_the_model_declares_it() -> None:
    text = "version: 1\nname: x\n# the runners\nrunners:\n  - name: one\n    tags: [a]\n"
    changed = set_values(text, {("id",): "0a0a0a0a", ("runners", 0, "scope"): {"group": "g"}})
    assert changed == (
        "version: 1\nid: 0a0a0a0a\nname: x\n# the runners\nrunners:\n"
        "  - name: one\n    scope:\n      group: g\n    tags: [a]\n"
    )


def test_a_new_section_is_made_for_a_deep_key() -> None:
    assert set_values("version: 1\n", {("delivery", "argocd", "namespace"): "gitops"}) == (
        "version: 1\ndelivery:\n  argocd:\n    namespace: gitops\n"
    )


def test_a_new_key_in_a_mapping_on_one_line_stays_on_it() -> None:
    assert set_values("a: {b: 1}\n", {("a", "c"): [1, 2]}) == "a: {b: 1, c: [1, 2]}\n"
    assert set_values("a: {}\n", {("a", "c"): 1}) == "a: {c: 1}\n"


def test_a_section_that_is_empty_is_filled() -> None:
    assert set_values("a:\nb: 1\n", {("a", "c"): 1}) == "a:\n  c: 1\nb: 1\n"


def test_a_runner_is_added_after_the_last_and_its_comments() -> None:
    text = "runners:\n  - name: one\n    tags: [a]  # mine\n\n# the rest\nname: x\n"
    assert set_values(text, {("runners", 1): {"name": "two", "scope": {"group": "g"}}}) == (
        "runners:\n  - name: one\n    tags: [a]  # mine\n"
        "  - name: two\n    scope:\n      group: g\n\n# the rest\nname: x\n"
    )


def test_one_word_for_a_section_becomes_a_mapping_only_when_it_must() -> None:
    assert set_values("builds: kaniko\n", {("builds", "strategy"): "none"}) == "builds: none\n"
    assert set_values("builds: kaniko\n", {("builds", "image"): "x:1"}) == (
        "builds:\n  strategy: kaniko\n  image: x:1\n"
    )


def test_an_alias_that_is_changed_leaves_its_anchor_alone() -> None:
    text = "a: &x {b: 1, c: 2}\nd: *x\n"
    assert set_values(text, {("d",): 3}) == "a: &x {b: 1, c: 2}\nd: 3\n"
    assert parse(set_values(text, {("d", "b"): 9}), "x").data == {
        "a": {"b": 1, "c": 2},
        "d": {"b": 9, "c": 2},
    }


def test_a_merged_value_is_overridden_where_it_is_used() -> None:
    text = "a: &x {b: 1}\nd:\n  <<: *x\n  e: 2\n"
    assert set_values(text, {("d", "b"): 9}) == "a: &x {b: 1}\nd:\n  <<: *x\n  e: 2\n  b: 9\n"


def test_an_anchor_that_others_use_is_not_changed_behind_their_backs() -> None:
    with pytest.raises(WizardError, match="without changing something else") as caught:
        set_values("a: &x 1\nb: *x\n", {("a",): 2})
    assert "a" in caught.value.problem
    assert caught.value.fix == "Change it by hand"


def test_an_anchor_that_nobody_uses_stays_where_it_is() -> None:
    assert set_values("a: &x 1\n", {("a",): 2}) == "a: &x 2\n"


@pytest.mark.parametrize(
    ("text", "key", "left"),
    [
        ("a: 1\nb: 2  # b\nc: 3\n", ("b",), "a: 1\nc: 3\n"),
        ("a: 1\nb:\n  c: 1\n  d: 2\n# e\ne: 3\n", ("b",), "a: 1\n# e\ne: 3\n"),
        ("a: 1\nb: {c: 1, d: 2}\n", ("b", "c"), "a: 1\nb: {d: 2}\n"),
        ("a: 1\nb: {c: 1, d: 2}\n", ("b", "d"), "a: 1\nb: {c: 1}\n"),
        ("a: 1\nb: {c: 1}\n", ("b", "c"), "a: 1\nb: {}\n"),
        ("a: 1\nb:\n  c: 1\n", ("b", "c"), "a: 1\nb: {}\n"),
        ("a:\n  - b: 1\n    c: 2\n", ("a", 0, "b"), "a:\n  - c: 2\n"),
        ("a:\n  - b: 1\n  - b: 2\n", ("a", 0), "a:\n  - b: 2\n"),
        ("a:\n  - b\n", ("a", 0), "a: []\n"),
        ("a: [b, c]\n", ("a", 1), "a: [b]\n"),
        ("a: 1\nb: 2", ("b",), "a: 1\n"),
        ("a: 1\n", ("b",), "a: 1\n"),
    ],
)
def test_what_is_deleted_takes_only_its_own_lines(text: str, key: Key, left: str) -> None:
    assert delete(text, key) == left


def test_an_edit_of_a_path_through_a_value_is_refused_in_words() -> None:
    with pytest.raises(WizardError, match=r"a\.b\.c cannot be changed"):
        set_values("a: {b: text}\n", {("a", "b", "c"): 1})


def test_a_value_with_a_line_break_is_written_on_one_line() -> None:
    assert set_values("a: x\n", {("a",): "b\nc"}) == 'a: "b\\nc"\n'


def test_plain_data_is_written_as_people_write_it() -> None:
    values = {
        "version": 1,
        "name": "no",
        "runners": [{"name": "one", "tags": ["a", "b"], "scope": {"project": "a/b"}}],
        "images": {},
    }
    text = "\n".join(lines(values)) + "\n"
    assert text == (
        'version: 1\nname: "no"\nrunners:\n  - name: one\n    tags: [a, b]\n'
        "    scope:\n      project: a/b\nimages: {}\n"
    )
    assert parse(text, "x").data == values
