"""Which of a profile's runners a verb is for, by the names and patterns that were given."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from wizard.core.errors import UsageError
from wizard.core.problems import did_you_mean
from wizard.profile.model import Profile

_SHOWN = 10


def selected(profile: Profile, patterns: Sequence[str]) -> frozenset[str]:
    """The names of the runners that any of the patterns names; `*` is for any text.

    Raises: UsageError, for a pattern that names none of them.
    """
    names = [runner.name for runner in profile.runners]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            shown = ", ".join(names[:_SHOWN]) + (", ..." if names[_SHOWN:] else "")
            hint = did_you_mean(pattern, names)
            raise UsageError(
                f"The profile has no runner {pattern}.",
                f"its runners: {shown}",
                f"Write one of them, or a pattern such as {names[0][:3]}*"
                + (f"; {hint}" if hint else ""),
            )
    return frozenset(
        name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)
    )
