"""Whether the manager of a hand-made set-up may do what jobs need, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key, key_path
from wizard.importing.chart_tables import old_until
from wizard.importing.release import Kind, Release, entries, section
from wizard.importing.texts.templates import unread
from wizard.importing.versions import older
from wizard.importing.view import Values
from wizard.render.runner.rbac import GRANTS
from wizard.render.tables.dangers import dangers
from wizard.render.tables.versions import OLDEST_RUNNER

_ANY = "*"
_HARMLESS = ("events", "poddisruptionbudgets", "serviceaccounts", "services")
"""Resources whose verbs in the table open nothing, whether a feature asks for them or not."""
_Right = tuple[str, str, str]
"""API group, resource and verb."""


def tell_rights(release: Release) -> None:
    """Findings about `rbac`, held against the table by which our own Roles are made."""
    values = release.values
    rbac = values.section("rbac")
    _tell_dangers(release)
    if not (release.has_chart or rbac) or release.kind is Kind.OPERATOR:
        return
    if rbac.get("create") is not True:
        _tell_none(release, rbac)
        return
    if unread(json.dumps(rbac.get("rules"), ensure_ascii=False, default=str)):
        return  # what it comes to is not in the file, and has been told
    given = {right for right in _given(release, rbac) if all(right[1:])}
    if not given and not entries(rbac.get("rules")):
        return
    place = next((key for key in ("rules", "resources", "create") if rbac.get(key)), "create")
    _compare(release, given, values.at("rbac", place))


def _tell_dangers(release: Release) -> None:
    """What values of the chart open, by the table that `check` has too."""
    for danger in dangers(release.values.data, "values"):
        key: Key = danger.path
        if key in _TOLD_OTHERWISE or release.values.claimed(key):
            continue
        ours = key[0] == "rbac"
        if ours:
            why = "the profile's Role is for the job namespace only"
            release.values.leave(*key, why=why, told=True)
        release.report.opens(
            f"{key_path(key)}: {danger.opens}",
            release.values.at(*key),
            "its token can read the Secrets of every namespace"
            if ours
            else "whatever takes over the manager has them too",
            "Nothing to do: the profile's Role is for the job namespace only"
            if ours
            else f"{danger.instead} (kept in extra_values)",
        )


_TOLD_OTHERWISE: set[Key] = {("rbac", "rules"), ("podSecurityContext",)}
"""Dangers that have a finding of their own here: rights one by one, and the image's own user."""


def _tell_none(release: Release, rbac: Values) -> None:
    accounts: tuple[Key, ...] = (("rbac", "serviceAccountName"), ("serviceAccount", "name"))
    named = any(release.values.is_written(*key) for key in accounts)
    if named or release.unread_values:
        return
    written = "create" in rbac
    said = "rbac.create is false" if written else "rbac.create is not in the file"
    release.report.breaks(
        f"{said}, so the chart gives the manager no rights",
        release.values.at("rbac", "create") if written else release.as_whole(),
        "it runs on the ServiceAccount default: every job fails with 'pods is forbidden', unless "
        "rights were given to that account by hand",
        "Nothing to do: the profile gives each manager an account and a Role",
    )


def _compare(release: Release, given: set[_Right], evidence: str) -> None:
    strip_controls = {
        right
        for grant in GRANTS
        if grant.resource in _HARMLESS
        for right in _rights(grant.group, grant.resource, grant.verbs)
    }
    needed = {
        right
        for table in release.tables
        for grant in GRANTS
        if grant.when(_looked_at(table.data))
        for right in _rights(grant.group, grant.resource, grant.verbs)
    }
    if more := given - needed - strip_controls:
        release.report.opens(
            f"the manager may do more than jobs need: {_told(more)}",
            evidence,
            "ordinary jobs never need this, and an attacker in the manager has it too",
            "Nothing to do: the profile's Role has only the verbs that jobs need",
        )
    # What jobs need was read off newer runners only.
    if release.version.number and older(release.version.number, OLDEST_RUNNER):
        return
    if lacking := {right for right in needed if not _covers(given, right)}:
        release.report.breaks(
            f"the manager lacks rights that jobs need: {_told(lacking)}",
            evidence,
            "the runner's documentation asks for them; without them, jobs fail or log less",
            "Nothing to do: the profile's Role has them",
        )


def _looked_at(table: Values) -> dict[str, Any]:
    """The two tables of it that the reasons of `GRANTS` look at."""
    return {name: section(table, name) for name in ("kubernetes", "feature_flags")}


def _given(release: Release, rbac: Values) -> Iterator[_Right]:
    """The chart's reading: no group is the core group; no resource or verb is all of them."""
    old = entries(rbac.get("resources")), entries(rbac.get("verbs"))
    if any(old) and not entries(rbac.get("rules")):
        chart = release.chart_version
        if not chart or not older(chart, old_until()):
            return  # which of them counts depends on a version that the file does not say
        for resource in old[0] or [_ANY]:
            yield from _rights("", resource, old[1] or [_ANY])
        return
    for rule in entries(rbac.get("rules")) or [{}]:
        if isinstance(rule, Mapping):
            for group in entries(rule.get("apiGroups")) or [""]:
                for resource in entries(rule.get("resources")) or [_ANY]:
                    yield from _rights(group, resource, entries(rule.get("verbs")) or [_ANY])


def _rights(group: object, resource: object, verbs: Any) -> Iterator[_Right]:
    return ((str(group), str(resource), str(verb)) for verb in verbs)


def _covers(given: set[_Right], right: _Right) -> bool:
    return any(
        all(have in (_ANY, want) for have, want in zip(one, right, strict=True)) for one in given
    )


def _told(rights: set[_Right]) -> str:
    verbs: dict[str, list[str]] = {}
    for group, resource, verb in sorted(rights):
        name = "everything" if resource == _ANY else f"{group}/{resource}" if group else resource
        verbs.setdefault(name, []).append("any verb" if verb == _ANY else verb)
    return ", ".join(f"{name} ({', '.join(found)})" for name, found in verbs.items())
