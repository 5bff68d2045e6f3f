"""A build strategy is declared once; every table that depends on one has all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

import wizard
from wizard.core.shipped import asset
from wizard.operations.preview import strategies as compared
from wizard.profile.fields import declared
from wizard.profile.strategies import STRATEGIES, Strategy
from wizard.render.runner import builds

HOUSE = Path(wizard.__file__).parent
WORDS = set(STRATEGIES) - {"none"}
"""`none` is what other fields may be, too."""


@pytest.mark.parametrize(
    "table",
    [
        get_args(Strategy),
        declared(("runners", 0, "builds", "strategy")).choices,
        builds.STRATEGIES,
        compared.TRAITS,
    ],
    ids=["names", "choices", "rendered", "compared"],
)
def test_every_table_keyed_by_a_strategy_has_all_of_them_in_one_order(table: Iterable[str]):
    assert list(table) == list(STRATEGIES)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_has_a_pipeline_and_a_builder_where_it_builds(name: Strategy):
    spec, rendered = STRATEGIES[name], builds.STRATEGIES[name]
    assert asset(f"pipelines/{rendered.pipeline}").is_file()
    assert bool(rendered.builder) == spec.builds_here
    assert bool(rendered.service) == spec.has_daemon


def test_a_strategy_is_compared_by_name_only_where_old_setups_are_read():
    """What an import recognises has no spec yet; everywhere else the spec decides."""
    found = {
        str(file.relative_to(HOUSE))
        for file in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Compare) and _names_one(node)
    }
    assert {name for name in found if not name.startswith("importing/")} == set()


def _names_one(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    constants = (one for side in sides for one in ast.walk(side) if isinstance(one, ast.Constant))
    return any(one.value in WORDS for one in constants if isinstance(one.value, str))
