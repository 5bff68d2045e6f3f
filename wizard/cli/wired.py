"""The options of every command that reaches systems, and the systems that they stand for."""

from __future__ import annotations

import os
import sys

import click

from wizard.cli.output import Output, confirmed
from wizard.core.command_line import command as spelt
from wizard.profile.load import LoadedProfile
from wizard.terminal.hand_over import hand_over
from wizard.wiring import Wiring
from wizard.wiring.trust import Trust

TRUST = click.option(
    "--trust",
    "trusted",
    multiple=True,
    metavar="URL",
    help="Send credentials of the environment to this address too.",
)
YES = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
TIMEOUT = click.option(
    "--timeout",
    type=click.IntRange(1, 3600),
    default=300,
    show_default=True,
    help="Seconds for each wait: a rollout, a first contact, a job.",
)


def wiring_for(opened: LoadedProfile, output: Output, trusted: tuple[str, ...]) -> Wiring:
    """The systems of a profile, for this command; a person is asked where there is one."""

    def ask(prompt: str) -> str:
        answer: str = click.prompt(prompt, hide_input=True, err=True)
        return answer

    def confirm(question: str) -> bool:
        return confirmed(question)

    command = spelt(output.command, opened.path)
    attended = terminal()
    trust = Trust(os.environ, trusted, confirm if attended else None, command)
    if not attended:
        return Wiring(opened, say=output.say, trust=trust)
    return Wiring(opened, ask=ask, hand_over=hand_over, say=output.say, trust=trust)


def terminal() -> bool:
    """Whether a person is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
