"""A plan as text: a tree, system by system, with every field that changes."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from typing import Any

from wizard.cli.output import Output
from wizard.core.changes import Action, Change, FieldChange, Plan, System
from wizard.core.plain import strip_to_line
from wizard.core.plan_format import TITLES, counted, head, is_long, notes_of, unseen_of, value_text

_COLORS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "yellow",
    Action.DELETE: "red",
}
_WHOLE = {System.CLUSTER, System.FILES}


def plan_text(plan: Plan, output: Output, *, only_pending: bool = False) -> str:
    """The plan as people read it; what stays as it is takes one line a system."""
    if not plan.pending:
        kept = len(plan.changes)
        found = ", but something is wrong:" if plan.doubts else "."
        found = f"No change ({kept} things checked){found}"
        if plan.refusals:
            found = f"No change found so far ({kept} things checked)."
        return "\n".join([found, *_also(plan)])
    lines: list[str] = []
    for system, title in TITLES.items():
        changes = list(plan.of(system))
        pending = [change for change in changes if change.action is not Action.KEEP]
        if not pending and (only_pending or not changes):
            continue
        lines.append(title)
        for change in pending:
            lines.extend(_change(change, output))
        if kept := len(changes) - len(pending):
            lines.append(f"  = {kept} unchanged")
    return "\n".join([*lines, *_also(plan), f"Plan: {counted(plan)}."])


def _change(change: Change, output: Output) -> list[str]:
    why = f" ({strip_to_line(change.why)})" if change.why else ""
    line = output.mark(f"  {head(change)}", fg=_COLORS.get(change.action)) + why
    if change.action in {Action.CREATE, Action.DELETE} and change.system in _WHOLE:
        return [line]  # every line of it is new, or goes; `render` shows it whole
    lines_of = _field if change.system in _WHOLE else _one_line
    fields = [line for field in change.fields for line in lines_of(field)]
    return [line, *(f"      {strip_to_line(field)}" for field in fields)]


def _field(field: FieldChange) -> list[str]:
    """Of our own files and objects, long texts line by line."""
    before, after = field.before, field.after
    if isinstance(before, str) and isinstance(after, str) and is_long(field):
        return [f"{field.path}:", *_changed_lines(before, after)]
    return _one_line(field)


def _one_line(field: FieldChange) -> list[str]:
    path, before, after = field.path, field.before, field.after
    if before is None:
        return [f"{path}: {value_text(after)}"]
    return [
        f"{path}: {value_text(before)} -> {'(removed)' if after is None else value_text(after)}"
    ]


def _changed_lines(before: str, after: str) -> list[str]:
    """Of a longer text only the lines that differ."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [f"  {line[0]} {line[1:].strip()}" for line in list(lines)[2:] if line[0] != "@"]


def _also(plan: Plan) -> list[str]:
    """What is doubted, could not be seen or must be known, and how much prevents an apply."""
    lines = [f"  ? {strip_to_line(str(doubt))}; apply proves it again" for doubt in plan.doubts]
    lines += [f"Not checked: {strip_to_line(sentence)}" for sentence in unseen_of(plan)]
    lines += [f"Note: {strip_to_line(sentence)}" for sentence in notes_of(plan)]
    if count := len(plan.refusals):
        lines.append(f"Apply would refuse this: {count} check{'s' if count > 1 else ''} failed.")
    return lines


def plan_data(plan: Plan) -> dict[str, Any]:
    """The plan as data, with its counts."""
    return {
        "pending": len(plan.pending),
        "counts": plan.counts(),
        "changes": [asdict(change) for change in plan.changes],
        "unseen": list(plan.unseen),
        "notes": list(plan.notes),
        "doubts": [asdict(doubt) for doubt in plan.doubts],
        "checks": [check.record() for check in plan.checks],
    }
