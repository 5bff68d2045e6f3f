"""Whether the runner's version goes with GitLab's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict

_LEAST_GITLAB = (16, 0)
"""The first that makes runners through its API and gives them tokens of their own."""


def skew(connected: Connected) -> Iterator[Check]:
    """GitLab's version beside the runner's: the same minor is what GitLab asks for."""
    runner, gitlab = connected.profile.manager.runner_version, connected.signed_in.version()
    ours, theirs = minor_of(runner), minor_of(gitlab)
    asked = "the runner's version goes with GitLab's"
    if theirs < _LEAST_GITLAB:
        finding = Finding(
            f"GitLab {gitlab} is too old.",
            cause="it cannot make runners with authentication tokens of their own",
            fix="Upgrade GitLab to 16.0 or newer",
        )
        yield Check(asked, Verdict.FAIL, finding)
    elif ours > theirs:
        finding = Finding(
            f"Runner {runner} is newer than GitLab {gitlab}.",
            cause="a runner may ask for what an older GitLab does not know",
            fix=f"Write a manager.runner_version of {theirs[0]}.{theirs[1]}, or upgrade GitLab",
        )
        yield Check(asked, Verdict.WARN, finding)
    elif ours[0] < theirs[0]:
        finding = Finding(
            f"Runner {runner} is a major version behind GitLab {gitlab}.",
            cause="GitLab promises that they work together only within a major version",
            fix=f"Write a manager.runner_version of {theirs[0]}.{theirs[1]}",
        )
        yield Check(asked, Verdict.WARN, finding)
    else:
        yield Check(asked, Verdict.OK)


def minor_of(version: str) -> tuple[int, int]:
    """Major and minor of a version as a server says it; of what is none, later than any."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    return (int(found[1]), int(found[2])) if found else (10**4, 0)
