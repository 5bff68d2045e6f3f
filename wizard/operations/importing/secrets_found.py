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

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_SECRET_WORDS = {
    *("token", "password", "passwd", "pass", "pwd", "passphrase", "secret", "credential"),
    *("credentials", "pat", "auth", "apikey", "cookie", "pgpassword"),
}
_SECRET_KEYS = {
    *("access", "account", "private", "secret", "api", "ssh", "deploy", "signing", "encryption"),
}
_NO_SECRETS = {"secretKey", "runners.secret"}
"""How an ExternalSecret names a key, and where the chart names the Secret of the token."""
_LEFT_ALONE = {"runners.config", "runners.configOverride", "sentryDsn", "sentry_dsn"}
"""config.toml among the values is looked at as data; what Sentry calls a DSN is no secret."""
_PAIR = re.compile(r"""([A-Za-z_][\w.-]*)["']?\s*[:=]\s*["']?([^\s"'$,;{}\[\]()<>]{4,})""")
_OPTION = re.compile(
    r"""(?:\slogin\b[^\n]*\s-p|\s--?(?:password|token|creds|secret))[ =]["']?[^\s"'$-]"""
)
_SIGNED_IN = re.compile(r"://(?!git@)[^\s/@]+@")
_A_SECRET_OBJECT = re.compile(r"""(?m)^\s*["']?kind["']?:\s*["']?Secret\b""")


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
    if _is_secret(str(setup.repository.get("url", "")), named=False):
        found.append(_finding("the address of the Git repository", f"{setup.name}: repoURL"))
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
        if value.get("kind") == "Secret":
            yield above
            return
        named = value.get("name") if isinstance(value.get("name"), str) else ""
        for key, inner in value.items():
            name = named if named and key == "value" else str(key)
            yield from _of_one(inner, (*above, key), name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            name, _, text = inner.partition("=") if isinstance(inner, str) else ("", "", inner)
            yield from _of_one(text or inner, (*above, index), name if text else "")


def _of_one(value: Any, key: Key, name: str) -> Iterator[Key]:
    if not isinstance(value, str):
        yield from _secrets(value, key)
    elif key_path(key) not in _LEFT_ALONE and _is_secret(value, named=_names_one(name, key)):
        yield key


def _names_one(name: str, key: Key = ()) -> bool:
    """Whether a key or variable is called as secrets are: API_TOKEN, dbPassword, SecretKey."""
    if _NO_SECRETS & {name, key_path(key)}:
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    last = words[-1] if words else ""
    if last in {"key", "config"} and len(words) > 1:
        return words[-2] in (_SECRET_KEYS if last == "key" else _SECRET_WORDS)
    return last in _SECRET_WORDS


def _is_secret(text: str, *, named: bool) -> bool:
    """Whether text is a secret by its name or its shape, or holds one; not a reference to one."""
    if not text:
        return False
    if (named and text[0] != "$") or redact(text) != text or _SIGNED_IN.search(text):
        return True
    if _A_SECRET_OBJECT.search(text) or _OPTION.search(text):
        return True
    return any(_names_one(found[1]) for found in _PAIR.finditer(text))


def _finding(name: str, evidence: str) -> Finding:
    return Finding(
        f"{name} holds a secret",
        evidence,
        "whoever reads the file has it",
        "it was not copied: bring it in through a Secret, and change it if the file was in Git",
    )
