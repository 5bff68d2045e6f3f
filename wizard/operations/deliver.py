"""Making it so through files: token to its backend, files to their folder, and the rest is Git's.

The first run ends with the files written and the commands that commit them (exit code 4). Run again
once they are synced, it waits for exactly these files, compares the Secret with the backend, and
proves the runner as a direct apply does.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from wizard.core.changes import Plan
from wizard.core.errors import Refused, WizardError
from wizard.core.events import (
    Event,
    ObjectApplied,
    Planned,
    ProfileSaved,
    StepStarted,
    Waiting,
    Warned,
)
from wizard.core.manifest import ObjectRef
from wizard.core.problems import Key
from wizard.operations.adopt import look_to_settle
from wizard.operations.committing import (
    check_repository,
    commit_commands,
    other_branch,
    pending,
)
from wizard.operations.existing import existing_namespaces, with_existing
from wizard.operations.found import complete
from wizard.operations.look import Seen, look
from wizard.operations.namespaces import check_namespaces
from wizard.operations.plan import doubting, planned
from wizard.operations.preflight import check_identity, check_operators, check_storing
from wizard.operations.proving import Proving
from wizard.operations.reader import Reader, look_at_reader, reader_ref
from wizard.operations.streams import titled
from wizard.operations.synced import Sync
from wizard.operations.wish import ProfileFile, Run, Systems
from wizard.operations.write_files import Delivery, compare_files, file_changes
from wizard.profile.model import Profile
from wizard.profile.readers import reader_parts
from wizard.render.packagings.helm import install_commands
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.gitops.git import Checkout, checkout
from wizard.systems.kubernetes import Cluster


async def plan_delivery(file: ProfileFile, systems: Systems) -> Plan:
    """What `deliver` would change; writes nothing.

    Raises: WizardError, when GitLab, the backend or the folder cannot be looked at.
    """
    gitlab, backend, (cluster, unseen) = await asyncio.gather(
        asyncio.to_thread(systems.gitlab),
        asyncio.to_thread(systems.backend, file.profile),
        asyncio.to_thread(cluster_if_seen, file.profile, systems, Run()),
    )
    profile = file.profile
    if cluster:
        await asyncio.to_thread(check_namespaces, profile, cluster)
        kept = await asyncio.to_thread(existing_namespaces, file, cluster)
        profile = with_existing(profile, kept)
    seen, delivery, reader = await asyncio.gather(
        look_to_settle(file.profile, gitlab, backend, cluster),
        asyncio.to_thread(compare_files, profile, directory(file)),
        asyncio.to_thread(_reader, file.profile, cluster, systems),
    )
    plan = _plan(seen, backend, delivery, reader, unseen)
    return await doubting(plan, file.profile, seen, backend, cluster)


def directory(file: ProfileFile) -> Path:
    """The folder of the files: relative to the profile, unless it is a full path."""
    return file.path.parent / file.profile.delivery.directory


async def deliver(file: ProfileFile, systems: Systems, run: Run) -> AsyncIterator[Event]:
    """Create what is missing, write the files; or wait for their sync, and prove.

    Raises: WizardError; `Refused` before anything has been changed.
    """
    yield StepStarted("Look")
    gitlab = await asyncio.to_thread(systems.gitlab)
    identity = await check_identity(gitlab, run)
    await asyncio.to_thread(_check_folder, file)
    cluster, unseen = await asyncio.to_thread(cluster_if_seen, file.profile, systems, run)
    if cluster:
        await asyncio.to_thread(check_operators, file.profile, cluster)
        await asyncio.to_thread(check_namespaces, file.profile, cluster)
    await check_storing(await asyncio.to_thread(systems.backend, file.profile))
    file, backend, saved = await complete(file, systems, cluster)
    for event in saved:
        yield event
    reader = await asyncio.to_thread(_reader, file.profile, cluster, systems)
    may_smoke = identity.may("api") is not False
    proving = Proving(file.profile, gitlab, backend, cluster, run, may_smoke)
    async for fact in _Deliver(file, gitlab, backend, cluster, proving, reader, unseen).steps():
        yield fact


@dataclass(slots=True)
class _Deliver:
    file: ProfileFile
    gitlab: GitLab
    backend: Backend
    cluster: Cluster | None
    proving: Proving
    reader: Reader | None
    unseen: str

    async def steps(self) -> AsyncIterator[Event]:
        seen = await look_to_settle(self.file.profile, self.gitlab, self.backend, self.cluster)
        async for event in self._announce_downtime(seen):
            yield event
        delivery = await self._compare()
        plan = _plan(seen, self.backend, delivery, self.reader, self.unseen)
        plan = await doubting(plan, self.file.profile, seen, self.backend, self.cluster)
        yield Planned(plan)
        self.proving.expect(plan)
        async for event in titled("The cluster's credential", self._put_credential(delivery)):
            yield event
        for one in seen.runners:
            title = f"Runner {one.runner.name} and its token"
            async for event in titled(title, self.proving.settle(one)):
                yield event
        if delivery.pending:
            yield await asyncio.to_thread(delivery.write)
        git = await asyncio.to_thread(checkout, delivery.root)
        if delivery.pending or pending(git, delivery.root, delivery.paths):
            yield _commit(self.file.profile, delivery, git)
            return
        async for event in self._prove(seen, plan, git):
            yield event

    async def _put_credential(self, delivery: Delivery) -> AsyncIterator[Event]:
        """What the store signs in with is in no file; without the cluster, somebody puts it there.

        Raises: Refused, when it is missing and there is nobody to ask.
        """
        if self.reader and self.cluster:
            manifest = await asyncio.to_thread(self.reader.manifest)
            if manifest is None:
                return
            if doubt := self.reader.shared_with_the_writer():
                yield Warned(doubt)
            applied = await asyncio.to_thread(self.cluster.apply, manifest)
            yield ObjectApplied(str(manifest.ref), str(applied.outcome))
        elif delivery.pending and (ref := reader_ref(self.file.profile)):
            keys = " and ".join(part.key for part in reader_parts(self.file.profile.secrets))
            yield Warned(f"the cluster cannot be seen: it needs {ref} with {keys}, to read tokens")

    async def _announce_downtime(self, seen: Seen) -> AsyncIterator[Event]:
        """Without the cluster nobody restarts a manager whose token is about to be replaced.

        The files do it: a raised `token_revision` changes the pods' template.
        """
        for index, one in enumerate(self.file.profile.runners):
            seen_one = seen.runners[index]
            if self.cluster or seen_one.info is None or seen_one.token_fits:
                continue
            yield Warned(
                f"{one.name} gets a new token now, and is down until the files written here are "
                "synced: its cluster cannot be seen, so its manager cannot be restarted"
            )
            key: Key = ("runners", index, "token_revision")
            self.file = await asyncio.to_thread(self.file.save, {key: one.token_revision + 1})
            yield ProfileSaved(f"runners[{index}].token_revision", str(one.token_revision + 1))

    async def _compare(self) -> Delivery:
        return await asyncio.to_thread(compare_files, self.file.profile, directory(self.file))

    async def _prove(self, seen: Seen, plan: Plan, git: Checkout | None) -> AsyncIterator[Event]:
        due = self.proving.due(seen, plan)
        for runner in self.file.profile.runners:
            behind = await self._behind(runner.name, git)
            if runner not in due and not behind:
                continue
            if why := await self._not_begun(runner.name, git) or self._waits_for_a_hand(behind):
                waits = f"{runner.name} waits for its sync: {why}."
                yield Waiting(waits, _commands(self.file, git))
                continue
            if self.cluster:
                sync = self._sync(runner.name, self.cluster, git)
                async for event in titled(f"Sync of {runner.name}", sync.wait()):
                    yield event
            async for event in titled(f"Proof of {runner.name}", self.proving.prove(runner)):
                yield event

    async def _behind(self, name: str, git: Checkout | None) -> str:
        """How the cluster lags behind the files; empty where it does not, or cannot be seen."""
        if self.cluster is None:
            return ""
        return await asyncio.to_thread(self._sync(name, self.cluster, git).behind)

    def _waits_for_a_hand(self, behind: str) -> str:
        """The same, where nothing that can be waited for brings the files there."""
        return behind if self.file.profile.delivery.packaging == "manifests" else ""

    async def _not_begun(self, name: str, git: Checkout | None) -> str:
        if self.cluster:
            return await asyncio.to_thread(self._sync(name, self.cluster, git).not_begun)
        seen = await look(self.file.profile, self.gitlab, self.backend)
        info = next(one.info for one in seen.runners if one.runner.name == name)
        managers = await asyncio.to_thread(self.gitlab.managers, info.id) if info else []
        if managers:
            return ""
        return f"GitLab has not heard from its manager, and {self.unseen}"

    def _sync(self, name: str, cluster: Cluster, git: Checkout | None) -> Sync:
        profile = self.file.profile
        return Sync(profile, profile.runner(name), cluster, self.backend, git, self.proving.run)


def _plan(
    seen: Seen, backend: Backend, delivery: Delivery, reader: Reader | None, unseen: str
) -> Plan:
    unseen = f"the cluster: {unseen}" if unseen else ""
    return planned(seen, backend, file_changes(delivery), reader, unseen)


def _reader(profile: Profile, cluster: Cluster | None, systems: Systems) -> Reader | None:
    return look_at_reader(profile, cluster, systems) if cluster else None


def _check_folder(file: ProfileFile) -> None:
    """Raises: Refused, when somebody else's files are in the way, or the cluster would not read
    what is committed here; WizardError, when the folder is read-only."""
    check_repository(file.profile, checkout(directory(file)))
    compare_files(file.profile, directory(file)).folder.check_writable()


def cluster_if_seen(profile: Profile, systems: Systems, run: Run) -> tuple[Cluster | None, str]:
    """The cluster, or why it cannot be seen. Unattended, only one that the profile names."""
    if not run.attended and not profile.cluster.context and not profile.cluster.uid:
        return None, "the profile names neither a context nor a uid"
    try:
        cluster = systems.cluster()
        if profile.cluster.namespaces == "existing":  # who has only these may not know the uid
            cluster.get(ObjectRef("v1", "Namespace", "", profile.cluster.namespace))
        else:
            cluster.uid()
    except Refused:
        raise  # another cluster than the profile's: not to be passed over
    except WizardError as error:
        return None, error.problem.rstrip(".")
    return cluster, ""


def _commit(profile: Profile, delivery: Delivery, git: Checkout | None) -> Waiting:
    root = delivery.root
    what = f"The files are written to {root}, and wait for your commit."
    what += other_branch(profile, git) if git else f" {outside_git(profile)}"
    paths = pending(git, root, delivery.paths) if git else delivery.paths
    commands = commit_commands(profile, root, paths, "Update the GitLab runners", git)
    by_hand = _by_hand(profile)
    if by_hand and not commands:
        commands = (shlex.join(["cd", str(root)]),)
    return Waiting(what, (*commands, *by_hand))


def outside_git(profile: Profile) -> str:
    """What to do where the folder of the files belongs to no Git repository."""
    repository = profile.delivery.repository
    clone = f"a clone of {repository.url}" if repository else "a clone of your repository"
    return (
        f"That folder is in no Git repository: first copy the files into {clone}, "
        "or have delivery.directory name a folder there and apply again."
    )


def _by_hand(profile: Profile) -> tuple[str, ...]:
    """What the user types in the folder to install it, where nothing watches the repository."""
    return tuple(install_commands(profile)) if profile.delivery.packaging == "helm" else ()


def _commands(file: ProfileFile, git: Checkout | None) -> tuple[str, ...]:
    push = (shlex.join(["git", "-C", str(git.folder), "push"]),) if git else ()
    by_hand = _by_hand(file.profile)
    return (*push, shlex.join(["cd", str(directory(file))]), *by_hand) if by_hand else push
