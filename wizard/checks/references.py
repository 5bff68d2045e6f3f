"""Whether what a profile names by its name, and does not make, is there where it is used."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import ObjectRef
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import config, manifests

_VOLUMES = {"pvc": "PersistentVolumeClaim", "secret": "Secret", "config_map": "ConfigMap"}
"""Kinds of volumes of the runner's configuration that name an object."""


def named_objects(connected: Connected) -> Iterator[Check]:
    """Each named Secret, claim, ConfigMap and class. A class that is missing is a refusal.

    What lives in a namespace may still come, by other files or an operator.
    """
    profile = connected.profile
    ours = {manifest.ref for manifest in manifests(profile)}
    for ref, use in dict(_named(profile, connected.pending.runners)).items():
        if ref in ours:
            continue
        asked = f"{ref} is there, {use}"
        found = connected.object(ref)
        if found is None:
            yield Check(
                asked,
                Verdict.WARN if ref.namespace else Verdict.FAIL,
                Finding(
                    f"There is no {ref}, {use}.",
                    cause="the pods that name it would not start",
                    fix="Create it there, or correct the name in the profile",
                ),
            )
        elif _is_shared_by_one(found, ref, profile):
            yield Check(asked, Verdict.WARN, _of_one_node(ref))
        else:
            yield Check(asked, Verdict.OK)


def _named(profile: Profile, runners: tuple[Runner, ...]) -> Iterator[tuple[ObjectRef, str]]:
    manager, here = profile.manager, profile.cluster.namespace
    for name in manager.image_pull_secrets:
        yield ObjectRef("v1", "Secret", here, name), "which pulls the manager's image"
    if manager.priority_class:
        yield _priority_class(manager.priority_class), "which the manager asks for"
    for runner in runners:
        yield from _named_by_jobs(profile, runner)


def _named_by_jobs(profile: Profile, runner: Runner) -> Iterator[tuple[ObjectRef, str]]:
    table = config(profile, runner)["runners"][0]["kubernetes"]
    there, whose = table["namespace"], f"the jobs of {runner.name}"
    for name in table.get("image_pull_secrets", ()):
        yield ObjectRef("v1", "Secret", there, name), f"which pulls the images of {whose}"
    if name := table.get("priority_class_name"):
        yield _priority_class(name), f"which {whose} ask for"
    if name := table.get("runtime_class_name"):
        ref = ObjectRef("node.k8s.io/v1", "RuntimeClass", "", name)
        yield ref, f"which {whose} ask for"
    for key, kind in _VOLUMES.items():
        for volume in (table.get("volumes") or {}).get(key, ()):
            name = str(volume.get("name", ""))
            if name and "$" not in name:  # a name that each job completes by its variables
                yield ObjectRef("v1", kind, there, name), f"which {whose} mount"


def _priority_class(name: str) -> ObjectRef:
    return ObjectRef("scheduling.k8s.io/v1", "PriorityClass", "", name)


def _is_shared_by_one(found: dict[str, object], ref: ObjectRef, profile: Profile) -> bool:
    spec = found.get("spec")
    modes = spec.get("accessModes") if isinstance(spec, dict) else None
    several = sum(runner.jobs.concurrent for runner in profile.runners) > 1
    return ref.kind == "PersistentVolumeClaim" and modes == ["ReadWriteOnce"] and several


def _of_one_node(ref: ObjectRef) -> Finding:
    return Finding(
        f"{ref} can be mounted on one node at a time.",
        "its access mode is ReadWriteOnce, and several jobs run at once",
        "a job on another node waits until the first has ended",
        "Use a claim with ReadWriteMany, or keep the jobs on one node",
    )
