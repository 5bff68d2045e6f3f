"""Making it so through files: token to its backend, files to their folder, and the rest is Git's.

The first run ends with the files written and the commands that commit them (exit code 4). Run again
once they are synced, it waits for exactly these files, compares the Secret with the backend, and
proves the runner as a direct apply does.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from wizard.checks import connect, refuse_failed
from wizard.core.changes import Plan
from wizard.core.events import (
    Event,
    ObjectApplied,
    Planned,
    ProfileSaved,
    StepStarted,
    Waiting,
    Warned,
)
from wizard.core.manifest import Manifest
from wizard.core.problems import Key
from wizard.core.run import RunOptions
from wizard.operations.cluster.reader_credential import asked_for, reader_ref
from wizard.operations.delivery.synced import GitOpsSync
from wizard.operations.files.committing import (
    commit_commands,
    other_branch,
    outside_git,
    pending,
)
from wizard.operations.files.write_files import Delivery, compare_files
from wizard.operations.plan.discovered_facts import save_found
from wizard.operations.plan.survey import Survey, directory, survey, warnings
from wizard.operations.proof.verification import RunnerVerifier
from wizard.operations.runners.observe import ObservedState, observe
from wizard.operations.streams import titled
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.profile.readers import reader_parts
from wizard.render.packagings import packaging_of
from wizard.systems import Systems
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.gitops.git import Checkout, checkout
from wizard.systems.kubernetes import Cluster


async def deliver(file: ProfileFile, systems: Systems, run: RunOptions) -> AsyncIterator[Event]:
    """Create what is missing, write the files; or wait for their sync, and prove.

    Raises: WizardError; `RefusedError` before anything has been changed.
    """
    yield StepStarted("Look")
    surveyed = await survey(await connect(file, systems, run), new=True)
    refuse_failed(surveyed.plan.checks)
    credential = await asked_for(surveyed.reader)
    file, saved = await save_found(file, surveyed.found)
    for event in saved:
        yield event
    async for fact in _Deliver(file, surveyed, credential).steps():
        yield fact


@dataclass(slots=True)
class _Deliver:
    file: ProfileFile
    surveyed: Survey
    credential: Manifest | None
    """What the store signs in with; None where the one that is there is kept."""
    gitlab: GitLab = field(init=False)
    backend: Backend = field(init=False)
    cluster: Cluster | None = field(init=False)
    proving: RunnerVerifier = field(init=False)

    def __post_init__(self) -> None:
        connected = self.surveyed.connected
        self.gitlab, self.backend = connected.signed_in, connected.opened_backend
        self.cluster, self.proving = connected.cluster, RunnerVerifier.of(connected)

    async def steps(self) -> AsyncIterator[Event]:
        seen, plan = self.surveyed.known, self.surveyed.plan
        yield Planned(plan)
        self.proving.expect(plan)
        for warning in warnings(self.surveyed):
            yield warning
        async for event in self._announce_downtime(seen):
            yield event
        delivery = await asyncio.to_thread(compare_files, self.file.profile, directory(self.file))
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
        """What the store signs in with is in no file; without a cluster it is put there by hand."""
        if self.credential and self.cluster:
            applied = await asyncio.to_thread(self.cluster.apply, self.credential)
            yield ObjectApplied(str(self.credential.ref), str(applied.outcome))
        elif self.cluster is None and delivery.pending and (ref := reader_ref(self.file.profile)):
            keys = " and ".join(part.key for part in reader_parts(self.file.profile.secrets))
            yield Warned(f"the cluster cannot be seen: it needs {ref} with {keys}, to read tokens")

    async def _announce_downtime(self, seen: ObservedState) -> AsyncIterator[Event]:
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

    async def _prove(
        self, seen: ObservedState, plan: Plan, git: Checkout | None
    ) -> AsyncIterator[Event]:
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
        return "" if self.file.profile.delivery.spec.operator else behind

    async def _not_begun(self, name: str, git: Checkout | None) -> str:
        if self.cluster:
            return await asyncio.to_thread(self._sync(name, self.cluster, git).not_started)
        seen = await observe(self.file.profile, self.gitlab, self.backend)
        info = next(one.info for one in seen.runners if one.runner.name == name)
        managers = await asyncio.to_thread(self.gitlab.managers, info.id) if info else []
        if managers:
            return ""
        return f"GitLab has not heard from its manager, and {self.surveyed.connected.unseen}"

    def _sync(self, name: str, cluster: Cluster, git: Checkout | None) -> GitOpsSync:
        profile = self.file.profile
        return GitOpsSync(
            profile, profile.runner(name), cluster, self.backend, git, self.proving.run
        )


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


def _by_hand(profile: Profile) -> tuple[str, ...]:
    """What the user types in the folder to install it, where nothing watches the repository."""
    return tuple(packaging_of(profile).install_commands(profile))


def _commands(file: ProfileFile, git: Checkout | None) -> tuple[str, ...]:
    push = (shlex.join(["git", "-C", str(git.folder), "push"]),) if git else ()
    by_hand = _by_hand(file.profile)
    return (*push, shlex.join(["cd", str(directory(file))]), *by_hand) if by_hand else push
