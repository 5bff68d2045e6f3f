"""The commands that look at GitLab and the cluster: plan, apply, verify."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from wizard.checks.running import refusal_of
from wizard.cli.commenting import comment_on, merge_request_of
from wizard.cli.destroying import take_away
from wizard.cli.following import agree, follow, report
from wizard.cli.offline import PROFILE
from wizard.cli.output import Output, Result, confirmed
from wizard.cli.plan_markdown import plan_markdown
from wizard.cli.plans import plan_data, plan_text
from wizard.cli.running import command
from wizard.cli.wired import TIMEOUT, TRUST, YES, terminal, wiring_for
from wizard.core.errors import ExitCode, UsageError
from wizard.core.events import Proven, Unproven
from wizard.core.run import Reviewed, RunOptions
from wizard.core.threads import run
from wizard.operations.plan.saved import read_saved, signature
from wizard.operations.profiles import open_profile
from wizard.operations.runners.selection import selected
from wizard.profile.load import LoadedProfile
from wizard.wiring import Wiring

ONLY = click.option(
    "--only",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this runner, or those that a pattern names, with what all share.",
)


@click.command()
@PROFILE
@TRUST
@ONLY
@click.option("--detailed-exitcode", is_flag=True, help="Exit 10 when apply has something to do.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan, as JSON, here."
)
@click.option("--markdown", is_flag=True, help="Print it as a comment for a merge request.")
@click.option(
    "--comment", is_flag=True, help="Write that comment, in a pipeline of a merge request."
)
@command
def plan(
    output: Output,
    profile: Path,
    trusted: tuple[str, ...],
    names: tuple[str, ...],
    detailed_exitcode: bool,
    out: Path | None,
    markdown: bool,
    comment: bool,
) -> Result:
    """Show what would change, and where; writes nothing."""
    from wizard.operations import dispatch as verbs

    opened = open_profile(profile)
    how = RunOptions(attended=terminal(), only=selected(opened.profile, names))
    request = merge_request_of(opened.profile, os.environ) if comment else None
    systems = wiring_for(opened, output, trusted)
    made = run(verbs.plan(opened, systems, how))
    data = plan_data(made)
    if out:
        _write_plan(out, signature(opened.profile, how.only) | data)
    refused = refusal_of(made.checks)
    pending = detailed_exitcode and (made.pending or made.doubts)
    code = ExitCode.REFUSED if refused else ExitCode.CHANGES if pending else ExitCode.DONE
    text = plan_markdown(made, str(profile)) if markdown else plan_text(made, output)
    if request:
        output.say(comment_on(request, systems.gitlab(), made, str(profile)))
    return Result(text, data, code, opened.warnings, refused)


@click.command()
@PROFILE
@YES
@TRUST
@ONLY
@click.option(
    "--plan",
    "saved",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Do exactly what this saved plan says, without asking, or nothing.",
)
@click.option("--no-smoke", is_flag=True, help="Do not end with a smoke job.")
@click.option("--undo", is_flag=True, help="Remove what a failed first apply created.")
@TIMEOUT
@command
def apply(
    output: Output,
    profile: Path,
    yes: bool,
    trusted: tuple[str, ...],
    names: tuple[str, ...],
    saved: Path | None,
    no_smoke: bool,
    undo: bool,
    timeout: int,
) -> Result:
    """Make the changes, then prove the runners. If killed, run it again: it continues."""
    from wizard.operations import dispatch as verbs

    if undo:
        how = RunOptions(deadline=timeout)
        return take_away(output, profile, how, trusted, yes=yes)
    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    reviewed = _read_plan(saved, names) if saved else None
    attended = not yes and terminal()
    how = RunOptions(
        attended,
        smoke=not no_smoke,
        deadline=timeout,
        cancel=systems.cancel,
        only=reviewed.only if reviewed else selected(opened.profile, names),
        reviewed=reviewed,
    )
    agreed = None
    if not yes and not reviewed:
        agreed = run(verbs.plan(opened, systems, how))
        agree(output, agreed, "Apply this?", attended=attended)
    if agreed and agreed.pending:
        how = replace(how, levels=_agreed_levels(opened, systems))
    return follow(output, verbs.apply(opened, systems, how), agreed)


def _agreed_levels(opened: LoadedProfile, systems: Wiring) -> dict[str, str]:
    """A namespace that was there gets another Pod Security level only if a person says so."""
    from wizard.operations import dispatch as verbs

    return {
        question.namespace: question.wanted
        for question in run(verbs.level_questions(opened, systems))
        if confirmed(question.sentence())
    }


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
    events_seen = run(report(output, verbs.verify(opened, systems, how), None))
    unproven = [event.runner for event in events_seen if isinstance(event, Unproven)]
    text = f"Online, unproven: {', '.join(unproven)}." if unproven else "Proven."
    proven = [event.runner for event in events_seen if isinstance(event, Proven)]
    return Result(text, {"proven": proven, "unproven": unproven}, warnings=opened.warnings)


def _read_plan(path: Path, names: tuple[str, ...]) -> Reviewed:
    if names:
        raise UsageError(
            "--only and --plan do not go together.",
            "a saved plan says itself which runners it is about",
            "Make the plan with --only",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The plan {path} cannot be read.", str(error), "Make one with plan --out FILE"
        ) from None
    return read_saved(text, str(path))


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
