"""Delivery as files: the token to its backend, the files to their folder, and the rest is Git's.

The first run ends with the files written and the commands that commit them (exit code 4). Run again
once they are synced, it waits for exactly these files, compares the Secret with the backend, and
proves the runner as a direct apply does. Removing goes the same way back.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from wizard.checks import Connected
from wizard.checks.connecting import cluster_if_seen
from wizard.core.changes import Plan
from wizard.core.command_line import command
from wizard.core.events import Event, Left, ObjectApplied, ProfileSaved, Waiting, Warned
from wizard.core.manifest import ObjectRef
from wizard.core.problems import Key
from wizard.core.run import RunOptions
from wizard.operations.cluster.reader_credential import reader_ref
from wizard.operations.delivery import removing
from wizard.operations.delivery.applying import Parts, Work
from wizard.operations.delivery.delivering import Delivering
from wizard.operations.delivery.draining import drained, job_pods, still_running
from wizard.operations.delivery.pruning import Pruning
from wizard.operations.delivery.synced import GitOpsSync
from wizard.operations.files.committing import (
    commit_commands,
    other_branch,
    outside_git,
    pending,
)
from wizard.operations.files.write_files import FilesToWrite, compare_files, file_changes
from wizard.operations.plan.survey import directory
from wizard.operations.runners.observe import observe_one
from wizard.operations.streams import nothing, titled
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.profile.readers import reader_parts
from wizard.profile.runner import Runner
from wizard.render.packagings import packaging_of
from wizard.systems import Systems
from wizard.systems.backends import Backend
from wizard.systems.gitops.git import Checkout, checkout
from wizard.systems.kubernetes import Cluster, profile_of


@dataclass(slots=True)
class _Reconciler:
    work: Work = field(init=False)
    file: ProfileFile = field(init=False)
    cluster: Cluster | None = field(init=False)
    files: FilesToWrite = field(init=False)
    git: Checkout | None = field(init=False, default=None)
    is_uncommitted: bool = field(init=False, default=False)

    def settled(self, connected: Connected) -> AsyncIterator[Event]:  # noqa: ARG002 - Git's to do
        return nothing()

    async def begin(self, work: Work) -> bool:
        self.work, self.file = work, work.file
        self.cluster = work.surveyed.connected.cluster
        return True

    def before_tokens(self) -> Parts:
        return [
            self._announce_downtime(),
            titled("Namespace of the tokens", self._make_home()),
            titled("The cluster's credential", self._put_credential()),
        ]

    def after_tokens(self) -> Parts:
        return [self._write()]

    async def due(self) -> list[Runner]:
        """Those to be proven, and those of which the cluster has other files."""
        if self.is_uncommitted:
            return []
        due = {one.name for one in self.work.verifier.due(self.work.seen, self.work.plan)}
        runners = [one for one in self.file.profile.runners if self.work.fleet.has(one.name)]
        return [one for one in runners if one.name in due or await self._behind(one)]

    async def arrival(self, runner: Runner) -> AsyncIterator[Event]:
        why = await self._not_started(runner)
        if not why and not self._comes_by_git:
            why = await self._behind(runner)  # nothing that can be waited for brings the files
        if why:
            commands = _commands(self.file, self.git)
            yield Waiting(f"{runner.name} waits for its sync: {why}.", commands)
        elif self.cluster:
            sync = self._sync(runner, self.cluster)
            async for event in titled(f"Sync of {runner.name}", sync.wait()):
                yield event

    async def _announce_downtime(self) -> AsyncIterator[Event]:
        """Without the cluster no one restarts a manager whose token is about to be replaced.

        The files do it: a raised `token_revision` changes the pods' template.
        """
        new = {
            one.runner.name
            for one in self.work.seen.runners
            if self.cluster is None and one.info and not one.token_fits
        }
        for index, one in enumerate(self.file.profile.runners):
            if one.name not in new:
                continue
            yield Warned(
                f"{one.name} gets a new token now, and is down until the files written here are "
                "synced: its cluster cannot be seen, so its manager cannot be restarted"
            )
            key: Key = ("runners", index, "token_revision")
            self.file = await asyncio.to_thread(self.file.save, {key: one.token_revision + 1})
            yield ProfileSaved(f"runners[{index}].token_revision", str(one.token_revision + 1))

    async def _make_home(self) -> AsyncIterator[Event]:
        for manifest in self.work.surveyed.connected.pending.manifests:
            if self.cluster and manifest.kind == "Namespace":
                applied = await asyncio.to_thread(self.cluster.apply, manifest)
                yield ObjectApplied(str(manifest.ref), str(applied.outcome))

    async def _put_credential(self) -> AsyncIterator[Event]:
        """What the store signs in with is in no file; without a cluster it is put there by hand."""
        profile, credential = self.file.profile, self.work.credential
        self.files = await self._compared(self.work.verifier.run.only)
        if credential and self.cluster:
            applied = await asyncio.to_thread(self.cluster.apply, credential)
            yield ObjectApplied(str(credential.ref), str(applied.outcome))
        elif self.cluster is None and self.files.pending and (ref := reader_ref(profile)):
            keys = " and ".join(part.key for part in reader_parts(profile.secrets))
            yield Warned(f"the cluster cannot be seen: it needs {ref} with {keys}, to read tokens")

    async def _compared(self, only: Collection[str]) -> FilesToWrite:
        root = directory(self.file)
        return await asyncio.to_thread(compare_files, self.file.profile, root, only=only)

    async def _write(self) -> AsyncIterator[Event]:
        fleet, files = self.work.fleet, self.files
        if fleet.failed:  # no files for a manager whose token is not there
            files = await self._compared([name for name in fleet.names if fleet.has(name)])
        if files.pending:
            yield await asyncio.to_thread(files.write)
        self.git = await asyncio.to_thread(checkout, files.root)
        uncommitted = pending(self.git, files.root, files.paths)
        if files.pending or (uncommitted and self._comes_by_git):
            self.is_uncommitted = True
            yield _commit(self.file.profile, files, self.git)
        elif uncommitted:
            yield Warned(
                f"{len(uncommitted)} of the files {'is' if len(uncommitted) == 1 else 'are'} not "
                f"committed yet: run git add and git commit in {files.root}"
            )

    @property
    def _comes_by_git(self) -> bool:
        """Whether what is committed is what runs; otherwise a commit is advice, and no more."""
        return self.file.profile.delivery.spec.operator is not None

    async def _behind(self, runner: Runner) -> str:
        """How the cluster lags behind the files; empty where it does not, or cannot be seen."""
        if self.cluster is None:
            return ""
        return await asyncio.to_thread(self._sync(runner, self.cluster).behind)

    async def _not_started(self, runner: Runner) -> str:
        if self.cluster:
            return await asyncio.to_thread(self._sync(runner, self.cluster).not_started)
        verifier = self.work.verifier
        profile, gitlab = self.file.profile, verifier.gitlab
        info = (await observe_one(profile, runner, gitlab, verifier.backend)).info
        managers = await asyncio.to_thread(gitlab.managers, info.id) if info else []
        if managers:
            return ""
        return f"GitLab has not heard from its manager, and {self.work.surveyed.connected.unseen}"

    def _sync(self, runner: Runner, cluster: Cluster) -> GitOpsSync:
        verifier = self.work.verifier
        return GitOpsSync(
            self.file.profile, runner, cluster, verifier.backend, self.git, verifier.run
        )


def _commit(profile: Profile, files: FilesToWrite, git: Checkout | None) -> Waiting:
    what = f"The files are written to {files.root}, and wait for your commit."
    what += other_branch(profile, git) if git else f" {outside_git(profile)}"
    paths = pending(git, files.root, files.paths) if git else files.paths
    commands = commit_commands(profile, files.root, paths, "Update the GitLab runners", git)
    by_hand = _by_hand(profile)
    if by_hand and not commands:
        commands = (shlex.join(["cd", str(files.root)]),)
    return Waiting(what, (*commands, *by_hand))


def _by_hand(profile: Profile) -> tuple[str, ...]:
    """What the user types in the folder to install it, where nothing watches the repository."""
    return tuple(packaging_of(profile).install_commands(profile))


def _commands(file: ProfileFile, git: Checkout | None) -> tuple[str, ...]:
    push = (shlex.join(["git", "-C", str(git.folder), "push"]),) if git else ()
    by_hand = _by_hand(file.profile)
    return (*push, shlex.join(["cd", str(directory(file))]), *by_hand) if by_hand else push


@dataclass(slots=True)
class _Remover:
    file: ProfileFile
    systems: Systems
    run: RunOptions
    cluster: Cluster | None = field(init=False, default=None)
    found: removing.Found = field(init=False, default_factory=removing.Found)
    files: FilesToWrite = field(init=False)

    async def reach(self) -> None:
        """The folder is at hand; the cluster is looked at once the files are committed."""

    async def look(self) -> None:
        self.files = await asyncio.to_thread(
            compare_files, self.file.profile, directory(self.file), wanted=False
        )

    def plan(self, backend: Backend) -> Plan:  # noqa: ARG002 - a token's place is no file's
        return Plan(tuple(file_changes(self.files, self.file.profile)))

    def refuse(self) -> None:
        """Another cluster than the profile's is refused when it is looked at."""

    async def withdraw(self) -> AsyncIterator[Event]:
        profile, files = self.file.profile, self.files
        self.cluster, unseen = await asyncio.to_thread(
            cluster_if_seen, profile, self.systems, self.run
        )
        if files.pending and self.cluster:
            waited = drained(profile, self.cluster, self.run, self.run.deadline)
            async for event in titled("Jobs that still run", waited):
                yield event
            if running := await asyncio.to_thread(job_pods, profile, self.cluster):
                yield Waiting(
                    f"{still_running(running)}: the files stay until they have ended, since the "
                    "rights that jobs need go with them.",
                    (command("destroy", self.file.path.absolute()),),
                )
                return
        if files.pending:
            yield await asyncio.to_thread(files.write)
        git = await asyncio.to_thread(checkout, files.root)
        waiting = pending(git, files.root, files.paths)
        if files.pending or waiting:
            what = f"The files are removed from {files.root}, and wait for your commit."
            paths, message = waiting or files.paths, "Remove the GitLab runners"
            yield Waiting(what, commit_commands(profile, files.root, paths, message, git))
            return
        if self.cluster is None:
            if unseen and (ref := reader_ref(profile)):
                yield Warned(
                    f"the cluster cannot be seen ({unseen}): {ref} stays, if the wizard made it"
                )
            return
        async for event in Pruning(profile, self.cluster, git, self.run).wait():
            yield event
            if isinstance(event, Waiting):
                return
        # Applied, not committed: what Git brought is not ours to delete, and not among these.
        self.found = await asyncio.to_thread(removing.objects, profile, self.cluster, self.run)

    def staying(self) -> list[Left]:
        """The namespaces that came by the files: their prune leaves them, and so do we."""
        kept = [
            Left(path, "it kept the folder while the rest was removed; delete it when you like")
            for path in self.files.placeholders
        ]
        return kept + (self._namespaces(self.cluster) if self.cluster else [])

    def _namespaces(self, cluster: Cluster) -> list[Left]:
        profile = self.file.profile
        refs = [ObjectRef("v1", "Namespace", "", name) for name in profile.namespaces]
        found = [(ref, cluster.get(ref)) for ref in refs if profile.makes(ref.name)]
        return [
            Left(str(ref), "it came by the files; delete it by hand once nothing needs it")
            for ref, live in found
            if live and profile_of(live) == profile.id
        ]


class ToDirectory(Delivering):
    """A `Delivery`."""

    def reconciler(self) -> _Reconciler:
        return _Reconciler()

    def remover(self) -> _Remover:
        return _Remover(self.file, self.systems, self.run)
