"""A verb that changes something, on the command line: agreed to, followed, and summed up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import click

from wizard.checks.running import refuse_failed
from wizard.cli.output import Output, Result, confirmed, indented
from wizard.cli.plans import plan_text
from wizard.core.changes import Plan
from wizard.core.errors import ExitCode, RefusedError
from wizard.core.events import Event, Planned, StepStarted, TokenReset, Unproven, Waiting
from wizard.core.threads import run

_STOPPED = (
    "What was done stays, and the next run continues from there; it replaces a token that had not "
    "been stored."
)


def agree(output: Output, plan: Plan, question: str, *, attended: bool, typed: str = "") -> None:
    """Show the plan and ask; nothing pending needs no answer.

    Args:
        typed: what has to be typed to agree; empty where a yes is enough.

    Raises: RefusedError, when a check has failed, when the answer is no, or when there is no one to
        give one.
    """
    if not plan.pending and not plan.refusals:
        return
    output.say(plan_text(plan, output))
    refuse_failed(plan.checks)
    decided(question, attended=attended, typed=typed)


def decided(question: str, *, attended: bool, typed: str = "") -> None:
    """Ask whether to go on. Raises: RefusedError, when the answer is no, or there is none."""
    if not attended:
        raise RefusedError(
            "Nothing was changed: there is no terminal to ask on.",
            "Without a terminal, changes must be agreed to beforehand.",
            "Read what is shown above, then add --yes",
        )
    if not _agrees(question, typed):
        raise RefusedError(
            "Nothing was changed.",
            f"The answer was not {typed}." if typed else "The answer was no.",
            "Change the profile, then run it again; `plan` shows what that would do",
        )


def _agrees(question: str, typed: str) -> bool:
    if not typed:
        return confirmed(question)
    asked = f"{question} Type {typed} to agree"
    answer: str = click.prompt(asked, default="", show_default=False, err=True)
    return answer.strip() == typed


def follow(
    output: Output,
    events: AsyncIterator[Event],
    agreed: Plan | None,
    nothing_to_do: str = "No change.",
) -> Result:
    """Tell every event as it happens, and sum up at the end.

    Args:
        nothing_to_do: what to say where nothing had to be changed.
        agreed: the plan that has just been shown and agreed to, where one was.
    """
    events_seen = run(report(output, events, agreed))
    waiting = [event for event in events_seen if isinstance(event, Waiting)]
    planned = next((event.plan for event in events_seen if isinstance(event, Planned)), Plan())
    unproven = [event.runner for event in events_seen if isinstance(event, Unproven)]
    changed = bool(planned.pending) or not all(event.changes_nothing for event in events_seen)
    data: dict[str, Any] = {
        "changed": changed,
        "unproven": unproven,
        "new_tokens": [event.runner for event in events_seen if isinstance(event, TokenReset)],
        "waiting": [event.what for event in waiting],
    }
    text = "Done." if changed else nothing_to_do
    if waiting:
        text = "Written, waiting for you."
    return Result(text, data, ExitCode.WAITING if waiting else ExitCode.DONE)


async def report(output: Output, events: AsyncIterator[Event], agreed: Plan | None) -> list[Event]:
    events_seen: list[Event] = []
    async for event in events:
        events_seen.append(event)
        output.state = _state(events_seen)
        _report_one(output, event, agreed)
    return events_seen


def _state(events_seen: list[Event]) -> str:
    """What an interruption now means, from what has happened."""
    step = next(
        (event.step for event in reversed(events_seen) if isinstance(event, StepStarted)), ""
    )
    if not any(not event.changes_nothing for event in events_seen):
        return "Nothing was changed."
    return f"Stopped in the step {step!r}. {_STOPPED}" if step else f"Stopped. {_STOPPED}"


def _report_one(output: Output, event: Event, agreed: Plan | None) -> None:
    if output.as_json:
        output.line(event.record())
    elif isinstance(event, StepStarted):
        output.say(output.mark(event.sentence(), bold=True))
    elif isinstance(event, Planned) and agreed and event.plan.comes_to_the_same_as(agreed):
        output.say(f"{event.sentence()}, as agreed")
    elif isinstance(event, Planned):
        output.say(plan_text(event.plan, output, only_pending=True))
    else:
        output.say(indented(event.sentence()))
