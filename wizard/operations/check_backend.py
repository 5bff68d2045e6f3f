"""Whether a backend can be reached and what we may do there; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.core.findings import Check, Verdict
from wizard.core.problems import Key
from wizard.systems.backends import Backend


@dataclass(frozen=True, slots=True)
class Checked:
    """What a backend answered."""

    checks: tuple[Check, ...]
    policy: str
    """The least rights that writer and reader need, as text for an administrator."""
    facts: Mapping[Key, Any] = field(default_factory=dict)
    """Values that belong into the profile and are not there yet; none where a check failed."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A part of the wizard's own sign-in that a person may be asked for.

    Args:
        variable: the environment variable that headless commands take it from.
        label: what people call it.
        otherwise: where it is looked for when it is not given; empty where it has to be.
    """

    variable: str
    label: str
    otherwise: str = ""


_IN_A_POD = "the ServiceAccount's token of this pod is used, where there is one"
_CHAIN = "your AWS configuration or this machine's role is used"
_VAULT = {
    "token": (
        Credential("VAULT_TOKEN", "Vault token", "what `vault login` left in ~/.vault-token"),
    ),
    "approle": (
        Credential("VAULT_ROLE_ID", "Role id"),
        Credential("VAULT_SECRET_ID", "Secret id"),
    ),
    "userpass": (
        Credential("VAULT_USERNAME", "User name"),
        Credential("VAULT_PASSWORD", "Password"),
    ),
    "jwt": (Credential("VAULT_ID_TOKEN", "JSON web token"),),
    "kubernetes": (Credential("VAULT_ID_TOKEN", "JSON web token", _IN_A_POD),),
}
_BACKENDS = {
    "infisical": (
        Credential("INFISICAL_CLIENT_ID", "Client id"),
        Credential("INFISICAL_CLIENT_SECRET", "Client secret"),
    ),
    "aws": (
        Credential("AWS_ACCESS_KEY_ID", "Access key id", _CHAIN),
        Credential("AWS_SECRET_ACCESS_KEY", "Secret access key", _CHAIN),
    ),
}


def credentials(backend: str, login: str = "") -> tuple[Credential, ...]:
    """What somebody may be asked for so that the wizard can write to a backend.

    Args:
        backend: its name in the profile.
        login: `secrets.vault.login`, where the backend is Vault.
    """
    return _VAULT.get(login, ()) if backend == "vault" else _BACKENDS.get(backend, ())


async def check_backend(build: Callable[[], Backend]) -> Checked:
    """Ask a backend who we are and what we may do.

    Args:
        build: makes the backend; it may read files and the cluster's address.

    Raises: WizardError, from the backend.
    """
    return await asyncio.to_thread(_check, build)


def _check(build: Callable[[], Backend]) -> Checked:
    backend = build()
    try:
        checks = tuple(backend.check())
        failed = any(check.verdict is Verdict.FAIL for check in checks)
        return Checked(checks, backend.policy(), {} if failed else backend.facts())
    finally:
        backend.close()
