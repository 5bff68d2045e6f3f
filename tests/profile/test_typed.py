"""Keys and values as people type them."""

from __future__ import annotations

from typing import Any

import pytest

from wizard.core.problems import Key
from wizard.profile.fields import declared
from wizard.profile.typed import format_value, key_of, parse_value


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("secrets.backend", ("secrets", "backend")),
        ("runners[1].tags", ("runners", 1, "tags")),
        ("tags", ("runners", 0, "tags")),
        ("jobs.memory.limit", ("runners", 0, "jobs", "memory", "limit")),
        ("name", ("name",)),
        ("tgas", None),
        ("runners[0]", None),
        ("", None),
        ("a b", None),
    ],
)
def test_a_key_is_written_as_the_documentation_does_or_for_short(text: str, key: Key | None):
    assert key_of(text) == key


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        (("runners", 0, "tags"), ["a", "b"], "a, b"),
        (("runners", 0, "maximum_timeout"), 3600, "1h"),
        (("runners", 0, "protected"), True, "yes"),
        (("runners", 0, "jobs", "concurrent"), 4, "4"),
        (("runners", 0, "description"), None, ""),
    ],
)
def test_a_value_is_shown_as_it_may_be_typed(key: Key, value: Any, text: str):
    info = declared(key)
    assert format_value(value, info) == text
    if key[-1] != "maximum_timeout":  # the model reads `1h`
        assert parse_value(text, info) == value


def test_what_is_no_answer_is_left_to_the_model_to_refuse():
    assert parse_value("perhaps", declared(("runners", 0, "protected"))) == "perhaps"
    assert parse_value("many", declared(("runners", 0, "jobs", "concurrent"))) == "many"
