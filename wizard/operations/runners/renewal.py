"""Replacing tokens that are good, because it was asked for: what `rotate` adds to `apply`.

A runner whose token is to be replaced is looked at as one whose token is no good, so that all the
rest (reset, backend, sync, restart, proof, and going on after a crash) is done as always.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import datetime

from wizard.checks.smoke import MARK
from wizard.core.changes import Action, Change, FieldChange, Plan, System
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.run import Renewal
from wizard.core.spans import span
from wizard.operations.runners.managers import MANAGER
from wizard.operations.runners.observe import ObservedRunner, ObservedState
from wizard.operations.runners.truth import given_at, life_of
from wizard.profile.labels import TOKEN_REVISION

_NAMED = 5


def renewing(seen: ObservedState, renewal: Renewal, now: datetime) -> ObservedState:
    """What is there, with the tokens that are asked for marked as no good.

    Args:
        now: by GitLab's clock.
    """
    reasons = [(one, _why(one, renewal, now)) for one in seen.runners]
    runners = tuple(replace(one, dead=why, silent="") if why else one for one, why in reasons)
    return replace(seen, runners=runners)


def _why(one: ObservedRunner, renewal: Renewal, now: datetime) -> str:
    """Why a token is replaced that is good; empty where it is not."""
    if one.info is None or not one.token_fits:
        return ""
    if renewal.older_than is None and renewal.expires_within is None:
        return "a new token was asked for"
    given, life = given_at(one), life_of(one, one.info)
    if renewal.older_than is not None and given and now - given >= renewal.older_than:
        return f"its token is {span(now - given)} old"
    if renewal.expires_within is not None and life and life.ends - now <= renewal.expires_within:
        return f"its token expires in {span(life.ends - now)}"
    return ""


def downtime(seen: ObservedState, *, restarts: bool) -> str:
    """What replacing tokens stops, of those that are in use now; empty where none is replaced.

    Args:
        restarts: whether the managers can be restarted from here.
    """
    replaced = [one.runner.name for one in seen.runners if one.dead and one.note.fits(one.stored)]
    if not replaced:
        return ""
    names = ", ".join(replaced[:_NAMED])
    names += f" and {len(replaced) - _NAMED} more" if replaced[_NAMED:] else ""
    if restarts:
        return (
            f"downtime of {names}: none for running jobs, which finish; the managers restart one "
            "by one, and new jobs wait until the first of them is back"
        )
    return (
        f"downtime of {names}: from the reset until the files are synced no new job begins, since "
        "the cluster cannot be seen and the managers cannot be restarted from here"
    )


def only_tokens(plan: Plan) -> Check:
    """Whether nothing but tokens would change, so that `rotate` carries out nothing else."""
    asked = "nothing but tokens is pending"
    others = [change for change in plan.pending if not _concerns_token(change)]
    if not others:
        return Check(asked, Verdict.OK, id="rotate.only_tokens")
    lines = [f"{change.action.value} {change.subject}" for change in others[:_NAMED]]
    lines += [f"and {len(others) - _NAMED} more"] if others[_NAMED:] else []
    finding = Finding(
        "More than tokens would change.",
        "\n".join(lines),
        "rotate replaces tokens, and changes nothing else",
        "Run apply first, or put the profile back as it was applied",
    )
    return Check(asked, Verdict.FAIL, finding, "rotate.only_tokens")


def _concerns_token(change: Change) -> bool:
    """Whether a change comes from a token being replaced, or from a rotation that was killed."""
    match change.system:
        case System.SECRETS:
            return bool(change.runner)
        case System.CLUSTER:
            return change.action is Action.REPLACE  # the pods that started with an older token
        case System.GITLAB:
            if change.action is Action.DELETE:
                return any(field.path == MANAGER for field in change.fields)
            return change.action is Action.UPDATE and all(map(_is_ours_to_keep, change.fields))
        case System.FILES:
            return change.action is Action.UPDATE and all(map(_is_revision, change.fields))


def _is_ours_to_keep(field: FieldChange) -> bool:
    """Whether a field differs by what the wizard itself has left in it."""
    if field.path == "tags":
        different = set(field.before or ()) ^ set(field.after or ())
        return all(tag.startswith(MARK) for tag in different)
    return field.path == "maintenance_note"


def _is_revision(field: FieldChange) -> bool:
    """Whether two texts differ by the token's revision only, or by the mapping around it."""
    before, after = str(field.before or "").splitlines(), str(field.after or "").splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    return all(
        TOKEN_REVISION in line or line.startswith("@@") or line.lower().endswith("annotations:")
        for line in lines
    )
