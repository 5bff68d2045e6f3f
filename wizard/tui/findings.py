"""What was found in a set-up that a profile was made of, to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.core.findings import findings_text
from wizard.tui.modals import Reading

if TYPE_CHECKING:
    from wizard.operations.importing import Imported


def findings(imported: Imported) -> Reading:
    """A screen that says what is wrong there, and what was not taken over."""
    lines = list(findings_text(imported.findings)) or ["Nothing is wrong there."]
    lines += [f"not taken over: {sentence}" for sentence in imported.left]
    return Reading(f"What was found in {imported.source}", "\n".join(lines))
