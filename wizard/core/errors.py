"""What can go wrong, in three parts, and the exit code that each kind ends with.

The whole tree, which every system's own errors belong to:

    WizardError                 failed                                            exit 1
    ├── RefusedError            refused before anything was changed               exit 3
    ├── UsageError              the command or the profile cannot be used         exit 2
    │   └── MissingCredentialError  none was given, and no terminal to ask on
    ├── StoppedError            the wait was interrupted                          exit 130
    ├── NotReachedError         no answer, or not a valid one
    │   ├── TransientError      often over in a second: cut off, or 502, 503, 504
    │   └── InvalidAnswerError  an answer, but not one that this system gives
    ├── NotAllowedError         the other side refuses, or does not know us
    │   ├── ScopeTooSmallError  another token may do it
    │   └── LoginRefusedError   never tried again: repeated bad logins lock an account
    ├── NotFoundError           not there, or not visible
    ├── ConflictError           another owner holds or changed it
    └── RejectedError           understood, and not accepted as it is
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from wizard.core.findings import Finding


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
    said = ""
    """What the other system answered, for its own room to tell dialects apart by; not for people,
    who read it in `cause`."""

    log = ""
    """The address of the whole log, where `cause` has only its end."""

    def __init__(self, problem: str, cause: str = "", fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.cause = cause
        self.fix = fix

    def __str__(self) -> str:
        return "\n".join(part for part in (self.problem, self.cause, self.fix) if part)

    @property
    def finding(self) -> Finding:
        """The error as the record that checks and imports share."""
        return Finding(self.problem, cause=self.cause, fix=self.fix)


class RefusedError(WizardError):
    """Refused before anything was changed."""

    exit_code = ExitCode.REFUSED

    @classmethod
    def because_of(cls, findings: Iterable[Finding]) -> RefusedError:
        """One refusal that names everything in the way.

        Args:
            findings: at least one.
        """
        first, *others = findings
        if not others:
            cause = "\n".join(filter(None, (first.evidence, first.cause)))
            return cls(first.problem, cause, first.fix)
        refused = cls(
            f"Nothing was changed: {1 + len(others)} checks failed.",
            "\n".join(map(_paragraph, (first, *others))),
            "Fix what each of them names, then run it again",
        )
        refused.findings = (first, *others)
        return refused

    findings: tuple[Finding, ...] = ()
    """Each thing that is in the way, where there are several; `cause` has them all as text."""


def _paragraph(finding: Finding) -> str:
    parts = filter(None, (finding.problem, finding.evidence, finding.cause))
    return "\n  ".join(line for part in parts for line in part.splitlines()) + (
        f"\n  fix: {finding.fix}" if finding.fix else ""
    )


class UsageError(WizardError):
    """The command, or the profile it was given, cannot be used as it is."""

    exit_code = ExitCode.USAGE


class StoppedError(WizardError):
    """A wait was interrupted; what it waited for has not happened."""

    exit_code = ExitCode.INTERRUPTED


class MissingCredentialError(UsageError):
    """There is no credential, and no terminal to ask for one.

    Args:
        variable: the environment variable that it is taken from.
    """

    def __init__(self, problem: str, cause: str = "", fix: str = "", *, variable: str) -> None:
        super().__init__(problem, cause, fix)
        self.variable = variable


class NotReachedError(WizardError):
    """The other side could not be asked: refused, timed out, cut off, or an invalid answer.

    Args:
        maybe_done: True where the request may have taken effect although no answer came,
            so that it must not be sent again blindly.
    """

    def __init__(
        self, problem: str, cause: str = "", fix: str = "", *, maybe_done: bool = False
    ) -> None:
        super().__init__(problem, cause, fix)
        self.maybe_done = maybe_done


class TransientError(NotReachedError):
    """A failure that is often over in a second: the connection was cut, or 502, 503, 504."""


class InvalidAnswerError(NotReachedError):
    """An answer came, and it is not one that this system gives: a login page, half of one, ..."""


class NotAllowedError(WizardError):
    """The other side refuses, or does not know us."""


class ScopeTooSmallError(NotAllowedError):
    """The token is good, but its scopes do not reach this call; another token may."""


class LoginRefusedError(NotAllowedError):
    """The credentials were refused; sent again and again, they would lock the account."""


class NotFoundError(WizardError):
    """The thing asked for is not there, or may not be seen."""


class ConflictError(WizardError):
    """Another owner holds it, or changed it meanwhile."""


class RejectedError(WizardError):
    """The other side understood, and objects to what was asked (400, 422 and their like)."""
