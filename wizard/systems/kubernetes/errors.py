"""What an API server, or the way to it, can answer, as errors that a person can act on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from wizard.core.errors import Conflict, NotAllowed, NotFound, NotReached, WizardError
from wizard.core.secrets import redact
from wizard.systems.web_pages import without_markup

_RBAC = re.compile(r"cannot (?P<verb>\S+) resource \"(?P<resource>[^\"]+)\"")
_GROUP = re.compile(r"in API group \"(?P<group>[^\"]*)\"")
_NAMESPACE = re.compile(r"in the namespace \"(?P<namespace>[^\"]+)\"")
_HELD_BY = re.compile(r"conflicts? with \"(?P<manager>[^\"]+)\"")
_UNKNOWN_FIELD = re.compile(r"unknown field|field not declared in schema")
# Server-side apply answers HTTP 500 for a field it does not know (kube-apiserver 1.32).
_BAD_PATCH = "failed to create typed patch object"
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

    def __str__(self) -> str:
        return f"{self.method} {self.path} (context {self.context}, {self.server})"


class NotAccepted(WizardError):
    """The cluster read the object and refuses it: a field, a value, a policy or a quota."""


class FieldsHeld(Conflict):
    """Fields that are to be set belong to other field managers, which `holders` names."""

    def __init__(self, holders: list[str], message: str) -> None:
        super().__init__(
            f"Fields of this object are looked after by {', '.join(holders)}.",
            message,
            "Have them give these fields up, or delete the object: apply makes it anew.",
        )
        self.holders = holders


def from_answer(asked: Asked, status: int, body: bytes) -> WizardError:
    """The error for an HTTP status of 400 or more; the server's `Status` is read if it sent one."""
    told = _status(body)
    message = redact(str(told.get("message") or _excerpt(body)))
    if status == 401:
        return NotAllowed(
            f"The cluster of context {asked.context} does not know us.",
            f"{asked}: {message}",
            "Sign in again (any kubectl command of this context shows whether it worked).",
        )
    if status == 403 and told:
        return _forbidden(asked, message)
    if status == 404:
        return NotFound("The cluster does not have what was asked for.", f"{asked}: {message}")
    if status == 409:
        return _conflict(asked, message)
    if status in (400, 422) or _BAD_PATCH in message:
        return NotAccepted("The cluster does not accept this object.", message, _repair(message))
    return _out_of_order(asked, status, message, known=bool(told))


def _forbidden(asked: Asked, message: str) -> WizardError:
    if not (lacking := _RBAC.search(message)):
        return NotAccepted(
            "A policy of the cluster refuses this object.",
            _FORBIDDEN_PREFIX.sub("", message),
            "Change what the policy names, or ask its owner for an exception.",
        )
    group, namespace = _GROUP.search(message), _NAMESPACE.search(message)
    resource = lacking["resource"] + (f".{group['group']}" if group and group["group"] else "")
    where = f"in namespace {namespace['namespace']}" if namespace else "in the whole cluster"
    wanted = f"{lacking['verb']} {resource} {where}"
    return NotAllowed(
        f"You may not {wanted}.",
        f"{message} (context {asked.context})",
        f"Ask the cluster's owner for this permission: {wanted}; or use another context.",
    )


def _conflict(asked: Asked, message: str) -> WizardError:
    if held_by := sorted(set(_HELD_BY.findall(message))):
        return FieldsHeld(held_by, message)
    return Conflict("The object was changed or made by somebody else.", f"{asked}: {message}")


def _repair(message: str) -> str:
    if _UNKNOWN_FIELD.search(message):
        return (
            "This version of the cluster or of its operator does not know the field: remove it "
            "from extra_config or extra_values, or update the operator."
        )
    return "Change the setting that the message names."


def _out_of_order(asked: Asked, status: int, message: str, *, known: bool) -> NotReached:
    if status == 429:
        problem = "The cluster is too busy for us and kept us waiting too long."
    elif known:
        problem = "The cluster could not do what was asked."
    else:
        problem = f"What answers at {asked.server} does not look like a Kubernetes API server."
    return NotReached(
        problem,
        f"{asked}: HTTP {status}: {message}",
        "Try again later; if it stays so, look at the API server or at the proxy before it.",
        maybe_done=asked.writes and status >= 500,
    )


def nonsense(asked: Asked, body: bytes) -> NotReached:
    """For an answer that should have been JSON and is not."""
    return NotReached(
        f"What answers at {asked.server} does not look like a Kubernetes API server.",
        f"{asked}: {redact(_excerpt(body))}",
        "Check the server's address in the kubeconfig, and proxies on the way.",
        maybe_done=asked.writes,
    )


def from_wire(asked: Asked, error: Exception) -> NotReached:
    """For an exception of urllib3: the call was not answered."""
    from urllib3 import exceptions

    never_sent = (
        exceptions.NewConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ProxyError,
        exceptions.SSLError,
        exceptions.LocationValueError,
    )
    if isinstance(error, exceptions.SSLError):
        problem = "No trusted connection to the cluster could be made."
        fix = "Check certificate-authority, tls-server-name and the client certificate there."
    elif isinstance(error, exceptions.TimeoutError):
        problem = "The cluster did not answer in time."
        fix = "Check that it runs and that this machine reaches it (VPN, proxy, firewall)."
    else:
        problem = "The cluster could not be reached."
        fix = "Check that it runs, its address in the kubeconfig, and the way to it (VPN, proxy)."
    return NotReached(
        problem,
        f"{asked}: {redact(_plain(error))}",
        fix,
        maybe_done=asked.writes and not isinstance(error, never_sent),
    )


def _plain(error: Exception) -> str:
    """urllib3's words without the object reprs it puts in front of them."""
    return re.sub(
        r"<?[\w.]*(?:Connection|Pool|Manager)\w*(?: object at 0x\w+>|\([^)]*\)): ", "", str(error)
    )


def _status(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) and told.get("kind") == "Status" else {}


def _excerpt(body: bytes) -> str:
    text = " ".join(without_markup(body[:600].decode(errors="replace")).split())
    return text[:200] or "an empty answer"
