"""A packaging is declared once; every table that depends on one has all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

import wizard
from wizard.operations.delivery import arrival
from wizard.profile.delivery import Delivery
from wizard.profile.fields import declared
from wizard.profile.not_yet import unavailable
from wizard.profile.packagings import PACKAGINGS, any_of
from wizard.profile.packagings.spec import PackagingName, PackagingSpec
from wizard.render import packagings as rendered
from wizard.systems.kubernetes import discover

BUILT = {name for name, spec in PACKAGINGS.items() if spec.is_built}
HOUSE = Path(wizard.__file__).parent


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (get_args(PackagingName), set(PACKAGINGS)),
        (declared(("delivery", "as")).choices, set(PACKAGINGS)),
        (unavailable("delivery.packaging"), set(PACKAGINGS) - BUILT),
        (rendered.PACKAGINGS, BUILT),
        (arrival._ARRIVALS, BUILT),
    ],
    ids=["names", "choices", "not built yet", "rendered", "arrivals"],
)
def test_every_table_keyed_by_a_packaging_has_all_of_them(table: Iterable[str], names: set[str]):
    assert sorted(table) == sorted(names)


@pytest.mark.parametrize("spec", PACKAGINGS.values(), ids=list(PACKAGINGS))
def test_a_packaging_has_words_for_the_screens_and_the_fields_that_they_show(spec: PackagingSpec):
    assert spec.title
    assert spec.about
    section = Delivery.model_fields.get(spec.name)
    fields = section.annotation.model_fields if section else {}
    assert set(spec.settings) == set(fields)


@pytest.mark.parametrize("spec", PACKAGINGS.values(), ids=list(PACKAGINGS))
def test_what_reads_git_by_itself_is_found_on_a_cluster_and_never_applied_beside(
    spec: PackagingSpec,
):
    if spec.operator:
        assert spec.operator.name in discover._OPERATORS.values()
        assert spec.not_applied


def test_the_packagings_are_offered_in_one_order():
    assert any_of() == "manifests, helm, argocd or flux"
    assert any_of(uses_chart=True) == "helm, argocd or flux"


def test_a_packaging_is_compared_by_name_nowhere():
    """A comparison with a packaging's name is a table of packagings that no test looks at."""
    assert [where for node, where in _house() if _compares_a_packaging(node)] == []


def test_packagings_are_listed_only_in_the_tables_that_are_looked_at():
    listed = [where for node, where in _house() if len(_listed(node)) > 1]
    files = {where.partition(":")[0] for where in listed}
    assert files == {"operations/delivery/arrival.py", "profile/packagings/spec.py"}


def _house() -> Iterable[tuple[ast.AST, str]]:
    for file in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.expr | ast.pattern):
                where = f"{file.relative_to(HOUSE)}:{node.lineno}"
                yield node, f"{where}: {ast.unparse(node)}"


def _compares_a_packaging(node: ast.AST) -> bool:
    if isinstance(node, ast.MatchValue):
        return bool(_words([node.value]))
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    return bool(_words(sides) or any(map(_listed, sides)))


def _listed(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Dict):
        return _words(key for key in node.keys if key)
    return _words(node.elts) if isinstance(node, ast.Set | ast.List | ast.Tuple) else set()


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    found = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return {word for word in found if word in PACKAGINGS}
