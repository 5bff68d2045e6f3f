"""Messages, help and docs use the words of docs/style.md; what no user reads is not judged."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name != "style.md"),
]
MODULES = sorted((ROOT / "wizard").rglob("*.py"))
KNOWLEDGE = sorted((ROOT / "assets" / "doctor").glob("*.yaml"))
DIALECT = re.compile(
    r"""\b(?: a\ no\ of | anew | anybody | somebody | nobody | whoever | nudg\w+ | wish(?:es)?
    | stands?\ (?:in|there|beside|against) | told\ at\ once | (?:is|are)\ no\ (?:YAML|key\b)
    | tak(?:e|es|en|ing)\ away | (?:spaces|digits|keys)\ alone | put\ (?:that|it)\ right )\b""",
    re.IGNORECASE | re.VERBOSE,
)


def test_the_words_to_avoid_are_recognised():
    for sentence in ("There is nobody to ask.", "It stands in the file", "made anew", "A no of it"):
        assert DIALECT.search(sentence), sentence
    for sentence in ("a standalone runner", "no one to ask", "stand-in", "Renew it"):
        assert not DIALECT.search(sentence), sentence


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_of_the_documentation_is_in_plain_english(page: Path):
    lines = enumerate(page.read_text().splitlines(), 1)
    assert [f"{number}: {line}" for number, line in lines if DIALECT.search(line)] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_what_a_module_says_to_people_is_in_plain_english(module: Path):
    said = [f"{line}: {text}" for line, text in _messages(module) if DIALECT.search(text)]
    assert said == []


@pytest.mark.parametrize("file", KNOWLEDGE, ids=lambda file: file.stem)
def test_a_known_failure_is_explained_in_plain_english(file: Path):
    explained = re.findall(r"^(?:problem|cause|fix|evidence): .*", file.read_text(), re.MULTILINE)
    assert [line for line in explained if DIALECT.search(line)] == []


def _messages(module: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that are sentences or parts of one, and no docstrings."""
    tree = ast.parse(module.read_text())
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        text = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and " " in text and id(node) not in docstrings:
            yield node.lineno, text
