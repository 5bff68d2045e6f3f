"""A plan as a comment on a merge request, in the Markdown that GitLab and GitHub share.

What others wrote (names, descriptions, answers of servers) is only ever inside code, fenced by more
backticks than it holds itself, so that it cannot become a link, a mention or a quick action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.core.changes import Action, Change, Plan
from wizard.core.findings import Verdict, with_verdict
from wizard.core.plain import strip_to_line
from wizard.core.plan_format import SIGNS, TITLES, counted, diff, notes_of, unseen_of


def plan_markdown(plan: Plan, profile: str) -> str:
    """The plan for people who read a merge request; what changes inside a thing is folded away.

    Args:
        profile: the profile's file, as it was named.
    """
    blocks = [f"### Runner Wizard: plan for {_code(profile)}", _summary(plan)]
    for system, title in TITLES.items():
        changes = list(plan.of(system))
        if changes:
            blocks.append("\n".join(_section(title, changes)))
    for title, sentences in _also(plan):
        if sentences:
            blocks.append(
                "\n".join([f"**{title}**", "", *(f"- {_code(one)}" for one in sentences)])
            )
    return "\n\n".join(blocks)


def _summary(plan: Plan) -> str:
    if count := len(plan.refusals):
        return f"❌ **Apply would refuse this: {count} check{'s' if count > 1 else ''} failed.**"
    if plan.pending:
        return f"**{counted(plan).capitalize()}.**"
    return "⚠️ **No change, but something is wrong.**" if plan.doubts else "✅ **No change.**"


def _section(title: str, changes: list[Change]) -> Iterator[str]:
    pending = [change for change in changes if change.action is not Action.KEEP]
    kept = len(changes) - len(pending)
    yield f"**{title}**" + (f" ({kept} unchanged)" if kept else "")
    if pending:
        yield ""
    for change in pending:
        why = f": {_code(change.why)}" if change.why else ""
        yield f"- {SIGNS[change.action]} {change.action.value} {_code(change.subject)}{why}"
        if inside := diff(change):
            yield from _folded("what changes", inside)


def _folded(summary: str, text: str) -> Iterator[str]:
    fence = "`" * max(3, _longest_run(text) + 1)
    lines = [f"<details><summary>{summary}</summary>", "", f"{fence}diff", *text.split("\n")]
    yield from (f"  {line}".rstrip() for line in [*lines, fence, "", "</details>"])


def _also(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    failed = with_verdict(plan.checks, Verdict.FAIL)
    yield (
        "Failed checks",
        list(dict.fromkeys(check.finding.sentence() for check in failed if check.finding)),
    )
    yield "In doubt; apply proves it again", [str(doubt) for doubt in plan.doubts]
    yield "Notes", notes_of(plan)
    yield "Not looked at", unseen_of(plan)


def _code(text: str) -> str:
    """Foreign text as code on one line."""
    shown = strip_to_line(text)
    fence = "`" * (_longest_run(shown) + 1)
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)
