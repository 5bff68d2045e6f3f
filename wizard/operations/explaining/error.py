"""An error that has just happened, with what is known of its kind."""

from __future__ import annotations

from collections.abc import Iterable

from wizard.core.errors import WizardError
from wizard.doctor import Kind, Sureness, Text, diagnose


def explained(error: WizardError, texts: Iterable[Text] = ()) -> WizardError:
    """The same error with the cause and the fix of the known failure that it shows, if any.

    Args:
        error: what it quotes is searched as well.
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
    log = f"; read the whole log at {error.log}" if error.log else ""
    richer = type(error)(error.problem, cause, f"{first.fix}{log}")
    richer.exit_code, richer.log = error.exit_code, error.log
    return richer
