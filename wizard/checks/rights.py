"""What we may do: in the cluster, and where the tokens are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import ObjectRef
from wizard.systems.kubernetes import Permission

_PLURALS = {"NetworkPolicy": "networkpolicies"}


def in_cluster(connected: Connected) -> Iterator[Check]:
    """Whether we may write every object that changes, the token's Secret, and restart pods."""
    cluster, namespace = connected.seen_cluster, connected.profile.cluster.namespace
    needed = {
        Permission(verb, _group(manifest.ref), _plural(manifest.kind), manifest.namespace)
        for manifest in connected.pending.manifests
        for verb in ("get", "create", "patch", "delete")
    }
    needed |= {Permission(verb, "", "secrets", namespace) for verb in ("get", "create", "patch")}
    needed |= {Permission(verb, "", "pods", namespace) for verb in ("list", "delete")}
    asked = f"the user of context {cluster.context} may make the changes"
    refused = cluster.refused(sorted(needed, key=str))
    if not refused:
        yield Check(asked, Verdict.OK)
        return
    yield Check(
        asked,
        Verdict.FAIL,
        Finding(
            f"The user of context {cluster.context} may not do what is needed.",
            "\n".join(f"missing: {permission}" for permission in refused),
            fix="Use a context whose user may, or ask for these permissions",
        ),
    )


def storing(connected: Connected) -> Iterator[Check]:
    """Whether a token could be stored; one that cannot be stored is not made."""
    if not connected.pending.tokens:
        return
    for check in connected.opened_backend.check():
        found = check.finding
        if check.verdict is Verdict.FAIL and found:
            problem = f"The token could not be stored, so no runner is created: {found.problem}"
            yield replace(check, finding=replace(found, problem=problem))
        else:
            yield check


def _group(ref: ObjectRef) -> str:
    return ref.api_version.rpartition("/")[0]


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, kind.lower() + "s")
