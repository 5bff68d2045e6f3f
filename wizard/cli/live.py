"""The commands that look at GitLab and the cluster: plan, apply, destroy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from wizard.checks.running import refusal_of, refuse_failed
from wizard.cli.offline import PROFILE
from wizard.cli.output import Output, Result, indented
from wizard.cli.plan_markdown import plan_markdown
from wizard.cli.plans import plan_text
from wizard.cli.running import command
from wizard.cli.wired import TIMEOUT, TRUST, terminal, wiring_for
from wizard.core.changes import Plan
from wizard.core.errors import ExitCode, RefusedError
from wizard.core.events import Event, Planned, Proven, StepStarted, Unproven, Waiting
from wizard.core.run import RunOptions
from wizard.core.threads import run
from wizard.operations.profiles import open_profile
from wizard.profile.load import LoadedProfile
from wizard.wiring import Wiring

_STOPPED = (
    "What was done stays, and the next run goes on from there; a token that had not been stored is "
    "replaced by it."
)
_NOTHING_THERE = "No change: nothing that this profile made was there."
YES = click.option("--yes", is_flag=True, help="Do it without asking.")


@click.command()
@PROFILE
@TRUST
@click.option("--detailed-exitcode", is_flag=True, help="Exit 10 when apply has something to do.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan, as JSON, here."
)
@click.option("--markdown", is_flag=True, help="Print it as a comment for a merge request.")
@command
def plan(
    output: Output,
    profile: Path,
    trusted: tuple[str, ...],
    detailed_exitcode: bool,
    out: Path | None,
    markdown: bool,
) -> Result:
    """Show what would change, and where; writes nothing."""
    from wizard.operations import dispatch as verbs

    opened = open_profile(profile)
    how = RunOptions(attended=terminal())
    made = run(verbs.plan(opened, wiring_for(opened, output, trusted), how))
    data = plan_data(made)
    if out:
        _write_plan(out, data)
    refused = refusal_of(made.checks)
    pending = detailed_exitcode and (made.pending or made.doubts)
    code = ExitCode.REFUSED if refused else ExitCode.CHANGES if pending else ExitCode.DONE
    text = plan_markdown(made, str(profile)) if markdown else plan_text(made, output)
    return Result(text, data, code, opened.warnings, refused)


@click.command()
@PROFILE
@YES
@TRUST
@click.option("--no-smoke", is_flag=True, help="Do not end with a smoke job.")
@click.option("--undo", is_flag=True, help="Take a first set-up that failed away again.")
@TIMEOUT
@command
def apply(
    output: Output,
    profile: Path,
    yes: bool,
    trusted: tuple[str, ...],
    no_smoke: bool,
    undo: bool,
    timeout: int,
) -> Result:
    """Make it so, then prove it. Killed and run again, it goes on where it was."""
    from wizard.operations import dispatch as verbs

    if undo:
        return _destroy(output, profile, yes, trusted, timeout)
    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    attended = not yes and terminal()
    how = RunOptions(attended, smoke=not no_smoke, deadline=timeout, cancel=systems.cancel)
    agreed = None
    if not yes:
        agreed = run(verbs.plan(opened, systems, how))
        _agree(output, agreed, "Apply this?", attended=attended)
    if agreed and agreed.pending:
        _ask_about_levels(opened, systems)
    return _follow(output, verbs.apply(opened, systems, how), agreed)


def _ask_about_levels(opened: LoadedProfile, systems: Wiring) -> None:
    """A namespace that was there gets another Pod Security level only if a person says so."""
    from wizard.operations import dispatch as verbs

    for question in run(verbs.level_questions(opened, systems)):
        if click.confirm(question.sentence(), default=False, err=True):
            run(verbs.answer(question, systems))


@click.command()
@PROFILE
@TRUST
@click.option("--no-smoke", is_flag=True, help="Do not run a smoke job.")
@click.option("--probe", is_flag=True, help="First look around from a pod as jobs have it.")
@TIMEOUT
@command
def verify(
    output: Output,
    profile: Path,
    trusted: tuple[str, ...],
    no_smoke: bool,
    probe: bool,
    timeout: int,
) -> Result:
    """Prove every runner again: its manager is heard, and it runs a job. Nothing is changed."""
    from wizard.operations import dispatch as verbs

    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    how = RunOptions(smoke=not no_smoke, probe=probe, deadline=timeout, cancel=systems.cancel)
    events_seen = run(_report(output, verbs.verify(opened, systems, how), None))
    unproven = [event.runner for event in events_seen if isinstance(event, Unproven)]
    text = f"Online, unproven: {', '.join(unproven)}." if unproven else "Proven."
    proven = [event.runner for event in events_seen if isinstance(event, Proven)]
    return Result(text, {"proven": proven, "unproven": unproven}, warnings=opened.warnings)


@click.command()
@PROFILE
@YES
@TRUST
@TIMEOUT
@command
def destroy(
    output: Output, profile: Path, yes: bool, trusted: tuple[str, ...], timeout: int
) -> Result:
    """Remove runner, token and objects; proves that nothing of ours is left."""
    return _destroy(output, profile, yes, trusted, timeout)


def _destroy(
    output: Output, profile: Path, yes: bool, trusted: tuple[str, ...], timeout: int
) -> Result:
    from wizard.operations import dispatch as verbs

    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    attended = not yes and terminal()
    planned = run(verbs.plan_destroy(opened, systems))
    if not yes:
        _agree(output, planned, "Destroy all this?", attended=attended)
    how = RunOptions(attended, deadline=timeout, cancel=systems.cancel)
    agreed = None if yes else planned
    return _follow(output, verbs.destroy(opened, systems, how), agreed, _NOTHING_THERE)


def _agree(output: Output, plan: Plan, question: str, *, attended: bool) -> None:
    """Show the plan and ask; nothing pending needs no answer.

    Raises: RefusedError, when a check has failed, when the answer is no, or when there is nobody to
        give one.
    """
    if not plan.pending and not plan.refusals:
        return
    output.say(plan_text(plan, output))
    refuse_failed(plan.checks)
    if not attended:
        raise RefusedError(
            "Nothing was changed: there is nobody to ask.",
            "Without a terminal, changes need to be agreed to beforehand.",
            "Read the plan above, then add --yes",
        )
    if not click.confirm(question, default=False, err=True):
        raise RefusedError(
            "Nothing was changed.",
            "The answer was no.",
            "Change the profile, then run it again; `plan` shows what that would do",
        )


def _follow(
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
    events_seen = run(_report(output, events, agreed))
    waiting = [event for event in events_seen if isinstance(event, Waiting)]
    planned = next((event.plan for event in events_seen if isinstance(event, Planned)), Plan())
    unproven = [event.runner for event in events_seen if isinstance(event, Unproven)]
    changed = bool(planned.pending) or not all(event.changes_nothing for event in events_seen)
    data: dict[str, Any] = {
        "changed": changed,
        "unproven": unproven,
        "waiting": [event.what for event in waiting],
    }
    text = "Done." if changed else nothing_to_do
    if waiting:
        text = "Written, waiting for you."
    return Result(text, data, ExitCode.WAITING if waiting else ExitCode.DONE)


async def _report(output: Output, events: AsyncIterator[Event], agreed: Plan | None) -> list[Event]:
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


def _write_plan(path: Path, data: dict[str, Any]) -> None:
    import json

    from wizard.core.errors import WizardError
    from wizard.core.secrets import redact_values

    shown = json.dumps(redact_values(data), indent=2, default=str)
    try:
        path.write_text(f"{shown}\n", encoding="utf-8")
    except OSError as error:
        raise WizardError(
            f"The plan cannot be written to {path}.", str(error), "Name another file with --out"
        ) from None
