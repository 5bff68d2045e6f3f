"""Every error says what is wrong, why, and the way out; every way out is written the same way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

WIZARD = Path(__file__).parents[1] / "wizard"
PARTS = ("problem", "cause", "fix")
FINDING_PARTS = ("problem", "evidence", "cause", "fix")
OWN_PARTS = {"InvalidDocumentError"}
"""Made of something else: of problems, each with a fix of its own."""


@dataclass(frozen=True)
class Made:
    """An error or a finding where it is made, with its parts as expressions."""

    place: str
    kind: str
    parts: dict[str, ast.expr]

    def said(self, part: str) -> list[str]:
        """What the part says wherever that can be read; a value is shown as `{}`."""
        return [_text(one) for one in _branches(self.parts.get(part))]


@cache
def _trees() -> dict[str, ast.Module]:
    files = sorted(WIZARD.rglob("*.py"))
    return {str(one.relative_to(WIZARD)): ast.parse(one.read_text()) for one in files}


@cache
def _errors() -> frozenset[str]:
    """`WizardError` and all that come of it, but for those with arguments of their own."""
    bases = {
        node.name: {_name(base) for base in node.bases}
        for tree in _trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    own = {
        node.name
        for tree in _trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and _takes_others(node)
    }
    found = {"WizardError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return frozenset(found - own)


def _takes_others(node: ast.ClassDef) -> bool:
    inits = [one for one in node.body if isinstance(one, ast.FunctionDef)]
    args = [one.args.args for one in inits if one.name == "__init__"]
    return any([arg.arg for arg in found[1:4]] != list(PARTS) for found in args)


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _branches(node: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        yield from _branches(node.body)
        yield from _branches(node.orelse)
    elif node is not None:
        yield node


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
        case ast.BinOp(left=left, right=right):
            return _text(left) + _text(right)
    return "{}"


def _made(kinds: frozenset[str], parts: tuple[str, ...]) -> list[Made]:
    return [
        Made(
            f"{file}:{node.lineno}",
            name,
            dict(zip(parts, node.args, strict=False))
            | {one.arg: one.value for one in node.keywords if one.arg},
        )
        for file, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (name := _name(node.func)) in kinds
        and not (isinstance(node.func, ast.Attribute) and _name(node.func.value) == "click")
    ]


ERRORS = _made(_errors(), PARTS) + [
    Made(f"{file}:{node.lineno}", "super()", dict(zip(PARTS, node.args, strict=False)))
    for file, tree in _trees().items()
    for klass in ast.walk(tree)
    if isinstance(klass, ast.ClassDef)
    and klass.name.endswith("Error")
    and klass.name not in OWN_PARTS
    for node in ast.walk(klass)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__" and node.args[1:]
]
FINDINGS = _made(frozenset({"Finding"}), FINDING_PARTS)


def test_the_errors_of_the_wizard_are_found() -> None:
    assert len(ERRORS) > 200
    assert len(FINDINGS) > 40


@pytest.mark.parametrize("part", PARTS)
def test_an_error_says_what_is_wrong_and_why_and_the_way_out(part: str) -> None:
    lacking = [f"{one.place} {one.kind}" for one in ERRORS if not any(one.said(part))]

    assert not lacking, f"errors without a {part}: {lacking}"


def test_a_problem_is_a_sentence() -> None:
    wrong = [
        f"{one.place}: {said}"
        for one in ERRORS
        for said in one.said("problem")
        if not said.endswith((".", "?", "}")) or said[0].islower()
    ]

    assert not wrong


def test_a_way_out_is_an_instruction() -> None:
    """It begins with a capital, follows the word `fix:`, and so ends without a full stop."""
    wrong = [
        f"{one.place}: {said}"
        for one in (*ERRORS, *FINDINGS)
        for said in one.said("fix")
        if said and (said[0].islower() or said.endswith(".") or said.startswith(_NO_INSTRUCTION))
    ]

    assert not wrong


_NO_INSTRUCTION = ("There ", "It ", "This ", "Nothing ", "On a ", "No ", "You ", "Without ")
