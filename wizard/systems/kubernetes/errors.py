"""What an API server, or the way to it, can answer, as errors that a person can act on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from wizard.core.errors import (
    ConflictError,
    InvalidAnswerError,
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    RejectedError,
    TransientError,
    WizardError,
)
from wizard.core.secrets import excerpt
from wizard.systems.http import failures
from wizard.systems.http.answers import text_of

_RBAC = re.compile(r"cannot (?P<verb>\S+) resource \"(?P<resource>[^\"]+)\"")
_GROUP = re.compile(r"in API group \"(?P<group>[^\"]*)\"")
_NAMESPACE = re.compile(r"in the namespace \"(?P<namespace>[^\"]+)\"")
_HELD_BY = re.compile(r"conflicts? with \"(?P<manager>[^\"]+)\"")
_UNKNOWN_FIELD = re.compile(r"unknown field|field not declared in schema")
# Server-side apply answers HTTP 500 for a field it does not know (kube-apiserver 1.32).
_BAD_PATCH = "failed to create typed patch object"
_LONGEST = 2000
"""Characters of the server's words that are shown; a webhook may quote whole objects."""
_NO_SUCH_PATH = b"404 page not found"
"""What the server says, in plain text, for an API group that no one has installed."""
_FORBIDDEN_PREFIX = re.compile(r"^[\w.]+ \"[^\"]*\" is forbidden: ")


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, for messages: by which context, at which server, what was asked."""

    context: str
    server: str
    method: str
    path: str

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def doing(self) -> str:
        """Completes "could not ..."."""
        return f"{self.method} {self.path}"

    def __str__(self) -> str:
        return f"{self.method} {self.path} (context {self.context}, {self.server})"


class NotAcceptedError(RejectedError):
    """The cluster read the object and refuses it: a field, a value, a policy or a quota."""


class FieldsHeldError(ConflictError):
    """Fields that are to be set belong to other field managers, which `holders` names."""

    def __init__(self, holders: list[str], message: str) -> None:
        super().__init__(
            f"Fields of this object are managed by {', '.join(holders)}.",
            message,
            "Have them release these fields, or delete the object: apply recreates it",
        )
        self.holders = holders


def from_answer(asked: Asked, status: int, body: bytes) -> WizardError:
    """The error for an HTTP status of 300 or more; the server's `Status` is read if it sent one."""
    answer = _status(body)
    message = excerpt(str(answer.get("message") or ""), _LONGEST) or text_of(body) or "nothing"
    if status == 401:
        return NotAllowedError(
            f"The cluster of context {asked.context} does not know us.",
            f"{asked}: {message}",
            "Sign in again (any kubectl command of this context shows whether it worked)",
        )
    if status == 404 and body.strip() == _NO_SUCH_PATH:
        return _missing(asked, "the server has no such path")
    if not answer or (status >= 500 and _BAD_PATCH not in message):
        return _out_of_order(asked, status, message, known=bool(answer))
    if status == 403:
        return _forbidden(asked, message)
    if status == 404:
        return _missing(asked, message)
    if status == 409:
        return _conflict(asked, message)
    if status in (400, 405, 413, 415, 422) or _BAD_PATCH in message:
        return NotAcceptedError(
            "The cluster does not accept this object.", message, _repair(message)
        )
    return _out_of_order(asked, status, message, known=True)


def _missing(asked: Asked, message: str) -> NotFoundError:
    return NotFoundError(
        "The cluster does not have what was asked for.",
        f"{asked}: {message}",
        "Check that the context is the right cluster, and the names in the profile; what was "
        "deleted meanwhile comes back with apply",
    )


def _forbidden(asked: Asked, message: str) -> WizardError:
    if not (lacking := _RBAC.search(message)):
        return NotAcceptedError(
            "A policy of the cluster refuses this object.",
            _FORBIDDEN_PREFIX.sub("", message),
            "Change what the policy names, or ask its owner for an exception",
        )
    group, namespace = _GROUP.search(message), _NAMESPACE.search(message)
    resource = lacking["resource"] + (f".{group['group']}" if group and group["group"] else "")
    where = f"in namespace {namespace['namespace']}" if namespace else "in the whole cluster"
    wanted = f"{lacking['verb']} {resource} {where}"
    return NotAllowedError(
        f"You may not {wanted}.",
        f"{message} (context {asked.context})",
        f"Ask the cluster's owner for this permission: {wanted}; or use another context",
    )


def _conflict(asked: Asked, message: str) -> WizardError:
    if held_by := sorted(set(_HELD_BY.findall(message))):
        return FieldsHeldError(held_by, message)
    return ConflictError(
        "The object was changed, created or deleted by another client meanwhile.",
        f"{asked}: {message}",
        "Run it again: it starts from what is there then",
    )


def _repair(message: str) -> str:
    if _UNKNOWN_FIELD.search(message):
        return (
            "Remove the field from extra_config or extra_values, or update the operator: this "
            "version of it, or of the cluster, does not know the field"
        )
    return "Change the setting that the message names"


def _out_of_order(asked: Asked, status: int, message: str, *, known: bool) -> NotReachedError:
    if not known and status < 500:
        return _not_kubernetes(asked, f"HTTP {status}: {message}")
    problem = "The cluster could not do what was asked."
    if not known:
        problem = f"What answers at {asked.server} does not look like a Kubernetes API server."
    kind = TransientError if status in {500, 502, 503, 504} else NotReachedError
    return kind(
        problem,
        f"{asked}: HTTP {status}: {message}",
        "Try again later; if it persists, look at the API server or at the proxy before it",
        maybe_done=asked.writes and status >= 500,
    )


def _not_kubernetes(asked: Asked, said: str) -> InvalidAnswerError:
    return InvalidAnswerError(
        f"What answers at {asked.server} does not look like a Kubernetes API server.",
        f"{asked}: {said}",
        "Check the server's address in the kubeconfig, and proxies on the way",
        maybe_done=asked.writes,
    )


def invalid_response(asked: Asked, body: bytes) -> InvalidAnswerError:
    """For an answer that should have been JSON and is not."""
    return _not_kubernetes(asked, text_of(body) or "an empty answer")


def misshapen(asked: Asked, why: Exception) -> InvalidAnswerError:
    """For JSON that is not what an API server answers here."""
    return InvalidAnswerError(
        f"The answer of {asked.server} makes no sense.",
        f"{asked}: it is JSON, but {why}",
        "Check the server's address in the kubeconfig, and proxies on the way; try again, for a "
        "server that is restarting",
        maybe_done=asked.writes,
    )


def from_wire(asked: Asked, error: Exception) -> WizardError:
    """For an exception of urllib3: the call was not answered."""
    way = failures.Way(
        "the cluster",
        asked.server,
        "the kubeconfig (clusters[].cluster.server)",
        "Check certificate-authority, tls-server-name and the client certificate in the kubeconfig",
        "proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY",
    )
    lost = failures.failure(error, way, asked.doing, is_read=not asked.writes)
    lost.cause = f"{lost.cause} ({asked})"
    return lost


def _status(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) and answer.get("kind") == "Status" else {}
