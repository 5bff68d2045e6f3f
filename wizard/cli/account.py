"""Keeping a GitLab token in the system's keyring, and forgetting it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import click

from wizard.cli.output import Output, Result
from wizard.cli.running import command
from wizard.core.errors import UsageError, WizardError
from wizard.core.secrets import SecretStr, remember_secret
from wizard.wiring import KEYRING_SERVICE

URL = click.argument("url", metavar="URL")


@click.command()
@URL
@command
def login(output: Output, url: str) -> Result:
    """Keep a GitLab token in the system's keyring, after trying it."""
    from wizard.systems.gitlab import token_page
    from wizard.systems.gitlab.adapter import PythonGitLab

    address = url.rstrip("/")
    _require_keyring()
    if sys.stdin.isatty():
        output.say(f"make a token at {token_page(address)}")
        token = click.prompt("GitLab token", hide_input=True, err=True)
    else:
        token = sys.stdin.readline()
    if not token.strip():
        raise UsageError("No token was given.", "", "type it, or give it on standard input")
    secret = remember_secret(SecretStr(token.strip()))
    identity = PythonGitLab(address, secret).whoami()
    with _keyring() as ring:
        ring.set_password(KEYRING_SERVICE, address, secret.get_secret_value())
    who = identity.username or "its user"
    return Result(
        f"kept the token of {who} ({', '.join(identity.scopes)}) for {address}",
        {"url": address, "username": identity.username, "scopes": list(identity.scopes)},
    )


@click.command()
@URL
@command
def logout(_output: Output, url: str) -> Result:
    """Forget a GitLab token that was kept."""
    address = url.rstrip("/")

    with _keyring() as ring:
        forgotten = ring.get_password(KEYRING_SERVICE, address) is not None
        if forgotten:
            ring.delete_password(KEYRING_SERVICE, address)
    said = f"forgot the token for {address}" if forgotten else f"no token was kept for {address}"
    return Result(said, {"url": address, "forgotten": forgotten})


def _require_keyring() -> None:
    """Raises: WizardError, before a token is asked for that could not be kept."""
    import keyring
    from keyring.backends import fail, null

    if isinstance(keyring.get_keyring(), fail.Keyring | null.Keyring):
        raise _unusable("there is none, or it is switched off")


@contextmanager
def _keyring() -> Iterator[ModuleType]:
    """The keyring's module; its errors are told in our words. Raises: WizardError."""
    import keyring
    from keyring.errors import KeyringError

    try:
        yield keyring
    except KeyringError as error:
        raise _unusable(str(error) or type(error).__name__) from None


def _unusable(cause: str) -> WizardError:
    return WizardError(
        "The system's keyring cannot be used.",
        cause,
        "on a machine without one, set GITLAB_TOKEN instead",
    )
