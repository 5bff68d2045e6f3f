"""What is wrong with the chart's version, and with keys of its values that it does not read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from wizard.core.problems import Key, did_you_mean, key_path
from wizard.importing.ledger import Fate
from wizard.importing.release import Release, entries, section
from wizard.importing.report import unknown_key
from wizard.importing.texts.templates import unread
from wizard.importing.versions import (
    default_runner,
    exact,
    is_range,
    older,
    runner_of_chart,
    target_chart,
    target_runner,
)
from wizard.importing.view import leaf_paths
from wizard.render.tables.catalogue import Catalogue, chart_keys, runner_keys
from wizard.render.tables.versions import CHARTS, NEWEST_RUNNER_READ

_MOST_TOLD = 40
"""Unknown keys that are told one by one; what comes after is named together."""
_OLDEST = CHARTS[0].version


def tell_chart(release: Release) -> None:
    """Every finding about the chart's version and its keys; claims what it leaves out."""
    if release.has_chart:
        _tell_version(release)
        _leave_broken_init(release)
        _leave_unknown(release)


def _tell_version(release: Release) -> None:
    text, version = release.chart.text, release.chart_version
    target = target_runner(version)
    if not target and release.chart.spot:
        why = "the profile cannot ask for that version"
        release.ledger.note(release.chart.spot, Fate.LEFT, why, told=True)
    if not text:
        _tell_no_version(release)
        return
    if not exact(text):
        _tell_range(release)
    if version and older(version, _OLDEST):
        release.report.surprises(
            f"chart {text} is old: it brings runner {release.version.minor or 'of its time'}",
            release.chart.at,
            f"the wizard sets up no charts before {_OLDEST}: they give the manager no rights in "
            "a separate job namespace",
            f"Read GitLab's release notes: the profile moves to runner {default_runner()}",
        )
    elif version and not target:
        _tell_unlisted(release, version)


def _tell_range(release: Release) -> None:
    text = release.chart.text
    if unread(text) or is_range(text):
        what = "a template" if unread(text) else f"a range: {text}"
        release.report.surprises(
            f"the chart's version is {what}",
            release.chart.at,
            "every install or sync picks a chart, so the runner can change by itself",
            f"Nothing to do: the profile pins runner {release.wanted_runner or default_runner()}; "
            "write manager.runner_version for another",
        )
        return
    release.report.breaks(
        f"the chart's version is {text}, which is not a version",
        release.chart.at,
        "Helm takes a version or a range such as 0.88.x, and fails with anything else",
        f"Nothing to do: the profile pins runner {default_runner()}",
    )


def _tell_unlisted(release: Release, version: str) -> None:
    runner = ".".join(runner_of_chart(version).split(".")[:2])
    brings = f"it brings runner {runner}.x" if runner else "it may not exist"
    release.report.surprises(
        f"the wizard does not know chart {version}",
        release.chart.at,
        f"{brings}; its keys were checked against chart {chart_keys(version).read_as}, the "
        "nearest on record",
        f"Write manager.runner_version if you want another runner than {default_runner()}",
    )


def _tell_no_version(release: Release) -> None:
    if release.version.number:
        return  # the image's tag says it
    release.report.tidy(
        "the file does not say which version of the chart it is for",
        release.as_whole(),
        f"its keys were checked against chart {target_chart('')}",
        f"Write manager.runner_version if you want another runner than {default_runner()}",
    )


def _leave_unknown(release: Release) -> None:
    """Values that no chart reads, or that the file's own chart does not."""
    values, version = release.values, release.chart_version
    target = chart_keys(target_chart(release.wanted_runner))
    own = chart_keys(version) if version else None
    for complaint in list(islice(target.complaints(values.data), _MOST_TOLD)):
        key: Key = complaint.path
        open_leaves = values.open_leaves(key)
        # A value of another kind is read all the same: `concurrent: "12"` becomes 12.
        if not complaint.is_unknown or not open_leaves or _is_old_rbac(key):
            continue
        if _is_empty(values.get(*key)):
            values.note(key, Fate.ASIDE, "empty")
            continue
        whole = len(open_leaves) == len(list(leaf_paths(values.get(*key))))
        for one in [key] if whole else open_leaves:
            _tell_unknown(release, one, target, own)
            values.leave(*one, why="the chart does not know it", told=True)
    for key in leaf_paths(values.data):
        path = ".".join(str(part) for part in key)
        if key and not values.claimed(key) and not _is_old_rbac(key) and not target.knows(path):
            values.leave(*key, why="the chart does not know it")


