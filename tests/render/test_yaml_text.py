from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wizard.render.yaml_text import to_documents, to_yaml

_TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
_SCALARS = st.none() | st.booleans() | st.integers() | _TEXT
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(_TEXT, _TREES, max_size=5))
def test_what_is_written_reads_back(document: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(document)) == document


@pytest.mark.parametrize(
    "word",
    ["1", "1h", "0x1F", "1e3", "0o7", "yes", "No", "ON", "y", "n", "~", "null", "", "-", "."],
)
def test_a_word_that_looks_like_something_else_is_quoted(word: str) -> None:
    assert to_yaml({"key": word}) == f'key: "{word}"\n'


def test_keys_keep_their_order_and_text_its_lines() -> None:
    text = to_yaml({"kind": "B", "apiVersion": "a", "data": {"config": "one\n  two\n"}})
    assert text == "kind: B\napiVersion: a\ndata:\n  config: |\n    one\n      two\n"


def test_a_shared_value_is_written_out_each_time() -> None:
    shared = {"a": ["b"]}
    assert "&" not in to_yaml({"one": shared, "two": shared})


def test_documents_are_parted() -> None:
    text = to_documents([{"a": 1}, {"b": 2}])
    assert text == "a: 1\n---\nb: 2\n"
