"""Secrets in a hand-made set-up: told, and never taken into a profile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key, key_path
from wizard.core.secrets import redact
from wizard.importing.release import Release
from wizard.importing.texts.templates import MARK
from wizard.importing.view import View, found_at

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_SECRET_WORDS = {
    *("token", "password", "passwd", "pass", "pwd", "passphrase", "secret", "credential"),
    *("credentials", "pat", "auth", "apikey", "cookie", "pgpassword"),
}
_SECRET_KEYS = {
    *("access", "account", "private", "secret", "api", "ssh", "deploy", "signing", "encryption"),
    *("artifactory", "license", "licence", "sonar", "master", "storage", "sas"),
}
_MAY_BE_SECRET = {"login", "key", "user", "sid", "dsn", "webhook", "hook", "cert"}
"""Words that say nothing by themselves: there the value decides."""
_NO_SECRETS = {"secretKey", "runners.secret", "certsSecretName"}
"""How an ExternalSecret names a key, and where the chart names Secrets."""
_LEFT_ALONE = {"runners.config", "runners.configOverride", "sentryDsn", "sentry_dsn"}
"""config.toml among the values is looked at as data; what Sentry calls a DSN is no secret."""
_PAIR = re.compile(
    r"""([A-Za-z_][\w.-]{0,80})["']?\s{0,4}[:=]\s{0,4}["']?([^\s"'$,;{}\[\]()<>]{4,})"""
)
_OPTION = re.compile(
    r"""(?:\slogin\b[^\n]{0,300}?\s-p|\s--?(?:password|token|creds|secret))[ =]["']?[^\s"'$-]"""
)
_SIGNED_IN = re.compile(r"://(?!git@)[^\s/@]{1,300}@")
_A_SECRET_OBJECT = re.compile(r"""(?m)^[ \t]*["']?kind["']?:[ \t]*["']?Secret\b""")
# Tokens of services that jobs use: GitHub, Docker, npm, SonarQube, PyPI, Slack, Artifactory,
# Google, Stripe, SendGrid, DigitalOcean, Hugging Face, Azure storage, Doppler, Terraform; private
# keys.
_SHAPES = re.compile(
    r"""\b(?:
      gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,}
    | dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,} | npm_[A-Za-z0-9]{20,} | sq[upa]_[0-9a-f]{30,}
    | pypi-[A-Za-z0-9_-]{16,} | xox[abeoprs]-[A-Za-z0-9-]{10,} | xapp-[A-Za-z0-9-]{10,}
    | AKC[a-z0-9][A-Za-z0-9]{10,} | cmVmdGtu[A-Za-z0-9]{20,} | AIza[A-Za-z0-9_-]{30,}
    | [sr]k_(?:live|test)_[A-Za-z0-9]{16,} | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
    | do[opr]_v1_[0-9a-f]{40,} | hf_[A-Za-z0-9]{30,} | dp\.(?:pt|st|ct)\.[A-Za-z0-9]{30,}
    | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,} | shpat_[0-9a-f]{32} | glsa_[A-Za-z0-9_]{30,}
    | ya29\.[A-Za-z0-9_-]{20,} | NRAK-[A-Z0-9]{20,} | rubygems_[0-9a-f]{40,}
    )|-----BEGIN[A-Z ]{0,30}PRIVATE\ KEY-----|AccountKey=[A-Za-z0-9+/=]{20,}
    """,
    re.VERBOSE,
)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{20,}")


def leave_secrets(release: Release) -> None:
    """Leave every secret out of the values, config.toml's own keys and the tables; tell each."""
    _leave(release, release.values, {"runnerToken", "runnerRegistrationToken"})
    _leave(release, release.top, set())
    for table in release.tables:
        _leave(release, table, {"token"})


def _leave(release: Release, view: View, told_elsewhere: set[str]) -> None:
    for key in secret_keys(view.data):
        if key_path(key) in told_elsewhere or view.claimed(key):
            continue
        at, name = view.at(*key), _name_of(view.data, key)
        entry = key[:-1] if key[-1] == "value" and "name" in _around(view.data, key) else key
        view.leave(*entry, why="a secret is never copied", told=True)
        release.report.opens(
            f"{name} holds a secret",
            at,
            "whoever reads the file has it",
            "It was not copied: bring it in through a Secret, and change it if the file was in Git",
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


def secret_keys(value: Any, above: Key = ()) -> Iterator[Key]:
    """Where in plain data secrets are, by their names and their shapes."""
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
        yield from secret_keys(value, key)
    elif key_path(key) not in _LEFT_ALONE and is_secret(value, name, key):
        yield key


def is_secret(text: str, name: str = "", key: Key = ()) -> bool:
    """Whether text is a secret by its name or its shape, or holds one; not a reference to one."""
    if not text or text.startswith(MARK):
        return False
    if text[0] != "$" and _names_one(name, key):
        return True
    if _may_be(name) and _looks_random(text):
        return True
    if redact(text) != text or _SHAPES.search(text) or _SIGNED_IN.search(text):
        return True
    if _A_SECRET_OBJECT.search(text) or _OPTION.search(text):
        return True
    return any(_names_one(found[1]) for found in _PAIR.finditer(text))


def _names_one(name: str, key: Key = ()) -> bool:
    """Whether a key or variable is called as secrets are: API_TOKEN, dbPassword, SecretKey."""
    if not name or _NO_SECRETS & {name, key_path(key)}:
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    last = words[-1] if words else ""
    if last in {"key", "config"} and len(words) > 1:
        return words[-2] in (_SECRET_KEYS if last == "key" else _SECRET_WORDS)
    return last in _SECRET_WORDS


def _may_be(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    return len(words) > 1 and words[-1] in _MAY_BE_SECRET


def _looks_random(text: str) -> bool:
    """Whether a text is one long word of letters and digits, as no person writes them."""
    found = _RANDOM.fullmatch(text)
    return bool(found) and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
