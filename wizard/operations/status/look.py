"""One look at everything a profile names. Writes nothing, and one refusal hides nothing else."""

from __future__ import annotations

import asyncio

from wizard.core.errors import WizardError
from wizard.core.findings import Finding
from wizard.core.manifest import Manifest
from wizard.core.run import RunOptions
from wizard.operations.plan.survey import directory
from wizard.operations.runners.observe import ObservedState, observe
from wizard.operations.status.files import files_remarks, files_status, unreadable
from wizard.operations.status.nouns import (
    FilesStatus,
    ObjectStatus,
    Remark,
    RunnerStatus,
    State,
    Status,
)
from wizard.operations.status.objects import (
    deployment_ref,
    object_remarks,
    object_statuses,
    wanted_objects,
)
from wizard.operations.status.reaching import LenientBackend, Reached, not_asked, reach, tried
from wizard.operations.status.runners import Witnesses, runner_status, unseen_runner
from wizard.operations.status.snapshot import Snapshot, take
from wizard.operations.status.versions import version_status
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems import Systems


async def look(file: ProfileFile, systems: Systems, run: RunOptions | None = None) -> Status:
    """The status of a profile. What could not be asked is a remark of it, never an error.

    Raises: StoppedError, when someone ended a wait.
    """
    reached = await reach(file, systems, run or RunOptions())
    return await look_at(file, reached)


async def look_at(file: ProfileFile, reached: Reached) -> Status:
    """The same of systems that were reached before. Raises: StoppedError."""
    profile = file.profile
    wanted = wanted_objects(profile)
    (
        (snapshot, unseen),
        (seen, backend, refused),
        gitlab_version,
        (files, unread),
    ) = await asyncio.gather(
        _snapshot(profile, reached, wanted),
        _observed(profile, reached),
        _version(reached),
        _files(file, reached),
    )
    remarks = [*reached.remarks, *unseen, *refused, *unread]
    if profile.id is None:
        remarks.append(_never_applied())
    objects = object_statuses(profile, wanted, snapshot) if snapshot else []
    runners = await _runners(profile, reached, backend, seen, snapshot)
    runners, more = _with_objects(runners, objects)
    if seen:
        remarks += [_orphan(info.id, info.place) for info in seen.orphans]
    return Status(
        profile.name,
        reached.gitlab.now() if reached.gitlab and seen else None,
        profile.gitlab.url,
        reached.cluster.context if reached.cluster else "",
        tuple(runners),
        tuple(objects),
        files,
        version_status(profile, gitlab_version),
        (*remarks, *more),
    )


async def _snapshot(
    profile: Profile, reached: Reached, wanted: list[Manifest]
) -> tuple[Snapshot | None, list[Remark]]:
    cluster = reached.cluster
    if cluster is None:
        return None, []
    managers = [_by_name(profile, runner) for runner in profile.runners]
    known = {manifest.ref for manifest in wanted}
    asked = [*wanted, *(one for one in managers if one.ref not in known)]
    snapshot, error = await tried(lambda: take(profile, cluster, asked))
    if error or snapshot is None:
        return None, [not_asked("The cluster", error)] if error else []
    found = [Finding(f"{what} could not be seen.", cause=why) for what, why in _unseen(snapshot)]
    return snapshot, [Remark(State.UNSEEN, one) for one in found]


def _by_name(profile: Profile, runner: Runner) -> Manifest:
    """A Deployment that someone else makes, to be asked for by its name."""
    ref = deployment_ref(profile, runner)
    metadata = {"name": ref.name, "namespace": ref.namespace}
    return Manifest({"apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata})


def _unseen(snapshot: Snapshot) -> list[tuple[str, str]]:
    return sorted(snapshot.unseen.items())


async def _observed(
    profile: Profile, reached: Reached
) -> tuple[ObservedState | None, LenientBackend, list[Remark]]:
    backend, gitlab = LenientBackend(reached.backend), reached.gitlab
    if gitlab is None:
        return None, backend, []
    try:
        return await observe(profile, gitlab, backend), backend, []
    except WizardError as error:
        return None, backend, [not_asked("GitLab", error)]


async def _version(reached: Reached) -> str:
    if reached.gitlab is None:
        return ""
    version, _ = await tried(reached.gitlab.version)
    return version or ""


async def _files(file: ProfileFile, reached: Reached) -> tuple[FilesStatus | None, list[Remark]]:
    if not file.profile.delivery.writes_files:
        return None, []
    folder = directory(file)
    files, error = await tried(lambda: files_status(file.profile, folder, reached.cluster))
    if error or files is None:
        return None, [unreadable(error)] if error else []
    return files, list(files_remarks(files))


async def _runners(
    profile: Profile,
    reached: Reached,
    backend: LenientBackend,
    seen: ObservedState | None,
    snapshot: Snapshot | None,
) -> list[RunnerStatus]:
    if seen is None or reached.gitlab is None:
        return [unseen_runner(runner, profile, snapshot) for runner in profile.runners]
    who = Witnesses(profile, reached.gitlab, backend, reached.cluster, snapshot)
    return list(await asyncio.gather(*(runner_status(one, who) for one in seen.runners)))


def _with_objects(
    runners: list[RunnerStatus], objects: list[ObjectStatus]
) -> tuple[list[RunnerStatus], list[Remark]]:
    """The runners, each with what its objects lack; and what is shared by several."""
    remarks: dict[str, list[Remark]] = {}
    for name, remark in object_remarks(objects):
        remarks.setdefault(name, []).append(remark)
    shared = remarks.pop("", [])
    return [one.with_remarks(remarks.get(one.name, [])) for one in runners], shared


def _never_applied() -> Remark:
    finding = Finding(
        "This profile has never been applied: it has no id.",
        fix="Run apply, or open the file that apply wrote the id into",
    )
    return Remark(State.DIFFERS, finding)


def _orphan(runner_id: int, place: str) -> Remark:
    problem = f"Runner {runner_id} of {place} is this profile's, which no longer wants it."
    return Remark(State.DIFFERS, Finding(problem, fix="Run apply: it deletes it"))
