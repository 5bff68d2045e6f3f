"""Which chart brings which runner, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wizard.profile.model import Profile
from wizard.render.tables.catalogue import runner_versions, version_key


class Evidence(StrEnum):
    """How a row of the table is known."""

    READ = "the chart's own files, read"
    RENDERED = "a published rendering of the chart, compared with the chart read"
    REPORTED = "release notes and public records of clusters that run it"
    FOLLOWS = "the runner's tag; the chart's number follows from those beside it"


@dataclass(frozen=True, slots=True)
class Chart:
    """One version of GitLab's chart; `runner` is its appVersion."""

    version: str
    runner: str
    evidence: Evidence


# The changelog of the chart is wrong in places (0.79.0) and skips releases, so it counts for
# nothing here. Charts before 0.84.0 put the Role into the wrong namespace where jobs have their
# own (charts/gitlab-runner!522), so none of them is offered.
CHARTS = (
    Chart("0.84.0", "18.7.0", Evidence.FOLLOWS),
    Chart("0.84.1", "18.7.1", Evidence.READ),
    Chart("0.84.2", "18.7.2", Evidence.FOLLOWS),
    Chart("0.85.0", "18.8.0", Evidence.READ),
    Chart("0.86.0", "18.9.0", Evidence.READ),
    Chart("0.87.0", "18.10.0", Evidence.FOLLOWS),
    Chart("0.87.1", "18.10.1", Evidence.FOLLOWS),
    Chart("0.88.0", "18.11.0", Evidence.REPORTED),
    Chart("0.88.1", "18.11.1", Evidence.REPORTED),
    Chart("0.88.2", "18.11.2", Evidence.FOLLOWS),
    Chart("0.88.3", "18.11.3", Evidence.REPORTED),
    Chart("0.88.4", "18.11.4", Evidence.REPORTED),
    Chart("0.89.0", "19.0.0", Evidence.REPORTED),
    Chart("0.89.1", "19.0.1", Evidence.REPORTED),
    Chart("0.89.2", "19.0.2", Evidence.FOLLOWS),
    Chart("0.89.3", "19.0.3", Evidence.FOLLOWS),
    Chart("0.90.0", "19.1.0", Evidence.REPORTED),
    Chart("0.90.1", "19.1.1", Evidence.REPORTED),
    Chart("0.90.2", "19.1.2", Evidence.FOLLOWS),
    Chart("0.91.0", "19.2.0", Evidence.REPORTED),
    Chart("0.91.1", "19.2.1", Evidence.FOLLOWS),
    Chart("0.91.2", "19.2.2", Evidence.REPORTED),
    Chart("0.91.3", "19.2.3", Evidence.REPORTED),
    Chart("0.92.0", "19.3.0", Evidence.RENDERED),
    Chart("0.92.1", "19.3.1", Evidence.REPORTED),
    Chart("0.92.2", "19.3.2", Evidence.FOLLOWS),
    Chart("0.93.0", "19.4.0", Evidence.REPORTED),
    Chart("0.93.1", "19.4.1", Evidence.FOLLOWS),
    Chart("0.94.0", "19.5.0", Evidence.REPORTED),
    Chart("0.94.1", "19.5.1", Evidence.REPORTED),
)
OLDEST_RUNNER = runner_versions()[0]
NEWEST_RUNNER_READ = runner_versions()[-1]


def minor(version: str) -> tuple[int, ...]:
    """`19.3.1` and `19.3.0` are one minor release."""
    return version_key(version)[:2]


def chart_of(runner_version: str) -> Chart | None:
    """The chart that brings this runner; None where none is known."""
    return next((chart for chart in CHARTS if chart.runner == runner_version), None)


def runner_of(chart_version: str) -> str:
    """The runner that a chart brings; empty where it is not known."""
    return next((chart.runner for chart in CHARTS if chart.version == chart_version), "")


def chart_version(profile: Profile) -> str:
    """The chart that a profile is rendered for: its own wish, or the one of its runner's version.

    Raises: LookupError, where neither is known; `check` says so in words.
    """
    if profile.delivery.chart.version:
        return profile.delivery.chart.version
    chart = chart_of(profile.manager.runner_version)
    if chart is None:
        raise LookupError(f"no chart is known for runner {profile.manager.runner_version}")
    return chart.version
