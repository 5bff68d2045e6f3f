"""What Vault and OpenBao say when they say no, in our words; the dialect is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wizard.core.errors import (
    ConflictError,
    LoginRefusedError,
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    RejectedError,
    TransientError,
    WizardError,
)
from wizard.core.secrets import excerpt
from wizard.systems.http import answers
from wizard.systems.http.failures import Way
from wizard.systems.http.origins import sent_elsewhere

_LONGEST = 400
"""Characters of another's words that are shown."""


SOURCE = answers.Source("Vault", "secrets.vault.address or VAULT_ADDR")


def way(address: str) -> Way:
    """How it is reached, for people."""
    return Way(
        "Vault",
        address,
        "secrets.vault.address or VAULT_ADDR",
        "Set secrets.vault.ca_file, or VAULT_CACERT, to the authority that signed it",
    )


class NoPathError(NotFoundError):
    """Nothing is there; `words` are Vault's, which has none where only the secret is missing."""

    def __init__(self, problem: str, cause: str, fix: str, refusal: VaultResponseError) -> None:
        super().__init__(problem, cause, fix)
        self.message = refusal.message
        self.body = refusal.body


class VaultResponseError(Exception):
    """An answer with a status that says no; `body` is what it holds, where that is JSON."""

    def __init__(self, status: int, raw: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body: Mapping[str, Any] = {}
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            self.message = "an answer that is not Vault's" if raw else ""
        else:
            self.body = body if isinstance(body, dict) else {}
            errors = self.body.get("errors")
            self.message = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
        self.message = excerpt(self.message, _LONGEST)

    def error(self, doing: str) -> WizardError:
        """The error for it; `doing` completes "could not ..."."""
        cause = (
            f"Vault says: {self.message}" if self.message else f"it answered status {self.status}"
        )
        if self.status >= 500:
            return self._trouble(doing, cause)
        if self.status in {472, 473}:
            return _standby(doing, cause)
        if self.status in {401, 403}:
            return NotAllowedError(
                f"Vault does not let us {doing}.",
                cause,
                "Check that the token has not expired (vault token lookup) and that its policy is "
                "a writer's: docs/secrets.md has one ready to paste",
            )
        if self.status == 404:
            return NoPathError(
                f"Vault could not {doing}.",
                cause,
                "Check secrets.vault: mount, path and namespace",
                self,
            )
        if "check-and-set" in self.message:
            return ConflictError(f"Vault could not {doing}.", cause, "Look at what is there now")
        return RejectedError(
            f"Vault refused to {doing}.", cause, "Change what it objects to, then try again"
        )

    def _trouble(self, doing: str, cause: str) -> NotReachedError:
        if "sealed" in self.message:
            return sealed(doing, cause)
        if "not initialized" in self.message or self.status == 501:
            return uninitialised(doing, cause)
        if "standby" in self.message or "active" in self.message:
            return _standby(doing, cause)
        kind = TransientError if self.status in {502, 503, 504} else NotReachedError
        return kind(
            f"Vault is in trouble and could not {doing} (status {self.status}).",
            cause,
            "Try again in a few minutes; on your own server, look at its log",
            maybe_done=True,
        )


def sealed(doing: str, cause: str) -> NotReachedError:
    return NotReachedError(
        f"Vault is sealed and could not {doing}.",
        cause,
        "Unseal it (vault operator unseal), or ask those who hold its keys to",
    )


def uninitialised(doing: str, cause: str) -> NotReachedError:
    return NotReachedError(
        f"Vault has never been initialised and could not {doing}.",
        cause,
        "Initialise it (vault operator init), or check that the address is the right one",
    )


def _standby(doing: str, cause: str) -> NotReachedError:
    return NotReachedError(
        f"This Vault node is a standby and could not forward the request to {doing}.",
        cause,
        "Give the address of the active node, or of the load balancer before them",
    )


def refused_redirect(address: str, target: str) -> NotReachedError:
    """The error for a redirect, which is never followed: it would carry the token along."""
    why = "A standby names its active node so."
    return sent_elsewhere(address, target, "VAULT_ADDR or secrets.vault.address", why)


def invalid_response(doing: str) -> NotReachedError:
    return SOURCE.invalid_response(doing)


def login_refused(refusal: VaultResponseError, method: str) -> LoginRefusedError:
    """The error for a login that was refused; said once, and not tried again."""
    return LoginRefusedError(
        f"Vault does not accept the {method} login.",
        f"Vault says: {refusal.message or refusal.status}. It was asked once and is not asked "
        "again: repeated bad logins lock a user out",
        "Check the credentials, secrets.vault.login_mount and login_role",
    )
