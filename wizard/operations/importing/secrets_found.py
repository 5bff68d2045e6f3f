"""Secrets in a hand-made set-up: told, and never taken into a profile."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from wizard.core.findings import Finding
from wizard.core.problems import Key, key_path
from wizard.core.secrets import redact
from wizard.operations.importing.setup import Setup
from wizard.profile.edit import take

# `secretKey` is how an ExternalSecret names a key; `SecretKey` and `secret_key` hold one.
_NAME = re.compile(
    r"(?:(?i:token|password|passwd|access_?key|account_?key|private_?key)|SecretKey|secret_key)$"
)


def without_secrets(setup: Setup) -> tuple[Setup, list[Finding]]:
    """The set-up with every secret taken out, and a finding for each.

    The runner's own tokens have findings of their own.
    """
    values, config = copy.deepcopy(dict(setup.values)), copy.deepcopy(dict(setup.config))
    found = [
        _finding(key_path(key), setup.at(*key))
        for key in _taken(values)
        if key not in {("runnerToken",), ("runnerRegistrationToken",)}
    ]
    for key in _taken(config):
        if key[:1] != ("runners",):
            found.append(_finding(key_path(key), setup.name))
        elif len(key) > 3 or key[-1] != "token":
            place = setup.in_table(int(key[1]), *(str(part) for part in key[2:]))
            found.append(_finding(key_path(key), place))
    return replace(setup, values=values, config=config), found


def _taken(data: dict[str, Any]) -> list[Key]:
    keys = list(_secrets(data, ()))
    for key in reversed(keys):  # from behind, so that places in lists stay what they were
        take(data, key)
    return keys


def _secrets(value: Any, above: Key) -> Iterator[Key]:
    if isinstance(value, Mapping):
        by_name = isinstance(value.get("name"), str) and _NAME.search(value["name"])
        for name, inner in value.items():
            named = (by_name and name == "value") or _NAME.search(str(name))
            if isinstance(inner, str) and _is_secret(inner, named=bool(named)):
                yield (*above, name)
            else:
                yield from _secrets(inner, (*above, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            name, _, text = inner.partition("=") if isinstance(inner, str) else ("", "", "")
            if _is_secret(text, named=bool(_NAME.search(name))):
                yield (*above, index)
            else:
                yield from _secrets(inner, (*above, index))


def _is_secret(text: str, *, named: bool) -> bool:
    """Whether text is a secret by its name or its shape, and not a reference to one."""
    one_line = "\n" not in text  # config.toml among the values is looked at as data
    return bool(text) and one_line and ((named and text[0] != "$") or redact(text) != text)


def _finding(name: str, evidence: str) -> Finding:
    return Finding(
        f"{name} holds a secret",
        evidence,
        "whoever reads the file has it",
        "it was not copied: bring it in through a Secret, and change it if the file was in Git",
    )
