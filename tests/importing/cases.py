"""Reading small set-ups in tests, and asking what came of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from wizard.importing import Imported, Text, import_setup, import_texts
from wizard.importing.placeholders import FILL_IN
from wizard.profile.load import load_text
from wizard.profile.model import Profile
from wizard.render import check

ID = "0badcafe"
URL = "https://gitlab.example.com"


def read(text: str, name: str = "values.yaml") -> Imported:
    return _held(import_setup(dedent(text), name, ID))


def read_all(**files: str) -> Imported:
    """Several files; in a name, `__` is a dot and `___` a slash."""
    given = [
        Text(name.replace("___", "/").replace("__", "."), dedent(text))
        for name, text in files.items()
    ]
    return _held(import_texts(given, ID))


_VERBS = (
    *(
        "Add",
        "Bring",
        "Change",
        "Check",
        "Choose",
        "Compare",
        "Copy",
        "Delete",
        "Do",
        "Give",
        "Import",
    ),
    *(
        "Keep",
        "Lower",
        "Look",
        "Make",
        "Mend",
        "Nothing to do",
        "Point",
        "Provide",
        "Put",
        "Raise",
        "Read",
        "Remove",
    ),
    *("Render", "Revoke", "See", "Use", "Write", "Name"),
)


def _held(imported: Imported) -> Imported:
    """What a test has read, where every finding has its place, its reason and what to do."""
    for finding in imported.findings:
        assert ", line " in finding.evidence or ": its namespace" in finding.evidence, finding
        assert finding.cause, finding
        of_rules = "could not be carried over" in finding.problem  # says what the rule says
        assert of_rules or finding.fix.startswith(_VERBS), finding
        assert not finding.fix.endswith("."), finding
    for row in imported.rows:
        assert row.words, row
    return imported


def data(imported: Imported) -> dict[str, Any]:
    return dict(yaml.safe_load(imported.text))


def runner(imported: Imported, index: int = 0) -> dict[str, Any]:
    return dict(data(imported)["runners"][index])


def profile(imported: Imported) -> Profile:
    """The profile, with what is to be filled in filled in, and held against every rule."""
    text = imported.text.replace(f"url: {FILL_IN}", f"url: {URL}/acme/gitops.git")
    loaded = load_text(text, Path("profile.yaml"))
    loaded.check(check)
    return loaded.profile


def symptoms(imported: Imported) -> list[str]:
    return [finding.problem for finding in imported.findings]


def told(imported: Imported, words: str) -> str:
    """The one finding whose symptom has these words, whole."""
    found = [one for one in imported.findings if words in one.problem]
    assert len(found) == 1, f"{words!r}: {symptoms(imported)}"
    one = found[0]
    return f"{one.rank}: {one.problem}\n{one.evidence}\n{one.cause}\n{one.fix}"


def toml(body: str) -> str:
    """Values of the chart with a `[runners.kubernetes]` table."""
    lines = "\n".join(f"        {line}" for line in dedent(body).strip().splitlines())
    return (
        f"gitlabUrl: {URL}\nconcurrent: 4\nrbac: {{create: true}}\nrunners:\n"
        "  secret: runner-token\n  config: |\n    [[runners]]\n      [runners.kubernetes]\n"
        f"{lines}\n"
    )
