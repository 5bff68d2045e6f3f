"""Making a profile of a set-up that somebody made by hand, and telling what is wrong with that."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wizard.core.findings import Finding
from wizard.core.problems import InvalidDocument, Key, Problem, Problems, key_path
from wizard.operations.importing.chart_findings import chart_findings, chart_table
from wizard.operations.importing.secrets_found import without_secrets
from wizard.operations.importing.setup import Setup, read_setup
from wizard.operations.importing.table_findings import runner_table_keys, table_findings
from wizard.operations.importing.translate import PLACEHOLDERS, placeholders, profile_data
from wizard.profile.edit import take
from wizard.profile.load import load_text
from wizard.profile.yaml_text import entry
from wizard.render import check
from wizard.render.catalogue import Catalogue

__all__ = ["Imported", "import_read", "import_setup"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile made of somebody's set-up."""

    name: str
    """The profile's name."""
    text: str
    findings: tuple[Finding, ...]
    """What is wrong with the set-up; the profile has none of it."""
    left: tuple[str, ...]
    """Sentences: what the profile could not take over."""
    source: str = ""
    """What it was made of."""
    asked: tuple[Key, ...] = ()
    """Keys of the profile that hold an example, since the set-up does not answer them."""


def import_setup(text: str, name: str, profile_id: str) -> Imported:
    """A profile of the set-up in a file, and every finding about that.

    Args:
        text: what the file holds.
        name: its name, for evidence; one that ends in .toml is TOML.
        profile_id: the new profile's id.
    Raises: UsageError, when it is no set-up of a runner; InvalidDocument, when it is broken YAML.
    """
    return import_read(read_setup(text, name), profile_id)


def import_read(setup: Setup, profile_id: str) -> Imported:
    """The same of a set-up that has been read."""
    findings = [*setup.found, *chart_findings(setup), *table_findings(setup)]
    clean, secret = without_secrets(_without_ignored(setup))
    data, beside = profile_data(clean, profile_id)
    left = [f"{key_path(key)}: a profile has no place for it" for key in beside]
    left += [f"{key_path(problem.key)}: {problem.message}" for problem in _settled(data)]
    return Imported(
        str(data["name"]),
        _written(data, setup.name),
        (*findings, *secret),
        tuple(left),
        setup.name,
        tuple(placeholders(data)),
    )


def _without_ignored(setup: Setup) -> Setup:
    """The set-up without the keys that nobody read: their findings say that they are left out."""
    values, tables = copy.deepcopy(dict(setup.values)), copy.deepcopy(list(setup.tables))
    _drop(values, chart_table(setup), "")
    for table in tables:
        _drop(table, runner_table_keys(setup), "runners")
    config = {**setup.config, "runners": tables} if setup.config else {}
    return replace(setup, values=values, config=config)


def _drop(data: Any, keys: Catalogue, below: str) -> None:
    for complaint in reversed(list(keys.complaints(data, below))):
        take(data, complaint.path)


def _settled(data: dict[str, Any]) -> list[Problem]:
    """Take out of the profile's data what its rules refuse; what they said of each."""
    refused: list[Problem] = []
    while problems := _errors(data):
        for problem in problems.errors:
            if key := _there(data, problem.key):
                take(data, key)
                refused.append(replace(problem, key=key))
                break
        else:
            raise InvalidDocument(problems)
    return refused


def _errors(data: Mapping[str, Any]) -> Problems | None:
    try:
        load_text(json.dumps(data, ensure_ascii=False), Path("profile")).check(check)
    except InvalidDocument as error:
        return error.problems
    return None


def _there(data: Any, key: Key) -> Key:
    """The part of a key that is written in the data; empty where nothing of it may go."""
    for length, part in enumerate(key):
        try:
            data = data[part]
        except (LookupError, TypeError):
            key = key[:length]
            break
    return key if len(key) > (2 if key[:1] == ("runners",) else 1) else ()


def _written(data: Mapping[str, Any], name: str) -> str:
    lines = [
        f"# Made of {name} by runner-wizard. What was wrong there is not in here.",
        "# docs/profile-reference.md explains every key; what is left out has a sensible default.",
    ]
    for key, value in data.items():
        lines += ["", *entry(key, value)] if key not in {"id", "name"} else entry(key, value)
    return "\n".join(_with_comments(lines)) + "\n"


def _with_comments(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        if comment := PLACEHOLDERS.get(line.strip()):
            found.append(f"{' ' * (len(line) - len(line.lstrip()))}# {comment}")
        found.append(line)
    return found
