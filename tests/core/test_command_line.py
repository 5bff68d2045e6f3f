"""A command that is printed is one that can be pasted, however the wizard was started."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import wizard
from wizard.cli.commands import runner_wizard

HOUSE = Path(wizard.__file__).parent
NO_COMMANDS = {
    "cli/__init__.py",
    "render/ownership.py",
    "render/packagings/folders.py",
    "render/packagings/helm.py",
    "systems/backends/encrypted_files.py",
}
"""The version; and text of files that others read too, on whose machines it starts otherwise."""


def test_no_message_spells_a_command_that_may_not_be_on_the_path():
    """`core.command_line.command` begins with the program that was started."""
    spelt = re.compile(rf"runner-wizard (?:(?:{'|'.join(runner_wizard.commands)})\b|--|$)")
    found = {
        f"{file}:{line}: {text}"
        for file, line, text in _texts()
        if spelt.search(text) and file not in NO_COMMANDS
    }
    assert found == set()


def _texts() -> Iterator[tuple[str, int, str]]:
    """Every piece of text of the program that is no docstring."""
    for file in HOUSE.rglob("*.py"):
        tree = ast.parse(file.read_text())
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and id(node) not in prose:
                yield file.relative_to(HOUSE).as_posix(), node.lineno, text
