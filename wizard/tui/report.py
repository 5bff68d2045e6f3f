"""A report of one run, to attach to a question: what was done, what failed, no secret."""

from __future__ import annotations

import platform
from pathlib import Path

from wizard import __version__
from wizard.core.secrets import redact
from wizard.profile.save import free_name, write
from wizard.tui.work import Work, duration


def save_report(work: Work, profile: Path, folder: Path) -> Path:
    """Write the report to a file of its own in a folder; its path. Raises: WizardError."""
    path = free_name(folder / f"{profile.stem}-report.txt")
    write(path, redact(_text(work, profile)))
    return path


def _text(work: Work, profile: Path) -> str:
    verb, state, took = work.verb.value, work.state.value, duration(work.seconds)
    events = [f"{duration(seconds):>6}  {event.sentence()}" for seconds, event in work.events]
    ending = ["", str(work.error)] if work.error else []
    return "\n".join(
        [
            f"Runner Wizard {__version__}, Python {platform.python_version()}",
            f"{verb} of {profile.name}: {state} after {took}",
            "",
            work.lines(),
            "",
            *events,
            *ending,
            "",
        ]
    )
