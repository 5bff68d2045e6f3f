"""Taking away what was delivered as files: the files, and once they are pruned, the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from wizard.checks.connecting import cluster_if_seen
from wizard.core.changes import Plan
from wizard.core.errors import WizardError
from wizard.core.events import Event, Left, Planned, Waiting, Warned
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.operations.cluster.reader_credential import reader_ref
from wizard.operations.cluster.removal import owned_objects
from wizard.operations.delivery.destroy import (
    delete_objects,
    delete_runners,
    delete_tokens,
    foreign_tokens,
    ids_of,
    pause,
    removals,
    replayed,
)
from wizard.operations.files.committing import commit_commands, pending
from wizard.operations.files.write_files import Delivery, compare_files, file_changes
from wizard.operations.plan.survey import directory
from wizard.operations.runners.observe import ObservedState, observe
from wizard.operations.streams import nothing, titled
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.render.packagings import packaging_of
from wizard.systems import Systems
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.gitops.git import checkout
from wizard.systems.kubernetes import Cluster, profile_of


async def plan_withdrawal(file: ProfileFile, systems: Systems) -> Plan:
    """What `withdraw` would take away, in this run and the next."""
    gitlab, backend = await _reach(file.profile, systems)
    seen, gone = await _look(file, gitlab, backend)
    return _plan(seen, gone, backend)


def _plan(seen: ObservedState, gone: Delivery, backend: Backend) -> Plan:
    changes = (*removals(seen, backend), *file_changes(gone))
    return Plan(changes, notes=foreign_tokens(seen, backend))


async def _reach(profile: Profile, systems: Systems) -> tuple[GitLab, Backend]:
    return await asyncio.gather(
        asyncio.to_thread(systems.gitlab), asyncio.to_thread(systems.backend, profile)
    )


async def _look(
    file: ProfileFile, gitlab: GitLab, backend: Backend
) -> tuple[ObservedState, Delivery]:
    """What is there in GitLab, the backend and the folder."""
    return await asyncio.gather(
        observe(file.profile, gitlab, backend),
        asyncio.to_thread(compare_files, file.profile, directory(file), wanted=False),
    )


async def withdraw(file: ProfileFile, systems: Systems, run: RunOptions) -> AsyncIterator[Event]:
    """Remove the files and wait for the commit; run again, remove tokens and runners.

    Raises: WizardError; run again, it goes on with what is still there.
    """
    gitlab, backend = await _reach(file.profile, systems)
    seen, gone = await _look(file, gitlab, backend)
    yield Planned(_plan(seen, gone, backend))
    async for event in titled("Pause", pause(seen, gitlab)):
        yield event
    if gone.pending:
        yield await asyncio.to_thread(gone.write)
    git = await asyncio.to_thread(checkout, gone.root)
    waiting = pending(git, gone.root, gone.paths)
    if gone.pending or waiting:
        what = f"The files are removed from {gone.root}, and wait for your commit."
        message = "Remove the GitLab runners"
        commands = commit_commands(file.profile, gone.root, waiting or gone.paths, message, git)
        yield Waiting(what, commands)
        return
    cluster, unseen = await asyncio.to_thread(cluster_if_seen, file.profile, systems, run)
    if unseen and (ref := reader_ref(file.profile)):
        yield Warned(f"the cluster cannot be seen ({unseen}): {ref} stays, if the wizard made it")
    if cluster and (still := await asyncio.to_thread(_still_there, file.profile, cluster)):
        commands = tuple(packaging_of(file.profile).uninstall_commands(file.profile))
        yield Waiting(f"The cluster still has {still}: it waits for its prune.", commands)
        return
    owned = await asyncio.to_thread(owned_objects, file.profile, cluster) if cluster else []
    remaining = await asyncio.to_thread(_remaining, file.profile, cluster) if cluster else []
    for title, events in (
        # Applied, not committed: what Git brought is not ours to delete, and not among these.
        ("Objects in the cluster", delete_objects(owned, cluster) if cluster else nothing()),
        ("What stays", replayed(remaining)),
        ("Tokens", delete_tokens(seen, backend)),
        ("Runners in GitLab", delete_runners(seen, gitlab)),
    ):
        async for event in titled(title, events):
            yield event
    left = await observe(file.profile, gitlab, backend)
    if still_known := ids_of(left):
        raise WizardError(
            "Some runners are still in GitLab.",
            ", ".join(map(str, still_known)),
            "run destroy again",
        )


def _remaining(profile: Profile, cluster: Cluster) -> list[Left]:
    """The namespaces that came by the files: their prune leaves them, and so does the wizard."""
    refs = [ObjectRef("v1", "Namespace", "", name) for name in profile.namespaces]
    found = [(ref, cluster.get(ref)) for ref in refs if profile.makes(ref.name)]
    return [
        Left(str(ref), "it came by the files; delete it by hand once nothing needs it")
        for ref, live in found
        if live and profile_of(live) == profile.id
    ]


def _still_there(profile: Profile, cluster: Cluster) -> str:
    for runner in profile.runners:
        ref = ObjectRef("apps/v1", "Deployment", profile.cluster.namespace, runner.release)
        if cluster.get(ref) is not None:
            return str(ref)
    return ""
