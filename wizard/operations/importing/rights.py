"""Whether the manager of a hand-made set-up may do what jobs need, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.findings import Finding
from wizard.operations.importing.setup import Setup, Values, entries, section
from wizard.render.rbac import GRANTS

_ANY = "*"
_Right = tuple[str, str, str]
"""API group, resource and verb."""


def check_rights(setup: Setup) -> Iterator[Finding]:
    """Findings about `rbac`, held against the table by which our own Roles are made."""
    rbac = setup.values.get("rbac")
    if not isinstance(rbac, Mapping) or not rbac.get("create"):
        return
    if rbac.get("clusterWideAccess"):
        yield Finding(
            "the manager's rights count in every namespace",
            setup.at("rbac", "clusterWideAccess"),
            "its token opens the Secrets of the whole cluster",
            "the profile gives it a Role in the job namespace alone",
        )
    given = set(_given(rbac.get("rules") or [{}]))
    evidence = setup.at("rbac", "rules") if rbac.get("rules") else setup.at("rbac", "create")
    known = {
        right for grant in GRANTS for right in _rights(grant.group, grant.resource, grant.verbs)
    }
    needed = {
        right
        for table in setup.tables
        for grant in GRANTS
        if grant.when(_looked_at(table))
        for right in _rights(grant.group, grant.resource, grant.verbs)
    }
    if more := given - known:
        yield Finding(
            f"the manager may do more than jobs need: {_told(more)}",
            evidence,
            "no call of the runner for an ordinary job asks for it; whoever takes over the manager "
            "has it too",
            "the profile's Role has each verb for a reason, and no other",
        )
    if lacking := {right for right in needed if not _covers(given, right)}:
        yield Finding(
            f"the manager lacks rights that jobs need: {_told(lacking)}",
            evidence,
            "the runner's documentation asks for them; without, jobs fail or tell less",
            "the profile's Role has them",
        )


def _looked_at(table: Values) -> dict[str, Any]:
    """The two tables of it that the reasons of `GRANTS` look at."""
    return {name: section(table, name) for name in ("kubernetes", "feature_flags")}


def _given(rules: Any) -> Iterator[_Right]:
    """The chart's reading: no group is the core group; no resource or verb is all of them."""
    for rule in entries(rules):
        if isinstance(rule, Mapping):
            for group in entries(rule.get("apiGroups")) or [""]:
                for resource in entries(rule.get("resources")) or [_ANY]:
                    yield from _rights(group, resource, entries(rule.get("verbs")) or [_ANY])


def _rights(group: str, resource: str, verbs: Any) -> Iterator[_Right]:
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
