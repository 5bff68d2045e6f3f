"""Who a GitLab token is, and what can be done with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from wizard.core.errors import NotAllowedError, NotReachedError, WizardError
from wizard.core.facts import Identity
from wizard.core.findings import Check, Finding, Verdict
from wizard.systems.gitlab import GitLab, token_page

_WHAT_FOR = {
    "create_runner": "create the runner",
    "manage_runner": "find it again, change it and rotate its token",
    "read_api": "search your projects, and see the runner come online",
    "api": "prove it with a smoke job",
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The token's user, GitLab's version (empty where it is not told), and what can be done."""

    identity: Identity
    version: str
    checks: tuple[Check, ...]


async def sign_in(gitlab: GitLab) -> SignedIn:
    """Ask GitLab who the token is; nothing is changed.

    Raises: NotAllowedError, when GitLab does not accept it; NotReachedError, UsageError.
    """
    identity, version = await asyncio.gather(
        asyncio.to_thread(gitlab.whoami), asyncio.to_thread(_version, gitlab)
    )
    return SignedIn(identity, version, tuple(_checks(identity, gitlab.url)))


def _version(gitlab: GitLab) -> str:
    try:
        return gitlab.version()
    except NotReachedError:
        raise
    except (NotAllowedError, WizardError):
        return ""  # the token's scopes do not reach that far


def _checks(identity: Identity, url: str) -> list[Check]:
    return [_check(identity, scope, what, url) for scope, what in _WHAT_FOR.items()]


def _check(identity: Identity, scope: str, what: str, url: str) -> Check:
    allowed = identity.may(scope)
    if allowed:
        return Check(what, Verdict.OK)
    if allowed is None:
        return Check(what, Verdict.UNSEEN, Finding("GitLab does not say; only trying shows"))
    # Without these nothing works, or not twice; a smoke job is a proof one can do without.
    verdict = Verdict.WARN if scope == "api" else Verdict.FAIL
    finding = Finding(f"the token lacks {scope}", fix=f"Make one at {token_page(url)}")
    return Check(what, verdict, finding)
