"""The commands for a runner that is at work: rotate, pause, drain, unpause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from wizard.cli.following import agree, follow
from wizard.cli.offline import PROFILE
from wizard.cli.output import Output, Result
from wizard.cli.running import command
from wizard.cli.wired import TIMEOUT, TRUST, YES, terminal, wiring_for
from wizard.core.command_line import command as spelt
from wizard.core.errors import ExitCode
from wizard.core.plain import strip_to_line
from wizard.core.run import Renewal, RunOptions
from wizard.core.threads import run
from wizard.core.units import parse_duration
from wizard.operations.profiles import open_profile
from wizard.operations.runners.selection import selected
from wizard.profile.load import LoadedProfile
from wizard.wiring import Wiring

_LONGEST_REASON = 200
RUNNERS = click.option(
    "--runner",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this runner, or those that a pattern names; may be given several times.",
)


class _Span(click.ParamType[timedelta]):
    """A span of time, as a profile has it: `30d`, `12h`."""

    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return timedelta(seconds=parse_duration(str(value)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@PROFILE
@RUNNERS
@click.option(
    "--if-older-than", "older_than", type=_Span(), metavar="SPAN", help="Only older tokens: 30d."
)
@click.option(
    "--if-expires-within",
    "expires_within",
    type=_Span(),
    metavar="SPAN",
    help="Only tokens that end within this time: 7d.",
)
@YES
@TRUST
@click.option("--no-smoke", is_flag=True, help="Do not end with a smoke job.")
@TIMEOUT
@command
def rotate(
    output: Output,
    profile: Path,
    names: tuple[str, ...],
    older_than: timedelta | None,
    expires_within: timedelta | None,
    yes: bool,
    trusted: tuple[str, ...],
    no_smoke: bool,
    timeout: int,
) -> Result:
    """Give runners new tokens: reset, stored, synced, managers restarted, proven."""
    from wizard.operations import dispatch as verbs

    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    attended = not yes and terminal()
    how = RunOptions(
        attended,
        smoke=not no_smoke,
        deadline=timeout,
        cancel=systems.cancel,
        only=selected(opened.profile, names),
        renewal=Renewal(older_than, expires_within),
    )
    agreed = None
    if not yes:
        agreed = run(verbs.plan(opened, systems, how))
        agree(output, agreed, "Rotate these tokens?", attended=attended)
    result = follow(output, verbs.apply(opened, systems, how), agreed, "No token is due.")
    if result.exit_code is not ExitCode.WAITING:
        return result
    then = spelt("apply", profile)
    return replace(result, text=f"Written, waiting for you; once it is synced, run: {then}")


REASON = click.option("--reason", default="", metavar="TEXT", help="Why; shown to others.")


@click.command()
@PROFILE
@RUNNERS
@REASON
@TRUST
@command
def pause(
    output: Output, profile: Path, names: tuple[str, ...], reason: str, trusted: tuple[str, ...]
) -> Result:
    """Let runners take no new jobs for a while; those that run go on. apply leaves it so."""
    from wizard.operations import dispatch as verbs

    opened, systems, chosen = _meant(output, profile, names, trusted)
    return follow(output, verbs.pause(opened, systems, chosen, _one_line(reason)), None)


@click.command()
@PROFILE
@RUNNERS
@REASON
@TRUST
@click.option(
    "--timeout",
    type=click.IntRange(1),
    default=None,
    help="Seconds that running jobs may take; without it, the profile's manager.drain.",
)
@command
def drain(
    output: Output,
    profile: Path,
    names: tuple[str, ...],
    reason: str,
    trusted: tuple[str, ...],
    timeout: int | None,
) -> Result:
    """Pause runners and wait until their running jobs have ended, for a node's maintenance."""
    from wizard.operations import dispatch as verbs

    opened, systems, chosen = _meant(output, profile, names, trusted)
    patience = timeout or opened.profile.manager.drain
    how = RunOptions(deadline=patience, cancel=systems.cancel)
    events = verbs.drain(opened, systems, how, chosen, _one_line(reason))
    return follow(output, events, None, "Drained.")


@click.command()
@PROFILE
@RUNNERS
@click.option("--yes", is_flag=True, help="Also what another user has paused.")
@TRUST
@command
def unpause(
    output: Output, profile: Path, names: tuple[str, ...], yes: bool, trusted: tuple[str, ...]
) -> Result:
    """Let runners take jobs again."""
    from wizard.operations import dispatch as verbs

    opened, systems, chosen = _meant(output, profile, names, trusted)
    return follow(output, verbs.unpause(opened, systems, chosen, anyones=yes), None)


def _meant(
    output: Output, profile: Path, names: tuple[str, ...], trusted: tuple[str, ...]
) -> tuple[LoadedProfile, Wiring, frozenset[str]]:
    opened = open_profile(profile)
    return opened, wiring_for(opened, output, trusted), selected(opened.profile, names)


def _one_line(reason: str) -> str:
    return strip_to_line(reason).strip()[:_LONGEST_REASON]
