"""Opening the wizard: its screens, or the same questions as lines."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wizard.cli.output import Output, Result, confirmed
from wizard.cli.running import command
from wizard.core.command_line import command as spelt
from wizard.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wizard.profile.draft import Draft


@click.command(name="open")
@click.argument("profile", type=click.Path(path_type=Path), metavar="[PROFILE]", required=False)
@click.option("--plain", is_flag=True, help="Ask line by line, for screen readers.")
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    metavar="URL",
    help="Send credentials of the environment to this address too.",
)
@command
def open_(output: Output, profile: Path | None, plain: bool, trusted: tuple[str, ...]) -> Result:
    """Open the wizard, for a new or an existing profile."""
    _refuse_without_terminal(profile, plain=plain)
    if plain:
        return _as_lines(output, profile)
    _stop_writing_on_the_screen()
    return Result(exit_code=_wizard()(profile, trusted))


def _wizard() -> Callable[[Path | None, tuple[str, ...]], ExitCode]:
    """Import the screens; nothing of what comes with them is ever garbage, so no one looks."""
    # At Textual's 60 frames a second, what a key brings about behind its first frame waits for
    # up to two of them: longer than it takes to draw.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    gc.disable()
    from wizard.tui.app import open_wizard

    gc.freeze()
    gc.enable()
    return open_wizard


def _refuse_without_terminal(profile: Path | None, *, plain: bool) -> None:
    """Textual draws on whatever it is given, and waits for keys for ever. Raises: UsageError."""
    asked, shown = sys.stdin.isatty(), sys.stderr.isatty()
    screens = plain or (sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb")
    if asked and shown and screens:
        return
    if asked and shown:
        raise UsageError(
            "This terminal cannot show the wizard's screens.",
            f"TERM is {os.environ.get('TERM') or 'not set'}, or the output goes elsewhere",
            f"Ask line by line instead: {spelt('open', '--plain', *_given(profile))}",
        )
    way = (
        f"{spelt('plan', profile)}, then {spelt('apply', profile, '--yes')}"
        if profile
        else f"{spelt('init', '--preset', 'homelab')}, then {spelt('plan', 'homelab.yaml')}"
    )
    raise UsageError(
        "The wizard needs a terminal.", "there is none here", f"Run without one: {way}"
    )


def _given(profile: Path | None) -> tuple[Path, ...]:
    return (profile,) if profile else ()


def _as_lines(output: Output, profile: Path | None) -> Result:
    from wizard.cli.asking import ask_again, ask_more, ask_questions
    from wizard.operations.profiles import open_profile
    from wizard.profile.draft import Draft, Origin
    from wizard.profile.examples import examples
    from wizard.profile.presets import from_preset, new_id
    from wizard.profile.save import write_new

    if profile:
        loaded = open_profile(profile)
        draft = Draft(loaded.text, profile, Origin.PROFILE)
        ask_again(output, draft)
        ask_more(output, draft)
        if draft.dirty:
            _save(output, draft)
    else:
        preset, answers = ask_questions(output)
        text = from_preset(preset, answers, new_id())
        draft = Draft(text, Path(f"{preset}.yaml"), Origin.PRESET, preset)
        ask_more(output, draft)
        write_new(draft.path, draft.text())
    path = draft.path
    left = examples(open_profile(path).document)
    output.say(f"\nwrote {path}. Next: {spelt('plan', path)}, then {spelt('apply', path)}")
    return Result(str(path), {"profile": str(path)}, warnings=left)


def _save(output: Output, draft: Draft) -> None:
    """Write the answers to their file, or beside it where that would lose something."""
    from wizard.profile.overwriting import doubts
    from wizard.profile.save import free_name, write

    path = draft.path
    for doubt in doubts(draft, path):
        output.say(f"\n{doubt.detail}")
        if not confirmed(doubt.question):
            beside = free_name(path)
            write(beside, draft.text())
            draft.saved(beside)
            output.say(f"{path} was left as it is.")
            return
    write(path, draft.text())


def _stop_writing_on_the_screen() -> None:
    """A log that goes to stderr would be drawn over; one that goes to a file may go on."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
