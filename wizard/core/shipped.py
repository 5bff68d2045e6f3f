"""Where the files that travel with the program are: presets and assets."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


@cache
def _root() -> Path:
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent
    # In a wheel both folders travel inside the package; in a checkout they stand beside it.
    return checkout if (checkout / "pyproject.toml").is_file() else package / "shipped"


def profiles() -> Path:
    """The folder of presets."""
    return _root() / "profiles"


def asset(name: str) -> Path:
    """A file of `assets/`, by its path below that folder."""
    return _root() / "assets" / name


@cache
def operator_fields() -> dict[str, str]:
    """Fields of External Secrets that came later than its API: name to the version that has it."""
    text = asset("external-secrets-fields.json").read_text("utf-8")
    since: dict[str, str] = json.loads(text)["since"]
    return since
