"""The versions in use, beside the newest of our table that go with them."""

from __future__ import annotations

from wizard.checks.versions import minor_of
from wizard.operations.status.nouns import VersionStatus
from wizard.profile.model import Profile
from wizard.render.tables.catalogue import version_key
from wizard.render.tables.versions import CHARTS, chart_of, chart_version


def version_status(profile: Profile, gitlab: str) -> VersionStatus:
    """What is newer than the profile's, as far as this release of the wizard knows.

    Args:
        gitlab: GitLab's version as it says it; empty where it was not asked.
    """
    ours = profile.manager.runner_version
    try:
        chart = chart_version(profile) if profile.delivery.spec.uses_chart else ""
    except LookupError:
        chart = ""
    newest = newest_for(gitlab)
    is_newer = bool(newest) and version_key(newest) > version_key(ours)
    brings = chart_of(newest)
    return VersionStatus(
        ours,
        chart,
        gitlab,
        newest if is_newer else "",
        brings.version if is_newer and chart and brings else "",
    )


def newest_for(gitlab: str) -> str:
    """The newest runner of the table; a runner should not be newer than its GitLab."""
    known = [chart.runner for chart in CHARTS]
    if gitlab:
        theirs = minor_of(gitlab)
        known = [version for version in known if minor_of(version) <= theirs]
    return max(known, key=version_key, default="")
