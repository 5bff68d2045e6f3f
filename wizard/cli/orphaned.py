"""The command that lists runners without a profile."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import click

from wizard.cli.output import Output, Result
from wizard.cli.running import command
from wizard.cli.wired import TRUST, wiring_for
from wizard.core.plain import strip_to_line
from wizard.core.threads import run
from wizard.operations.day_two.orphans import Orphan
from wizard.operations.day_two.orphans import orphans as find
from wizard.operations.profiles import open_profile

PROFILES = click.argument(
    "profiles", type=click.Path(path_type=Path), metavar="PROFILE...", nargs=-1, required=True
)


@click.command()
@PROFILES
@TRUST
@command
def orphans(output: Output, profiles: tuple[Path, ...], trusted: tuple[str, ...]) -> Result:
    """List runners with a marker of the wizard's that none of these profiles has."""
    opened = [open_profile(path) for path in profiles]
    with ExitStack() as stack:
        given = []
        for one in opened:
            systems = wiring_for(one, output, trusted)
            stack.callback(systems.close)
            given.append((one.profile, systems))
        found = run(find(given))
    text = "\n".join(map(_line, found)) or "No runner without a profile."
    return Result(text, {"orphans": [asdict(orphan) for orphan in found]})


def _line(orphan: Orphan) -> str:
    heard = (
        f"last contact {orphan.contacted_at:%Y-%m-%d %H:%M} UTC"
        if orphan.contacted_at
        else "never in contact"
    )
    line = f"runner {orphan.id} of {orphan.place}: {orphan.description} ({heard}): {orphan.why}"
    return strip_to_line(line)
