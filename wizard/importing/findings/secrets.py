"""Secrets in a hand-made set-up: told, and never taken into a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.core.problems import Key, key_path
from wizard.core.secret_shapes import secret_keys
from wizard.importing.release import Release
from wizard.importing.texts.templates import MARK
from wizard.importing.view import View, found_at


def leave_secrets(release: Release) -> None:
    """Leave every secret out of the values, config.toml's own keys and the tables; tell each."""
    _leave(release, release.values, {"runnerToken", "runnerRegistrationToken"})
    _leave(release, release.top, set())
    for table in release.tables:
        _leave(release, table, {"token"})


def _leave(release: Release, view: View, told_elsewhere: set[str]) -> None:
    for key in secret_keys(view.data):
        value = found_at(view.data, key)
        not_filled_in = isinstance(value, str) and value.startswith(MARK)
        if key_path(key) in told_elsewhere or view.claimed(key) or not_filled_in:
            continue
        at, name = view.at(*key), _name_of(view.data, key)
        entry = key[:-1] if key[-1] == "value" and "name" in _around(view.data, key) else key
        view.leave(*entry, why="a secret is never copied", told=True)
        release.report.opens(
            f"{name} holds a secret",
            at,
            "everyone who can read the file has it",
            "Provide it through a Secret, and change it if the file was in Git: it was not copied",
        )


def _name_of(data: Any, key: Key) -> str:
    """What people call it: its key, and the variable that it is the value of."""
    around, value = _around(data, key), found_at(data, key)
    variable = around.get("name") if key[-1] == "value" else None
    if isinstance(key[-1], int) and isinstance(value, str) and "=" in value:
        variable = value.partition("=")[0]
    if isinstance(variable, str) and re.fullmatch(r"[A-Za-z_]\w{0,60}", variable):
        return f"the variable {variable}"
    return key_path(key)


def _around(data: Any, key: Key) -> Mapping[str, Any]:
    value = found_at(data, key[:-1])
    return value if isinstance(value, Mapping) else {}
