"""A plan as text: a tree, system by system, with every field that changes."""

from __future__ import annotations

import difflib
from typing import Any

from wizard.cli.output import Output
from wizard.core.changes import Action, Change, FieldChange, Plan, System

_SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("!", "yellow"),
    Action.DELETE: ("-", "red"),
    Action.KEEP: ("=", None),
}
_TITLES = {
    System.GITLAB: "GitLab",
    System.SECRETS: "Secrets",
    System.CLUSTER: "Cluster",
    System.FILES: "Files",
}


def plan_text(plan: Plan, output: Output, *, only_pending: bool = False) -> str:
    """The plan as people read it; what stays as it is takes one line a system."""
    if not plan.pending:
        kept = len(plan.changes)
        return "\n".join([f"No change ({kept} things looked at).", *_unseen(plan)])
    lines: list[str] = []
    for system, title in _TITLES.items():
        changes = list(plan.of(system))
        pending = [change for change in changes if change.action is not Action.KEEP]
        if not pending and (only_pending or not changes):
            continue
        lines.append(title)
        for change in pending:
            lines.extend(_change(change, output))
        if kept := len(changes) - len(pending):
            lines.append(f"  = {kept} unchanged")
    counts = ", ".join(
        f"{count} to {action}" for action, count in plan.counts().items() if action != "keep"
    )
    return "\n".join([*lines, *_unseen(plan), f"Plan: {counts}."])


def _change(change: Change, output: Output) -> list[str]:
    sign, color = _SIGNS[change.action]
    why = f" ({change.why})" if change.why else ""
    head = output.mark(f"  {sign} {change.action.value:<7} {change.subject}", fg=color)
    if change.action is Action.CREATE and change.system is System.CLUSTER:
        return [head + why]  # every field of a new object is new; `render` shows it whole
    fields = [line for field in change.fields for line in _field(field)]
    return [head + why, *(f"      {line}" for line in fields)]


def _field(field: FieldChange) -> list[str]:
    path, before, after = field.path, field.before, field.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        return [f"{path}:", *_changed_lines(before, after)]
    if before is None:
        return [f"{path}: {_value(after)}"]
    return [f"{path}: {_value(before)} -> {'(removed)' if after is None else _value(after)}"]


def _changed_lines(before: str, after: str) -> list[str]:
    """Of a longer text only the lines that differ."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [f"  {line[0]} {line[1:].strip()}" for line in list(lines)[2:] if line[0] != "@"]


def _value(value: Any) -> str:
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    first, _, rest = text.partition("\n")
    return f"{first[:70]} ..." if rest or len(first) > 70 else first


def _unseen(plan: Plan) -> list[str]:
    return [f"Not looked at: {sentence}" for sentence in plan.unseen]
