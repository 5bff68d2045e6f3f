"""Which chart and runner a file means, exactly or about, and which of their keys count.

Keys are judged by the file's version for what they do now, and by the profile's for what is
carried over. Chart minors follow the runner's since 16.0 = 0.53 (twelve minors a major), read off
`Chart.yaml` and the changelogs from 0.41.0 (15.0) to 0.94 (19.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.profile.delivery import Manager
from wizard.render.tables.catalogue import version_key
from wizard.render.tables.versions import CHARTS, OLDEST_RUNNER, chart_of, runner_of

_EXACT = re.compile(r"v?(\d+\.\d+\.\d+)(?:[-+][\w.]+)?")
_TAG = re.compile(r"(?:[a-z][\w.]*-)?v?(\d+\.\d+(?:\.\d+)?)(?:-[\w.]+)?$")
_ONE_MINOR = re.compile(r"[~^=]?\s*v?(0\.\d+)(?:\.(?:[xX*]|\d+))?")
"""A range of a chart's patch releases: `~0.88`, `0.88.x`, `^0.88.1`."""
_RANGE = re.compile(r"[\s\dxX*.~^<>=!|,v-]*[\dxX*][\s\dxX*.~^<>=!|,v-]*")
_FIRST = 53
_MAJOR = 16
_MINORS = 12


@dataclass(frozen=True, slots=True)
class RunnerVersion:
    """The runner that runs now, as near as the file says."""

    number: str = ""
    """`18.6.1`; where only the minor is known, `18.6.0`; empty: not known."""
    source: str = ""
    """What says so: `chart 0.83.1`, `image.tag`; empty where nothing does."""

    @property
    def minor(self) -> str:
        return ".".join(self.number.split(".")[:2])


def exact(text: str) -> str:
    """The version that a text pins; empty for a range and anything else."""
    found = _EXACT.fullmatch(text.strip())
    return found[1] if found else ""


def is_range(text: str) -> bool:
    """Whether Helm takes a text for a range of versions."""
    return bool(_RANGE.fullmatch(text)) and not exact(text)


def meant_chart(text: str) -> str:
    """The chart of a version, or of a range within one minor release: the newest of it on record.

    Empty for a wider range, and for anything else.
    """
    found = _ONE_MINOR.fullmatch(text.strip())
    if exact(text) or not found:
        return exact(text)
    listed = [one.version for one in CHARTS if one.version.startswith(f"{found[1]}.")]
    return listed[-1] if listed else f"{found[1]}.0"


def runner_of_chart(chart: str) -> str:
    """The runner that a chart brings, from the table or by counting; empty where not known."""
    if listed := runner_of(chart):
        return listed
    major, minor, *_ = version_key(chart)
    if major != 0 or minor < 1:
        return ""
    months = (minor - _FIRST) + _MAJOR * _MINORS
    return f"{months // _MINORS}.{months % _MINORS}.0"


def runner_of_tag(tag: str) -> str:
    """The runner's version in an image's tag: `alpine-v17.11.0`, `v18.9.0`; empty: it has none."""
    found = _TAG.match(tag)
    if not found:
        return ""
    return found[1] if found[1].count(".") == 2 else f"{found[1]}.0"


def target_runner(chart: str) -> str:
    """The runner that the profile asks for: the file's own where the wizard can set it up."""
    listed = runner_of(chart) if chart else ""
    return listed if listed and version_key(listed) >= version_key(OLDEST_RUNNER) else ""


def wanted_runner(chart: str, own: str) -> str:
    """The same, where an image of the file's own says which runner: that one counts."""
    is_known = any(own == one.runner for one in CHARTS)
    return own if own and is_known else target_runner(chart)


def default_runner() -> str:
    return Manager().runner_version


def target_chart(runner: str) -> str:
    """The chart of the profile's runner."""
    found = chart_of(runner or default_runner())
    return found.version if found else CHARTS[-1].version


def older(one: str, other: str) -> bool:
    """Whether one version comes before another."""
    return version_key(one) < version_key(other)
