"""A secret backend is declared once; every table that depends on one has all of them."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

import wizard
from wizard.operations.discovery import stores
from wizard.profile.backends import BACKENDS
from wizard.profile.backends.spec import BackendName, BackendSpec
from wizard.profile.fields import declared
from wizard.profile.secrets import Secrets
from wizard.render.secrets import providers

THROUGH_STORE = {name for name, spec in BACKENDS.items() if spec.through == "store"}
MADE_BY_US = {name for name, spec in BACKENDS.items() if spec.provider}


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (get_args(BackendName), set(BACKENDS)),
        (declared(("secrets", "backend")).choices, set(BACKENDS)),
        (providers._KEYS, THROUGH_STORE),
        (providers._PROVIDERS, MADE_BY_US),
        (providers._ANNOTATIONS, MADE_BY_US),
        (stores._WRITERS.values(), MADE_BY_US),
    ],
    ids=["names", "choices", "remote keys", "providers", "reader accounts", "stores"],
)
def test_every_table_keyed_by_a_backend_has_all_of_them(table: object, names: set[str]):
    assert sorted(table) == sorted(names)


@pytest.mark.parametrize("spec", BACKENDS.values(), ids=list(BACKENDS))
def test_a_backend_has_a_client_a_section_and_words_for_the_screens(spec: BackendSpec):
    assert callable(import_module(f"wizard.systems.backends.{spec.client}").build)
    assert (spec.key in Secrets.model_fields) == (spec.section is not None)
    assert spec.about
    assert spec.needs
    assert spec.operator or spec.through != "store"


@pytest.mark.parametrize("spec", BACKENDS.values(), ids=list(BACKENDS))
def test_what_is_declared_by_login_and_reader_are_choices_of_the_section(spec: BackendSpec):
    fields = spec.section.model_fields if spec.section else {}
    logins = get_args(fields["login"].annotation) if "login" in fields else ("",)
    readers = get_args(fields["reader"].annotation) if "reader" in fields else ()
    assert not spec.sign_in or set(spec.sign_in) == set(logins)
    assert set(spec.readers) <= set(readers)


def test_a_backend_is_compared_by_name_nowhere_else():
    """A comparison with a backend's name is a table of backends that no test looks at."""
    found = [
        f"{file}:{node.lineno}: {ast.unparse(node)}"
        for file in Path(wizard.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Compare) and _about_a_backend(node)
    ]
    assert found == []


def _about_a_backend(node: ast.Compare) -> bool:
    words = {inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant)}
    named = {getattr(inner, "attr", getattr(inner, "id", "")) for inner in ast.walk(node)}
    return bool(words & set(BACKENDS)) and "backend" in {name.strip("_") for name in named}
