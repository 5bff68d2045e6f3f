"""The command that takes a profile to another version of the runner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from wizard.cli.following import decided
from wizard.cli.offline import PROFILE
from wizard.cli.output import Output, Result
from wizard.cli.running import command
from wizard.cli.wired import TRUST, YES, terminal, wiring_for
from wizard.core.command_line import command as spelt
from wizard.core.plain import strip_to_line
from wizard.core.threads import run
from wizard.operations.day_two.upgrading import Upgrade, plan_upgrade
from wizard.operations.profiles import open_profile

_SHOWN = 40
_NAMED = 12


@click.command()
@PROFILE
@click.option("--to", default="", metavar="VERSION", help="This one, and not the newest known.")
@YES
@TRUST
@command
def upgrade(output: Output, profile: Path, to: str, yes: bool, trusted: tuple[str, ...]) -> Result:
    """Write a newer runner version into the profile, once what changes with it is seen."""
    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    planned = run(plan_upgrade(opened, systems, to))
    if planned is None:
        version = opened.profile.manager.runner_version
        return Result(f"Runner {version} is the newest known that goes with GitLab.", {"to": None})
    output.say("\n".join(_shown(planned)))
    if not yes:
        decided(f"Write {planned.after} into {profile}?", attended=terminal())
    opened.save(planned.changes)
    data = {name: value for name, value in asdict(planned).items() if name not in {"changes"}} | {
        "to": planned.after,
        "written": [".".join(map(str, key)) for key in planned.changes],
    }
    return Result(f"Wrote it. Then: {spelt('apply', profile)}", data)


def _shown(planned: Upgrade) -> Iterator[str]:
    yield f"runner {planned.before} -> {planned.after}"
    if planned.chart_before:
        yield f"chart {planned.chart_before} -> {planned.chart_after}"
    keys = (_named(planned.keys_gone, "gone"), _named(planned.keys_new, "new"))
    yield f"keys of config.toml: {', '.join(keys)}"
    yield "rights of the manager: " + (", ".join(planned.rights) or "the same")
    for problem in planned.warnings:
        yield strip_to_line(f"warning: {problem}")
    yield "rendered otherwise:"
    for line, count in planned.lines[:_SHOWN]:
        yield strip_to_line(f"  {line}") + (f"   ({count} times)" if count > 1 else "")
    if more := len(planned.lines) - _SHOWN:
        yield from [f"  and {more} more lines: see render --diff"] if more > 0 else []


def _named(keys: tuple[str, ...], what: str) -> str:
    if not keys:
        return f"none {what}"
    more = f", and {len(keys) - _NAMED} more" if keys[_NAMED:] else ""
    return f"{len(keys)} {what} ({', '.join(keys[:_NAMED])}{more})"
