"""Tokens in the system's keyring, each under the address of its GitLab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from wizard.core.errors import WizardError
from wizard.core.secrets import SecretStr

KEYRING_SERVICE = "gitlab-runner-wizard"


def kept_token(url: str) -> str:
    """The token kept for this GitLab; empty where there is none, or no keyring."""
    try:
        with _keyring() as ring:
            return ring.get_password(KEYRING_SERVICE, url) or ""
    except WizardError:
        return ""  # a machine without a keyring: GITLAB_TOKEN is the way there


def keep_token(url: str, token: SecretStr) -> None:
    """Keep a token. Raises: WizardError."""
    with _keyring() as ring:
        ring.set_password(KEYRING_SERVICE, url, token.get_secret_value())


def forget_token(url: str) -> bool:
    """Forget a token; False where none was kept. Raises: WizardError."""
    with _keyring() as ring:
        if ring.get_password(KEYRING_SERVICE, url) is None:
            return False
        ring.delete_password(KEYRING_SERVICE, url)
        return True


def keyring_name() -> str:
    """The name of the keyring tokens can be kept in; empty where there is none."""
    import keyring
    from keyring.backends import fail, null

    ring = keyring.get_keyring()
    usable = not isinstance(ring, fail.Keyring | null.Keyring)
    return str(ring.name) if usable else ""


def require_keyring() -> None:
    """Raises: WizardError, before a token is asked for that could not be kept."""
    if not keyring_name():
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
        "Set GITLAB_TOKEN instead, on a machine without one",
    )