def _is_empty(value: Any) -> bool:
    """Whether a value says nothing, all that is below it included."""
    if isinstance(value, Mapping):
        return all(_is_empty(one) for one in value.values())
    return value in (None, "", [])


def _is_old_rbac(key: Key) -> bool:
    return key in (("rbac", "resources"), ("rbac", "verbs"))


def _tell_unknown(release: Release, key: Key, target: Catalogue, own: Catalogue | None) -> None:
    name, path = key_path(key), ".".join(str(part) for part in key)
    if own and own.knows(path):
        release.report.surprises(
            f"{name}: {own.reader} reads it, {target.reader} does not",
            release.values.at(*key),
            "the newer one dropped it, so it no longer has any effect",
            "Nothing to do: it was left out",
        )
        return
    keys = own or target
    belongs = _belongs(str(key[-1]), target) if len(key) < 3 else ""
    hint = belongs or did_you_mean(str(key[-1]), _names_beside(key[:-1], target))
    cause, fix = unknown_key(hint, keys.judged_by)
    release.report.surprises(
        f"{name}: {keys.reader} does not know {key[-1]!r}", release.values.at(*key), cause, fix
    )


def _belongs(name: str, keys: Catalogue) -> str:
    """Where else the chart knows a key of that name: `config` belongs below `runners`."""
    for above in ("", "runners", "serviceAccount", "rbac", "metrics", "image", "sessionServer"):
        node = keys.tree.get(above) if above else keys.tree
        if isinstance(node, Mapping) and name in node:
            return f"did you mean {f'{above}.' if above else ''}{name}?"
    of_table = runner_keys(NEWEST_RUNNER_READ).tree["runners"]
    if name in of_table["kubernetes"]:
        return "it belongs in runners.config, below [runners.kubernetes]"
    return "it belongs in runners.config, below [[runners]]" if name in of_table else ""


def _names_beside(above: Key, keys: Catalogue) -> set[str]:
    node: Any = keys.tree
    for part in above:
        node = node.get(part, {}) if isinstance(node, Mapping) else {}
    return {name for name in node if name not in ("", "*")} if isinstance(node, Mapping) else set()


def _leave_broken_init(release: Release) -> None:
    """initContainers: ignored before 0.92.0, and since then refused where their volumes miss."""
    values, version = release.values, release.chart_version
    containers = entries(values.get("initContainers"))
    if not containers:
        return
    volumes = {str(section({"v": one}, "v").get("name")) for one in entries(values.get("volumes"))}
    mounted = [
        str(section({"m": mount}, "m").get("name"))
        for one in containers
        for mount in entries(section({"c": one}, "c").get("volumeMounts"))
    ]
    missing = sorted(set(mounted) - volumes)
    ignored = version and not chart_keys(version).knows("initContainers")
    if ignored:
        then = (
            f", and there the API server refuses the pod: it has no volume {missing[0]}"
            if missing
            else ""
        )
        release.report.surprises(
            f"initContainers: chart {version} does not know 'initContainers'",
            values.at("initContainers"),
            f"older charts ignore it silently, so it never ran; 0.92.0 introduced it{then}",
            "Nothing to do: it was left out, and the profile's manager needs no init container",
        )
    elif missing:
        release.report.breaks(
            f"initContainers mount volumes that the pod does not have: {', '.join(missing)}",
            values.at("initContainers"),
            "charts before 0.92.0 ignore initContainers; since then the API server refuses the "
            "pod: "
            "volumeMounts[0].name: Not found",
            "Nothing to do: it was left out, and the profile's manager needs no init container",
        )
    if ignored or missing:
        values.leave("initContainers", why="it would not run", told=True)
