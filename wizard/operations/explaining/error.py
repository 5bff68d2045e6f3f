"""An error that has just happened, with what is known of its kind."""

from __future__ import annotations

from collections.abc import Iterable

from wizard.core.errors import WizardError
from wizard.doctor import Kind, Sureness, Text, diagnose


def explained(error: WizardError, texts: Iterable[Text] = ()) -> WizardError:
    """The same error with the cause and the way out of the known failure that shows, if one does.

    Args:
        error: whatever it quotes is looked at as well.
        texts: logs that were read for it.
    """
    quoted = Text(Kind.UNKNOWN, "what was seen", error.cause)
    found = [one for one in diagnose([quoted, *texts]).found if one.sure is not Sureness.POSSIBLE]
    if not found:
        return error
    first = found[0]
    shown = "" if first.line.text in error.cause else f"{first.line}\n"
    known = f"{shown}{first.problem} Most often {first.cause}"
    cause = "\n".join(filter(None, (error.cause, known)))
    told = type(error)(error.problem, cause, _both(first.fix, error.fix))
    told.exit_code = error.exit_code
    return told


def _both(known: str, usual: str) -> str:
    """The known failure's way out, and where the log is, which the error itself says."""
    return f"{known}; {usual}" if "log at http" in usual or " at http" in usual else known
