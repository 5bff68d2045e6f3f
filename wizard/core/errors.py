"""What can go wrong, said in three parts, and the exit code each kind ends with."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The documented exit codes; every command ends with one of these."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    WAITING = 4
    CHANGES = 10
    INTERRUPTED = 130


class WizardError(Exception):
    """An error a person can act on: what is wrong, why, and the way out.

    Args:
        problem: one sentence, what is wrong.
        cause: why it is so, with the other system's own words where there are any.
        fix: what to do next.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, problem: str, cause: str = "", fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.cause = cause
        self.fix = fix

    def __str__(self) -> str:
        return "\n".join(part for part in (self.problem, self.cause, self.fix) if part)


class Refused(WizardError):
    """Refused before anything was changed."""

    exit_code = ExitCode.REFUSED


class UsageError(WizardError):
    """The command, or the profile it was given, cannot be used as it is."""

    exit_code = ExitCode.USAGE


class MissingCredentialError(UsageError):
    """There is no credential, and nobody to ask for it.

    Args:
        variable: the environment variable that it is taken from.
    """

    def __init__(self, problem: str, cause: str = "", fix: str = "", *, variable: str) -> None:
        super().__init__(problem, cause, fix)
        self.variable = variable


class NotReached(WizardError):
    """The other side could not be asked: refused, timed out, cut, or answered nonsense.

    Args:
        maybe_done: True where the request may have taken effect although no answer came,
            so that it must not be sent again blindly.
    """

    def __init__(
        self, problem: str, cause: str = "", fix: str = "", *, maybe_done: bool = False
    ) -> None:
        super().__init__(problem, cause, fix)
        self.maybe_done = maybe_done


class NotAllowed(WizardError):
    """The other side knows us and says no, or does not know us."""


class NotFound(WizardError):
    """The thing asked for is not there, or may not be seen."""


class Conflict(WizardError):
    """Somebody else holds or changed the thing."""
