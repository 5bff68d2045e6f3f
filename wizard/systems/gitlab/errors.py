"""GitLab's many ways of saying no, said in ours.

GitLab has four: `message` as text, list or mapping, `error` (with `error_description`), plain text,
and, from whatever stands before it, HTML.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from wizard.core.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    RejectedError,
    ScopeTooSmallError,
    TransientError,
    WizardError,
)
from wizard.core.secrets import excerpt
from wizard.systems.http.answers import is_web_page, without_markup


@dataclass(frozen=True, slots=True)
class Call:
    """What a call is for, so that its failure can say what it takes.

    `doing` completes "GitLab refused to ..."; `scopes` and `role` are what the token and its user
    need for it.
    """

    doing: str
    scopes: str = "read_api or api"
    role: str = "access to it"


def error_text(body: bytes) -> str:
    """What an answer says in words, whatever its dialect; redacted and cut to a readable length."""
    text = body.decode("utf-8", "replace").strip()
    try:
        said = _from_json(json.loads(text))
    except (ValueError, RecursionError):
        said = without_markup(text)
    return excerpt(said)


def _from_json(answer: Any) -> str:
    if not isinstance(answer, dict):
        return _flat(answer)
    parts = [answer[key] for key in ("message", "error", "error_description") if answer.get(key)]
    return ": ".join(dict.fromkeys(_flat(part) for part in parts))


def _flat(said: Any) -> str:
    """Nested words on one line: `{"tags": ["too many"]}` as `tags: too many`."""
    if isinstance(said, dict):
        return "; ".join(
            _flat(value) if key == "base" else f"{key}: {_flat(value)}"
            for key, value in said.items()
        )
    if isinstance(said, list):
        return ", ".join(_flat(part) for part in said)
    return str(said)


def refusal(status: int, body: bytes, call: Call, token_page: str) -> WizardError:
    """The error for an answer with a failing status.

    Args:
        status: HTTP status, 400 or higher.
        body: the answer as it came.
        errand: what the call was for.
        token_page: where to make another token.
    """
    said = error_text(body)
    cause = f"GitLab says: {said}" if said else f"GitLab answered with status {status}."
    error = _refusal(status, body, call, token_page, said, cause)
    error.said = said
    return error


def _refusal(
    status: int, body: bytes, call: Call, token_page: str, said: str, cause: str
) -> WizardError:
    if status >= 500:
        return _trouble(status, cause, call)
    if status == 401:
        return NotAllowedError(
            "GitLab does not accept the token.", cause, f"Create a new one at {token_page}"
        )
    if status == 403:
        return _forbidden(_code(body), cause, call, token_page)
    if status == 404 and is_web_page(body):
        return NotReachedError(
            f"That address is not GitLab's, or a proxy in front of it could not {call.doing}.",
            cause,
            "Check gitlab.url, a path such as /gitlab included; a reverse proxy must pass on %2F "
            "as it is",
        )
    if status == 404 or re.search(r"Missing/invalid (project|group)", said):
        return NotFoundError(
            f"GitLab could not {call.doing}: not there, or not visible to the token's user.",
            cause,
            "Check the spelling, and that the token's user is a member there",
        )
    if status in {409, 412} or "already exists" in said:
        return ConflictError(f"GitLab could not {call.doing}.", cause, "Look at what is there now")
    return RejectedError(f"GitLab refused to {call.doing}.", cause, _way_out(said))


def _trouble(status: int, cause: str, call: Call) -> NotReachedError:
    kind = TransientError if status in {502, 503, 504} else NotReachedError
    return kind(
        f"GitLab is in trouble and could not {call.doing} (status {status}).",
        cause,
        "Try again in a few minutes; on your own GitLab, look at its logs",
    )


def _code(body: bytes) -> str:
    """OAuth's code for a refusal (RFC 6750), which GitLab gives beside its text; else empty."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(answer.get("error", "")) if isinstance(answer, dict) else ""


def _forbidden(code: str, cause: str, call: Call, token_page: str) -> WizardError:
    if code == "insufficient_granular_scope":
        return ScopeTooSmallError(
            f"The token's permissions are not enough to {call.doing}.",
            cause,
            "Add the permission GitLab names to the fine-grained token, "
            f"or make a classic one at {token_page}",
        )
    if code == "insufficient_scope":
        return ScopeTooSmallError(
            f"The token's scopes are not enough to {call.doing}.",
            cause,
            f"Make a token with {call.scopes} at {token_page}",
        )
    return NotAllowedError(
        f"GitLab does not let this user {call.doing}.",
        cause,
        f"Use a token whose user has {call.role}",
    )


_WAYS_OUT = {
    r"Maximum number of ci registered": "Delete runners that are not used any more, or ask an "
    "administrator to raise the limit",
    r"Too many tags": "Give the runner 50 tags at most",
    r"[Tt]ags?.list.*empty": "Give the runner tags, or let it run untagged jobs",
    r"at least 10 minutes": "Set maximum_timeout to 10m or more",
    r"Missing CI config": "Put a .gitlab-ci.yml on the branch",
    r"rules configuration prevented": "The project's workflow rules keep this pipeline from "
    "running; prove the runner with one of your own pipelines instead",
    r"Too many pipelines": "Wait a minute, then try again",
}
"""What GitLab objects to, and the way out of it."""


def _way_out(said: str) -> str:
    for pattern, way in _WAYS_OUT.items():
        if re.search(pattern, said):
            return way
    return "Change what GitLab objects to, then try again"
