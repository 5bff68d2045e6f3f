"""What Infisical says when it says no, and what no answer at all means; both in our words.

Its envelope is `{reqId, statusCode, message, error}`; with status 422 `message` is a list of what
the validation found. Observed on a running server in November 2026.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
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

SOURCE = answers.Source("Infisical", "secrets.infisical.host")


def way(host: str) -> Way:
    """How it is reached, for people."""
    return Way(
        "Infisical",
        host,
        "secrets.infisical.host",
        "Set secrets.infisical.ca_file to the PEM file of the authority that signed it",
    )


class SignedOutError(NotAllowedError):
    """The session is over: expired, revoked or unknown. Signing in again is the way on."""


class NoRouteError(NotFoundError):
    """The server does not have this call: it is older than the call."""


class NoSecretError(NotFoundError):
    """There is no secret of that name in the folder."""


class NoFolderError(NotFoundError):
    """There is no such folder in the environment."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no, read from its envelope; `kind` is empty where it has none."""

    status: int
    kind: str
    message: str

    @classmethod
    def of(cls, status: int, body: bytes) -> Refusal:
        text = body.decode("utf-8", "replace").strip()
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            return cls(status, "", answers.text_of(body))
        if not isinstance(answer, dict):
            return cls(status, "", excerpt(str(answer)))
        return cls(status, str(answer.get("error", "")), excerpt(_said(answer.get("message", ""))))

    @property
    def ends_session(self) -> bool:
        """An expired token is 403 TokenError, a revoked one 401; other 403s are about rights."""
        return self.status == 401 or (self.status == 403 and self.kind == "TokenError")

    def error(self, doing: str) -> WizardError:
        """The error for it; `doing` completes "could not ..."."""
        cause = (
            f"Infisical says: {self.message}"
            if self.message
            else f"It answered status {self.status}."
        )
        if self.status >= 500:
            kind = TransientError if self.status in {502, 503, 504} else NotReachedError
            return kind(
                f"Infisical is in trouble and could not {doing} (status {self.status}).",
                cause,
                "Try again in a few minutes; on your own server, look at its logs",
            )
        if not self.kind:
            return invalid_response(doing, self.message)
        if self.ends_session:
            return SignedOutError(
                f"Infisical ended the session before it could {doing}.", cause, "Run it again"
            )
        return self._no(doing, cause)

    def _no(self, doing: str, cause: str) -> WizardError:
        if self.kind == "ProjectMembershipNotFound":
            return NotAllowedError(
                f"The machine identity is not a member of the project, and could not {doing}.",
                cause,
                "Add it in the project's Access Control, under Machine Identities",
            )
        if self.status == 403:
            return NotAllowedError(
                f"The machine identity may not {doing}.",
                cause,
                "Give it the rights of a writer; docs/secrets.md has them ready to paste",
            )
        if self.status == 404:
            return self._missing(doing, cause)
        if self.status == 409 or "already exist" in self.message:
            return ConflictError(
                f"Infisical could not {doing}.", cause, "Look at what is there now"
            )
        return RejectedError(
            f"Infisical refused to {doing}.", cause, "Change what it objects to, then try again"
        )

    def _missing(self, doing: str, cause: str) -> NotFoundError:
        kind: type[NotFoundError] = NotFoundError
        if self.message.startswith("Route "):
            kind = NoRouteError
        elif self.message.startswith("Secret "):
            kind = NoSecretError
        elif self.message.startswith("Folder "):
            kind = NoFolderError
        return kind(
            f"Infisical could not {doing}.",
            cause,
            "Check the project, the environment and the path in secrets.infisical",
        )


def login_refused(refusal: Refusal, host: str) -> WizardError:
    """The error for a sign-in that was refused."""
    if "locked" in refusal.message:
        return LoginRefusedError(
            f"{host} has locked the sign-in of this machine identity.",
            f"Infisical says: {refusal.message}. Three bad secrets within 30 seconds lock it for "
            "five minutes, for the right secret as well",
            "Wait five minutes, make sure that nothing else signs in with a wrong secret (an "
            "External Secrets store tries again and again), then run it again",
        )
    if refusal.status in {400, 401, 403} and refusal.kind:
        return LoginRefusedError(
            f"{host} does not accept the machine identity's client id and secret.",
            f"Infisical says: {refusal.message}. It was asked once and will not be asked again: "
            "three bad secrets lock the identity for five minutes",
            "Check INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET, and that the secret is for "
            "this server (Cloud US and EU are two)",
        )
    return refusal.error("sign in")


def invalid_response(doing: str, message: str) -> NotReachedError:
    """The error for an answer that is not Infisical's."""
    return SOURCE.invalid_response(doing, said=message)


def refused_redirect(host: str, target: str) -> NotReachedError:
    """The error for a redirect, which is never followed: it would carry credentials along."""
    return sent_elsewhere(host, target, "secrets.infisical.host")


def _said(message: Any) -> str:
    if not isinstance(message, list):
        return str(message)
    return "; ".join(_issue(issue) if isinstance(issue, dict) else str(issue) for issue in message)


def _issue(issue: dict[str, Any]) -> str:
    where = ".".join(map(str, issue.get("path") or ()))
    what = str(issue.get("message", ""))
    return f"{where}: {what}" if where else what
