"""The command that takes a profile's things away: agreed to by its name, or with --yes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from wizard.cli.following import agree, follow
from wizard.cli.offline import PROFILE
from wizard.cli.output import Output, Result
from wizard.cli.plans import plan_data, plan_text
from wizard.cli.running import command
from wizard.cli.wired import TIMEOUT, TRUST, YES, terminal, wiring_for
from wizard.core.run import RunOptions
from wizard.core.threads import run
from wizard.operations.profiles import open_profile

_NOTHING_THERE = "No change: nothing that this profile made was there."


@click.command()
@PROFILE
@YES
@TRUST
@click.option("--dry-run", is_flag=True, help="Only say what would go, and what would stay.")
@click.option("--keep-runner", is_flag=True, help="Leave the runners in GitLab, paused.")
@click.option("--keep-secret", is_flag=True, help="Leave the tokens where they are kept.")
@TIMEOUT
@command
def destroy(
    output: Output,
    profile: Path,
    yes: bool,
    trusted: tuple[str, ...],
    dry_run: bool,
    keep_runner: bool,
    keep_secret: bool,
    timeout: int,
) -> Result:
    """Remove runner, token and objects, once their jobs have ended; proves that all is gone."""
    how = RunOptions(deadline=timeout, keep_runner=keep_runner, keep_secret=keep_secret)
    return take_away(output, profile, how, trusted, yes=yes, dry_run=dry_run)


def take_away(
    output: Output,
    profile: Path,
    how: RunOptions,
    trusted: tuple[str, ...],
    *,
    yes: bool,
    dry_run: bool = False,
) -> Result:
    """Destroy what a profile made, once that is agreed to."""
    from wizard.operations import dispatch as verbs

    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    attended = not yes and terminal()
    how = replace(how, attended=attended, cancel=systems.cancel)
    planned = run(verbs.plan_destroy(opened, systems, how))
    if dry_run:
        return Result(plan_text(planned, output), plan_data(planned))
    if not yes:
        question = "Destroy all this?"
        agree(output, planned, question, attended=attended, typed=opened.profile.name)
    agreed = None if yes else planned
    return follow(output, verbs.destroy(opened, systems, how), agreed, _NOTHING_THERE)
