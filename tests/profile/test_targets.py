"""Where a delivery goes: every table knows every target, and no code compares the name of one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wizard
from wizard.operations.delivery import DELIVERIES
from wizard.profile.delivery import Delivery
from wizard.profile.not_yet import unavailable
from wizard.profile.targets import TARGETS, TargetSpec, target_of

HOUSE = Path(wizard.__file__).parent
NAMES = set(TARGETS)


def test_each_target_that_can_be_chosen_is_delivered_and_the_others_are_refused():
    refused = set(unavailable("delivery.target"))
    assert set(DELIVERIES) == NAMES - refused
    assert refused < NAMES


def test_each_target_is_explained_where_it_is_chosen():
    extra = Delivery.model_fields["target"].json_schema_extra
    assert isinstance(extra, dict)
    assert extra["x-choices"] == {spec.name: spec.about for spec in TARGETS.values()}


@pytest.mark.parametrize("spec", TARGETS.values(), ids=list(TARGETS))
def test_each_target_is_found_by_its_own_name(spec: TargetSpec):
    assert Delivery.model_validate({"to": spec.name}).goes is spec
    assert target_of(spec.name) is spec


def test_a_draft_with_a_name_that_no_target_has_is_treated_as_the_default():
    assert target_of("nowhere").name == Delivery().target


@pytest.mark.parametrize("file", sorted(HOUSE.rglob("*.py")), ids=lambda file: file.name)
def test_no_code_compares_a_delivery_target_with_a_name(file: Path):
    """`directory` and `cluster` are words as well, so only comparisons with `to` and `target`."""
    compared = [
        f"{file.relative_to(HOUSE)}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Compare)
        and any(
            isinstance(one, ast.Constant) and one.value in NAMES
            for side in (node.left, *node.comparators)
            for one in ast.walk(side)
        )
        and any(word in ast.unparse(node) for word in ("delivery", "target", "_TO", "'to'"))
    ]
    assert compared == []
