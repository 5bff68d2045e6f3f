"""What was found in a set-up that a profile was made of, to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.tui.modals import Reading

if TYPE_CHECKING:
    from wizard.importing import Imported


def findings(imported: Imported) -> Reading:
    """A screen that says what is wrong there and what changes, what matters most first."""
    from wizard.importing import findings_lines

    lines = list(findings_lines(imported.findings)) or ["Nothing is wrong there."]
    return Reading(f"What was found in {imported.source}", "\n".join(lines))
