"""The commands that look and change nothing: status."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from wizard.cli.offline import PROFILE
from wizard.cli.output import Output, Result
from wizard.cli.running import command
from wizard.cli.wired import TRUST, wiring_for
from wizard.core.errors import ExitCode
from wizard.core.threads import run
from wizard.operations.profiles import open_profile
from wizard.operations.status import State, Status, status_data, status_text
from wizard.operations.status import look as look_now
from wizard.profile.load import LoadedProfile
from wizard.wiring import Wiring

_CODES = {
    State.OK: ExitCode.DONE,
    State.UNSEEN: ExitCode.DONE,
    State.DIFFERS: ExitCode.CHANGES,
    State.BROKEN: ExitCode.FAILED,
}
_COLORS = {State.OK: "green", State.DIFFERS: "yellow", State.BROKEN: "red"}


@click.command()
@PROFILE
@TRUST
@click.option("--watch", is_flag=True, help="Look again every few seconds, until Ctrl-C.")
@click.option(
    "--every",
    type=click.IntRange(1, 3600),
    default=5,
    show_default=True,
    help="Seconds between two looks of --watch.",
)
@command
def status(
    output: Output, profile: Path, trusted: tuple[str, ...], watch: bool, every: int
) -> Result:
    """Show what is true now; exit 0 as the profile says, 10 it differs, 1 it does not work."""
    opened = open_profile(profile)
    systems = wiring_for(opened, output, trusted)
    found = run(_look(opened, systems, output, every if watch else 0))
    text = _text(found, output)
    return Result(text, status_data(found), _CODES[found.state], opened.warnings)


def _text(found: Status, output: Output) -> str:
    def paint(text: str, state: State) -> str:
        return output.mark(text, fg=_COLORS.get(state))

    return status_text(found, paint)


async def _look(opened: LoadedProfile, systems: Wiring, output: Output, every: int) -> Status:
    """Look once, or until someone interrupts."""
    try:
        while True:
            found = await look_now(opened, systems)
            if not every:
                return found
            if output.as_json:
                output.line(status_data(found))
            else:
                _redraw(_text(found, output), output)
            await asyncio.sleep(every)
    finally:
        systems.stop_waiting()
        await asyncio.to_thread(systems.close)


def _redraw(text: str, output: Output) -> None:
    if sys.stdout.isatty():
        click.clear()
    output.show(text)
