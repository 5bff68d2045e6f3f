"""The GitLab token: what it may do, how long it lasts, and what its user is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wizard.checks.connected import Connected
from wizard.core.facts import Identity
from wizard.core.findings import Check, Finding, Verdict
from wizard.profile.runner import Runner
from wizard.systems.gitlab import RUNNER_SCOPES, token_page

_WARN_DAYS = 14
"""Days before the end of a token from which on it is said."""
_NEEDED = {"project": (40, "Maintainer"), "group": (50, "Owner")}
"""The access level from which on GitLab lets a user create runners, and its name (19.4)."""


def scopes(connected: Connected) -> Iterator[Check]:
    """Whether the token may create, find and reset runners.

    A token that can only create cannot find a runner again: killed half-way, a second run would
    make a second runner. A person who is asked may take that on; a pipeline may not.
    """
    identity, url = _identity(connected), connected.signed_in.url
    asked = "the token may create runners, and find them again"
    missing = [scope for scope in RUNNER_SCOPES if identity.may(scope) is False]
    if not missing:
        yield Check(asked, Verdict.OK)
        return
    refused = "create_runner" in missing or not connected.run.attended
    yield Check(
        asked,
        Verdict.FAIL if refused else Verdict.WARN,
        Finding(
            f"The GitLab token of {identity.username or 'this user'} is not enough.",
            f"it has {', '.join(identity.scopes) or 'no scopes'}",
            f"{', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing, without which "
            "a runner cannot be found again after an interruption",
            "Make one with create_runner, manage_runner and read_api (or api, to prove the "
            f"runner with a job) at {token_page(url)}",
        ),
    )


def expiry(connected: Connected) -> Iterator[Check]:
    """Whether the token still lasts a while, by GitLab's own date."""
    identity, gitlab = _identity(connected), connected.signed_in
    asked = "the token lasts"
    if not identity.expires_at:
        yield Check(asked, Verdict.OK)
        return
    left = (date.fromisoformat(identity.expires_at) - gitlab.now().date()).days
    if left > _WARN_DAYS:
        yield Check(asked, Verdict.OK)
        return
    when = "today" if left <= 0 else "tomorrow" if left == 1 else f"in {left} days"
    yield Check(
        asked,
        Verdict.WARN,
        Finding(
            f"The GitLab token of {identity.username or 'this user'} ends {when}.",
            f"it expires on {identity.expires_at}",
            "from then on the runner goes on, but no plan or apply can change it",
            f"Make a new one at {token_page(gitlab.url)}",
        ),
    )


def role(connected: Connected) -> Iterator[Check]:
    """Whether the token's user may create runners where the profile wants them."""
    asked: set[tuple[str, str]] = set()
    for runner in connected.pending.runners:
        if (target := (runner.scope.kind, runner.scope.path)) not in asked:
            asked.add(target)
            yield _role(connected, runner)


def _role(connected: Connected, runner: Runner) -> Check:
    identity, kind = _identity(connected), runner.scope.kind
    who = identity.username or "the token's user"
    if kind == "instance":
        asked = f"{who} may create runners of the whole instance"
        if identity.is_admin or not identity.username:
            return Check(asked, Verdict.OK if identity.is_admin else Verdict.UNSEEN)
        return Check(
            asked,
            Verdict.FAIL,
            Finding(
                f"{who} may not create a runner of the whole instance.",
                f"GitLab does not say that {who} is an administrator",
                "only administrators may, with Admin Mode through a token with admin_mode too",
                "Use an administrator's token, or write scope: {group: ...} or {project: ...}",
            ),
        )
    scope = connected.scope(runner)
    asked = f"{who} may create runners in {scope.path}"
    least, name = _NEEDED[kind]
    level: int | None = scope.access_level
    if scope.access_level < least:  # what a project says leaves out groups it is shared with
        level = connected.signed_in.access_level(scope, identity.user_id)
    if level is None:
        return Check(asked, Verdict.UNSEEN, Finding(f"GitLab does not say what {who} is there"))
    if level >= least or identity.is_admin:
        return Check(asked, Verdict.OK)
    return Check(
        asked,
        Verdict.FAIL,
        Finding(
            f"{who} may not create a runner in {scope.path}.",
            f"the role there is {_ROLE_NAMES.get(level, f'{level}')}",
            f"GitLab lets only {name}s create runners in a {kind}"
            if kind == "group"
            else "GitLab lets only Maintainers and Owners create runners in a project",
            f"Ask for the role {name} in {scope.path}, or use a token of a user who has it",
        ),
    )


_ROLE_NAMES = {
    0: "none: no member",
    5: "Minimal Access",
    10: "Guest",
    15: "Planner",
    20: "Reporter",
    30: "Developer",
    40: "Maintainer",
}
"""GitLab's access levels (19.4)."""


def _identity(connected: Connected) -> Identity:
    if connected.identity is None:
        raise RuntimeError("GitLab has not said whose token this is")
    return connected.identity
