"""How secrets are called and what they look like: one table for whatever refuses to copy them.

`check` holds every profile against it and the import every set-up that it reads. What is here has
to be found without knowing the secret; secrets that are known are the redaction's business.

Sources (looked up in November 2026): the "secret scanning patterns" of GitHub's documentation and
GitLab's list of token prefixes for the services' own prefixes; docs.gitlab.com, "Advanced
configuration" of GitLab Runner, for the keys of a cache.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key, key_path

SHAPES = re.compile(
    r"""
    \b(?:
    # GitLab: runners' and people's tokens, an OAuth application's, a trigger's, an agent's
      gl(?:pat|rtr?|dt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-(?=[a-z_.-]*+[A-Z0-9])[\w.-]{12,}
    | GR1348941\w{8,}
    # Vault and OpenBao, AWS, any JSON web token
    | hv[sbr]\.[\w-]{20,} | (?:AKIA|ASIA)[A-Z0-9]{16}\b | eyJ[\w-]{10,}\.[\w-]{10,}\.
    # GitHub, Docker Hub, npm, PyPI, RubyGems
    | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_\w{20,} | dckr_(?:pat|oat)_[\w-]{16,}
    | npm_[A-Za-z0-9]{20,} | pypi-[\w-]{16,} | rubygems_[0-9a-f]{40,}
    # SonarQube, Artifactory (API key, reference token), Slack, Grafana
    | sq[upa]_[0-9a-f]{30,} | AKC[a-z0-9][A-Za-z0-9]{10,} | cmVmdGtu[A-Za-z0-9]{20,}
    | xox[abeoprs]-[A-Za-z0-9-]{10,} | xapp-[A-Za-z0-9-]{10,} | glsa_\w{30,}
    # Google, Stripe, SendGrid, DigitalOcean, Hugging Face, Doppler, Terraform, Shopify, New Relic
    | AIza[\w-]{30,} | ya29\.[\w-]{20,} | [sr]k_(?:live|test)_[A-Za-z0-9]{16,}
    | SG\.[\w-]{16,64}\.[\w-]{16,} | do[opr]_v1_[0-9a-f]{40,} | hf_[A-Za-z0-9]{30,}
    | dp\.(?:pt|st|ct)\.[A-Za-z0-9]{30,} | [A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}
    | shpat_[0-9a-f]{32} | NRAK-[A-Z0-9]{20,}
    )
    # Keys of age, of PEM files, and of Azure's storage
    | AGE-SECRET-KEY-1
    | -----BEGIN\ [A-Z0-9 ]{0,40}PRIVATE\ KEY(?:\ BLOCK)?-----
    | AccountKey=[A-Za-z0-9+/=]{20,}
    """,
    re.VERBOSE,
)
"""Credentials by the prefixes that their services give them, and keys by their frames.

What is random has a digit or a capital in it: a file that is called glrt-values.yaml is no token.
"""
_SHORTEST = 14
"""Characters of the shortest text that has such a shape."""

BEGINNINGS = (
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "dckr_", "npm_", "pypi-", "rubygems_"),
    *("squ_", "sqp_", "sqa_", "AKC", "cmVmdGtu", "xox", "xapp-", "glsa_", "AIza", "ya29."),
    *("k_live_", "k_test_", "SG.", "_v1_", "hf_", "dp.", ".atlasv1.", "shpat_", "NRAK-"),
    *("gl", "GR1348941", "hvs.", "hvb.", "hvr.", "AKIA", "ASIA", "eyJ", "AGE-SECRET-KEY-1"),
    *("PRIVATE KEY", "AccountKey="),
)
"""One of these is in all that `SHAPES` finds; to look for them first is much faster."""

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_SECRET = {
    *("token", "password", "passwd", "pass", "pwd", "passphrase", "secret", "credential"),
    *("credentials", "pat", "auth", "apikey", "cookie", "pgpassword"),
}
"""The last word of a name that is a secret's: API_TOKEN, dbPassword."""
_KEYS = {
    *("access", "account", "private", "secret", "api", "ssh", "deploy", "signing", "encryption"),
    *("artifactory", "license", "licence", "sonar", "master", "storage", "sas"),
}
"""What a key is for that is a secret: SecretKey, ARTIFACTORY_KEY."""
_MAY_BE = {"login", "key", "user", "sid", "dsn", "webhook", "hook", "cert"}
"""Words that say nothing by themselves: there the value decides."""
_NAMES_OF_SECRETS = {"secretKey", "runners.secret", "certsSecretName", "nodeStageSecretRef"}
"""How an ExternalSecret names a key, and where the chart names Secrets."""
_LEFT_ALONE = {"runners.config", "runners.configOverride", "sentryDsn", "sentry_dsn"}
"""config.toml among the values is looked at as data; what Sentry calls a DSN is no secret."""
_REFERENCE = re.compile(r"\$|\{\{|<path:|vault:|op://|ref\+|AQICAH")
"""A value that names a secret somewhere else: a variable, a template, a vault's injector."""
_PLAIN = {"true", "false", "yes", "no", "none", "null", "optional", "required", "basic"}
"""Values that no secret has, for settings with a secret's name."""
_PAIR = re.compile(
    r"""(?<![\w.-])([A-Za-z_][\w.-]{0,80}+)["']?\s{0,4}[:=]\s{0,4}["']?([^\s"'$,;{}\[\]()<>]{4,200})"""
)
_OPTION = re.compile(
    r"""(?:\slogin\b[^\n]{0,120}?\s-p|\s--?(?:password|token|creds|secret))[ =]["']?[^\s"'$-]"""
)
_SIGNED_IN = re.compile(
    r"://(?!git@)(?:[^\s/@:$]{0,300}:[^\s/@$][^\s/@]{0,300}|[A-Za-z0-9_-]{20,300})@"
)
"""An address with a password, or with a token in the place of the user."""
_A_SECRET_OBJECT = re.compile(r"""(?m)^[ \t]*["']?kind["']?:[ \t]*["']?Secret["']?[ \t]*$""")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{20,}")


def secret_keys(value: Any, above: Key = ()) -> Iterator[Key]:
    """Where in plain data secrets are, by their names and by their shapes.

    Args:
        value: mappings, lists and single values, as YAML and TOML have them.
        above: the key of `value` itself.
    """
    if isinstance(value, Mapping):
        if value.get("kind") == "Secret" and ("data" in value or "stringData" in value):
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


def is_secret(text: str, name: str = "", key: Key = ()) -> bool:
    """Whether text is a secret by its name or its shape, or holds one; not a reference to one.

    Args:
        text: the value.
        name: its key, or the variable that it is the value of.
        key: where it is, from the top of values or of config.toml.
    """
    if not text or _REFERENCE.match(text):
        return bool(text) and has_shape(text)
    if names_secret(name, key) and text.lower() not in _PLAIN:
        return True
    if _may_be_secret(name) and _looks_random(text):
        return True
    if has_shape(text) or _SIGNED_IN.search(text):
        return True
    if _A_SECRET_OBJECT.search(text) or _OPTION.search(text):
        return True
    return any(
        names_secret(name) and value.lower() not in _PLAIN and not _REFERENCE.match(value)
        for name, value in _PAIR.findall(text)
    )


def has_shape(text: str) -> bool:
    """Whether text holds something that only a credential looks like."""
    return (
        len(text) >= _SHORTEST
        and any(one in text for one in BEGINNINGS)
        and SHAPES.search(text) is not None
    )


def without_shapes(text: str, mask: str) -> str:
    """`text` with a mask over all that only a credential looks like."""
    return SHAPES.sub(mask, text) if any(one in text for one in BEGINNINGS) else text


def names_secret(name: str, key: Key = ()) -> bool:
    """Whether a key or variable is called as secrets are: API_TOKEN, dbPassword, SecretKey."""
    if not name or name in _NAMES_OF_SECRETS or _is_one_of(key, _NAMES_OF_SECRETS):
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    last = words[-1] if words else ""
    if last in {"key", "config"} and len(words) > 1:
        return words[-2] in (_KEYS if last == "key" else _SECRET)
    return last in _SECRET


def _is_one_of(key: Key, paths: set[str]) -> bool:
    """Whether a key is among paths, which have two parts at most: spelling it out takes time."""
    return len(key) < 3 and key_path(key) in paths


def _of_one(value: Any, key: Key, name: str) -> Iterator[Key]:
    if isinstance(value, str):
        inside = _data_in(value)
        if inside is not None:
            if any(True for _ in secret_keys(inside)):
                yield key
        elif not _is_one_of(key, _LEFT_ALONE) and is_secret(value, name, key):
            yield key
    elif isinstance(value, int) and not isinstance(value, bool):
        if names_secret(name, key):
            yield key
    else:
        yield from secret_keys(value, key)


def _data_in(text: str) -> Any:
    """JSON that is written as text, such as a pod_spec's patch; None where it is not."""
    if text[:1] not in "{[" or not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _may_be_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    return len(words) > 1 and words[-1] in _MAY_BE


def _looks_random(text: str) -> bool:
    """Whether a text is one long word of letters and digits, as no person writes them."""
    return (
        _RANDOM.fullmatch(text) is not None
        and any(character.isdigit() for character in text)
        and any(character.isalpha() for character in text)
    )
