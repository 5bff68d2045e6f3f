"""The profile's objects in the cluster: in place, as rendered, and where not, by whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wizard.core.findings import Finding
from wizard.core.manifest import FIELD_MANAGER, Manifest, ObjectRef
from wizard.operations.status.nouns import Drift, ObjectStatus, Remark, State
from wizard.operations.status.snapshot import Snapshot
from wizard.profile.labels import RUNNER_LABEL
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manifests
from wizard.render.releases import companions, shared
from wizard.systems.kubernetes import created_by
from wizard.systems.kubernetes.drift import field_drift


def wanted_objects(profile: Profile) -> list[Manifest]:
    """What the profile's files or we ourselves make; what GitLab's chart makes is not among it."""
    if not profile.delivery.spec.uses_chart:
        return manifests(profile)
    found = shared(profile)
    for runner in profile.runners:
        found += companions(profile, runner)
    return found


def deployment_ref(profile: Profile, runner: Runner) -> ObjectRef:
    """A runner's managers, whoever makes them."""
    return ObjectRef("apps/v1", "Deployment", profile.cluster.namespace, runner.release)


def object_statuses(
    profile: Profile, wanted: Iterable[Manifest], snapshot: Snapshot
) -> list[ObjectStatus]:
    """Each object that is wanted, held against what was seen."""
    return [_status(profile, manifest, snapshot) for manifest in wanted]


def _status(profile: Profile, manifest: Manifest, snapshot: Snapshot) -> ObjectStatus:
    name, runner = str(manifest.ref), manifest.labels.get(RUNNER_LABEL, "")
    if not snapshot.knows(manifest.ref):
        return ObjectStatus(name, None, (), runner)
    live = snapshot.objects[manifest.ref]
    if live is None:
        return ObjectStatus(name, False, (), runner)
    if manifest.kind == "Namespace" and not created_by(live, profile.id):
        return ObjectStatus(name, True, (), runner)  # others made it, and it stays as it is
    drift = tuple(
        Drift(one.path, one.wanted, one.found, one.by, one.at)
        for one in field_drift(manifest.body, live)
    )
    return ObjectStatus(name, True, drift, runner)


def object_remarks(objects: Iterable[ObjectStatus]) -> Iterator[tuple[str, Remark]]:
    """What is missing or changed, each with the name of the runner that it concerns."""
    for one in objects:
        if one.is_there is False:
            found = Finding(f"The cluster has no {one.name}.", fix="Run apply")
            yield one.runner, Remark(State.BROKEN, found)
        elif one.drift:
            yield one.runner, Remark(State.DIFFERS, _drifted(one))


def _drifted(one: ObjectStatus) -> Finding:
    hands = {drift.by for drift in one.drift} - {"", FIELD_MANAGER}
    by = " and ".join(sorted(hands))
    evidence = "\n".join(map(_line, one.drift))
    if not by:
        problem = f"{one.name} is not yet as the profile says."
        return Finding(problem, evidence, "the profile has changed since", "Run apply")
    return Finding(
        f"{one.name} was changed by {by}.",
        evidence,
        fix="Run apply to set it back, or write the change into the profile",
    )


def _line(drift: Drift) -> str:
    wanted, found = _short(drift.wanted), _short(drift.found)
    who = f", by {drift.by}" if drift.by else ""
    when = f" at {drift.at:%Y-%m-%d %H:%M} UTC" if drift.by and drift.at else ""
    return f"{drift.path}: {found}, rendered {wanted}{who}{when}"


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    lines = text.splitlines()
    if len(lines) > 1:
        return f"{len(lines)} lines"
    return text if len(text) <= 60 else f"{text[:57]}..."
