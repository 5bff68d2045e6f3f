"""What a release means before it is translated: its version, old keys, variables, its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.core.problems import Key
from wizard.importing.chart_tables import old_keys, old_until
from wizard.importing.ledger import Fate, Spot
from wizard.importing.release import Release, Said, entries
from wizard.importing.versions import (
    RunnerVersion,
    older,
    runner_of_chart,
    runner_of_tag,
)
from wizard.importing.view import Layer, View, renamed
from wizard.importing.wrappers.beside import Beside
from wizard.importing.wrappers.config import from_values, table_words
from wizard.importing.wrappers.variables import as_register_reads, table_key_of

_Pairs = list[tuple[Key, Any, Spot]]


def prepare(release: Release, beside: Beside) -> None:
    """Find out the release's version, and read its tables with all that lies over them."""
    if release.has_chart and not release.chart:
        names = [
            name for name in (release.parent, "gitlab-runner") if name in beside.chart_versions
        ]
        release.chart = beside.chart_versions[names[0]] if names else Said()
    release.version = _version(release)
    if not release.has_chart:
        release.tables = release.tables or [View(release.ledger, [], table_words)]
        return
    old, variables = [_old(release)], [_variables(release)]
    # Old charts made variables of these, which count before the template; new ones ignore them.
    counts = bool(release.chart_version)
    over = [one for one in (*(old if counts else ()), *variables) if one.data]
    from_values(release, over, [one for one in old if one.data and not counts])


def _version(release: Release) -> RunnerVersion:
    image = release.values.get("image")
    tag = image.rpartition(":")[2] if isinstance(image, str) else release.values.get("image", "tag")
    if number := runner_of_tag(str(tag or "")):
        return RunnerVersion(number, f"the manager's image, {tag}")
    chart = release.chart_version
    if chart and (number := runner_of_chart(chart)):
        return RunnerVersion(number, f"chart {chart}")
    return RunnerVersion()


def _old(release: Release) -> Layer:
    """What charts before 0.53.0 made of their values, as keys of the table."""
    chart = release.chart_version
    pairs: _Pairs = []
    written = [
        (tuple(path.split(".")), tuple(key.split(".")))
        for path, key in old_keys().items()
        if release.values.has(*path.split("."))
    ]
    for path, key in written:
        value = release.values.get(*path)
        if value in (None, "", {}, []):
            release.values.note(path, Fate.ASIDE, "empty")
            continue
        if chart and not older(chart, old_until()):
            why = f"charts since {old_until()} do not read it"
            release.values.note(path, Fate.LEFT, why, told=True)
            continue
        if spot := release.values.spot(*path):
            release.values.hand_over(path)
            pairs.append((key, _as_table_has_it(key, value), spot))
    _tell_old(release, [path for path, _ in written], chart)
    return renamed(pairs)


def _tell_old(release: Release, paths: list[Key], chart: str) -> None:
    full = [path for path in paths if release.values.get(*path) not in (None, "", {}, [])]
    if not full:
        return
    names = ", ".join(".".join(str(part) for part in path) for path in full)
    at = release.values.at(*full[0])
    if chart and not older(chart, old_until()):
        release.report.breaks(
            f"chart {chart} does not read {names}",
            at,
            f"charts since {old_until()} ignore these values",
            "Write into the profile what you still need of them",
        )
    elif chart:
        release.report.surprises(
            f"chart {chart} reads {names}, which charts since {old_until()} ignore",
            at,
            "runners.config took their place",
            "Nothing to do: the profile has them, in runners[].jobs and extra_config",
        )
    else:
        release.report.surprises(
            f"only charts before {old_until()} read {names}",
            at,
            f"charts since {old_until()} ignore these values, and the file does not say which "
            "chart it is for",
            "Nothing to do: the profile has them, except where runners.config says otherwise",
        )


def _as_table_has_it(key: Key, value: Any) -> Any:
    if key == ("environment",) and isinstance(value, Mapping):
        return [f"{name}={text}" for name, text in value.items()]
    if key == ("kubernetes", "image_pull_secrets"):
        found = entries(value)
        return [one.get("name") if isinstance(one, Mapping) else one for one in found]
    return value


def _variables(release: Release) -> Layer:
    """Variables that `register` reads as flags: they count before the template."""
    pairs: _Pairs = []
    found: list[tuple[Key, str, Any]] = []
    for index, one in enumerate(entries(release.values.get("envVars"))):
        if isinstance(one, Mapping):
            found.append((("envVars", index), str(one.get("name")), one.get("value")))
    for name, value in release.values.section("extraEnv").items():
        found.append((("extraEnv", name), str(name), value))
    for path, name, value in found:
        key, spot = table_key_of(name), release.values.spot(*path)
        if not key or value in (None, "") or isinstance(value, Mapping) or spot is None:
            continue
        release.values.hand_over(path)
        pairs.append((key, as_register_reads(value), spot))
        release.report.tidy(
            f"the variable {name} sets what belongs in runners.config",
            release.values.at(*path),
            "the runner reads it when it registers, and it overrules runners.config",
            "Nothing to do: the profile has it where it belongs",
        )
    return renamed(pairs)
