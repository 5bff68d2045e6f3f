"""How a plan is shown: signs, titles and differences, the same in lines and on screens."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from wizard.core.changes import Action, Change, FieldChange, Plan, System
from wizard.core.findings import Check, Verdict, with_verdict
from wizard.core.plain import strip_controls, strip_to_line

SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "!",
    Action.DELETE: "-",
    Action.KEEP: "=",
}
TITLES = {
    System.GITLAB: "GitLab",
    System.SECRETS: "Secrets",
    System.CLUSTER: "Cluster",
    System.FILES: "Files",
}
_WIDEST = 70


def head(change: Change) -> str:
    """One change on one line: sign, action, subject."""
    return f"{SIGNS[change.action]} {change.action.value:<7} {strip_to_line(change.subject)}"


def counted(plan: Plan) -> str:
    """How much is pending: `2 to create, 1 to update`; empty where nothing is."""
    return ", ".join(
        f"{count} to {action}" for action, count in plan.counts().items() if action != "keep"
    )


def unseen_of(plan: Plan) -> list[str]:
    """What could not be looked at, in sentences."""
    unseen = with_verdict(plan.checks, Verdict.UNSEEN)
    return [*plan.unseen, *(f"{check.name}{_because(check)}" for check in unseen)]


def notes_of(plan: Plan) -> list[str]:
    """What must be known before a plan is agreed to, in sentences."""
    warned = with_verdict(plan.checks, Verdict.WARN)
    return [*plan.notes, *(check.finding.sentence() for check in warned if check.finding)]


def _because(check: Check) -> str:
    return f": {check.finding.sentence()}" if check.finding else ""


def value_text(value: Any) -> str:
    """A value on one line, cleaned first and cut second, since it may be foreign."""
    text = str(value).lower() if isinstance(value, bool) else strip_to_line(str(value))
    return f"{text[:_WIDEST]} ..." if len(text) > _WIDEST else text


def is_long(field: FieldChange) -> bool:
    """Whether a side of it is a text of several lines."""
    return any(isinstance(side, str) and "\n" in side for side in _sides(field))


def _sides(field: FieldChange) -> tuple[Any, Any]:
    return field.before, field.after


def diff(change: Change) -> str:
    """What changes inside one thing, in lines that begin with `+`, `-`, `@` or a space."""
    return "\n".join(line for field in change.fields for line in _differences(field))


def _differences(field: FieldChange) -> Iterator[str]:
    path = strip_to_line(field.path)
    if is_long(field):
        before, after = (strip_controls(str(side or "")).splitlines() for side in _sides(field))
        yield f"  {path}:"
        yield from list(difflib.unified_diff(before, after, lineterm=""))[2:]
        return
    if field.before is not None:
        yield f"- {path}: {value_text(field.before)}"
    if field.after is not None:
        yield f"+ {path}: {value_text(field.after)}"
