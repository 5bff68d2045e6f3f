"""Making it so: one runner after the other, each step safe to be killed and run again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from wizard.core.changes import Action, Change, Plan, System
from wizard.core.events import (
    Event,
    ManagerSeen,
    ObjectApplied,
    ObjectDeleted,
    Planned,
    ProfileSaved,
    Progress,
    Proven,
    RolloutFinished,
    RunnerDeleted,
    StepStarted,
    Unproven,
    Warned,
)
from wizard.core.facts import Identity
from wizard.core.manifest import Manifest, ObjectRef
from wizard.core.problems import Key
from wizard.operations.look import Seen, SeenRunner, look
from wizard.operations.namespaces import delete_object
from wizard.operations.plan import (
    compare_objects,
    gitlab_changes,
    secret_changes,
    unwanted_objects,
)
from wizard.operations.preflight import (
    check_admission,
    check_identity,
    check_permissions,
    check_target,
)
from wizard.operations.proof import Proof
from wizard.operations.restarts import stale_pods
from wizard.operations.streams import nothing, stream, titled
from wizard.operations.tokens import TokenKeeper
from wizard.operations.wish import ProfileFile, Run, Systems
from wizard.profile.model import Profile
from wizard.profile.presets import new_id
from wizard.render import manager_labels, manifests
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Cluster

_NEEDED_TO_ADMIT = {"Namespace", "ServiceAccount"}
"""What a pod's admission looks up: the namespace's labels, and the account it runs as."""


async def apply(file: ProfileFile, systems: Systems, run: Run) -> AsyncIterator[Event]:
    """Carry out what `plan` shows, then prove every runner; yields each fact as it happens.

    The profile's id is saved before anything is created. Killed at any point and run again, it
    goes on where it was. A run that changes nothing writes nothing, anywhere.

    Raises: WizardError; `Refused` before anything has been changed.
    """
    yield StepStarted("Look")
    gitlab, cluster = await asyncio.gather(
        asyncio.to_thread(systems.gitlab), asyncio.to_thread(systems.cluster)
    )
    identity = await check_identity(gitlab, run)
    await asyncio.to_thread(check_target, file.profile, cluster, run)
    found = await _found_values(file.profile, cluster)
    if found:
        file = await asyncio.to_thread(file.save, found)
        for key, value in found.items():
            yield ProfileSaved(".".join(map(str, key)), str(value))
    # Only now: what the backend keeps carries the profile's id.
    backend = await asyncio.to_thread(systems.backend, file.profile)
    apply_ = _Apply(file.profile, gitlab, backend, cluster, run, identity)
    async for event in apply_.steps():
        yield event


async def _found_values(profile: Profile, cluster: Cluster) -> dict[Key, str]:
    """What must stand in the profile before it shapes anything."""
    values: dict[Key, str] = {}
    if profile.id is None:
        values[("id",)] = new_id()
    if profile.cluster.uid is None:
        values[("cluster", "uid")] = await asyncio.to_thread(cluster.uid)
    return values


@dataclass(slots=True)
class _Apply:
    profile: Profile
    gitlab: GitLab
    backend: Backend
    cluster: Cluster
    run: Run
    identity: Identity
    since: datetime = field(init=False)
    known: dict[str, frozenset[str]] = field(default_factory=dict)
    """System ids that GitLab knew of each runner before anything was changed."""
    restarted: set[str] = field(default_factory=set)
    """Runners whose manager pods are new in this run."""

    async def steps(self) -> AsyncIterator[Event]:
        seen, objects = await asyncio.gather(
            look(self.profile, self.gitlab, self.backend),
            compare_objects(self.profile, self.cluster),
        )
        plan = Plan((*gitlab_changes(seen), *secret_changes(seen, self.backend), *objects))
        yield Planned(plan)
        unproven = [one for one in seen.runners if self._wants_proof(one)]
        if not plan.pending and not unproven:
            return
        self.since = self.gitlab.now()
        wanted = [m for m in manifests(self.profile) if _pending(m, objects)]
        await check_permissions(self.profile, self.cluster, wanted)
        async for event in self._change(seen, wanted):
            yield event
        touched = {change.runner for change in plan.pending}
        for one in seen.runners:
            if one in unproven or one.runner.name in touched:
                async for event in self._prove(one):
                    yield event

    def _wants_proof(self, one: SeenRunner) -> bool:
        return self.run.smoke and not one.proven and self.identity.may("api") is not False

    async def _change(self, seen: Seen, wanted: list[Manifest]) -> AsyncIterator[Event]:
        first = [manifest for manifest in wanted if manifest.kind in _NEEDED_TO_ADMIT]
        rest = [manifest for manifest in wanted if manifest.kind not in _NEEDED_TO_ADMIT]
        started = any(manifest.kind == "Deployment" for manifest in wanted)
        parts = [
            titled("Namespaces and accounts", self._apply_objects(first)),
            titled("Admission of job pods", self._admit() if started else nothing()),
            *(
                titled(f"Runner {one.runner.name} and its token", self._settle(one))
                for one in seen.runners
            ),
            titled("Objects in the cluster", self._apply_objects(rest)),
            titled("What is no longer wanted", self._remove(seen)),
        ]
        for part in parts:
            async for event in part:
                yield event

    async def _admit(self) -> AsyncIterator[Event]:
        for runner in self.profile.runners:
            for warning in await check_admission(self.profile, runner, self.cluster):
                yield Warned(warning)

    async def _settle(self, one: SeenRunner) -> AsyncIterator[Event]:
        name = one.runner.name
        self.known[name] = frozenset()
        if one.info is not None:
            managers = await asyncio.to_thread(self.gitlab.managers, one.info.id)
            self.known[name] = frozenset(manager.system_id for manager in managers)
        marker = self.profile.marker(one.runner)
        keeper = TokenKeeper(one, self.gitlab, self.backend, marker)
        async for event in keeper.settle():
            yield event

    async def _apply_objects(self, wanted: list[Manifest]) -> AsyncIterator[Event]:
        for manifest in wanted:
            applied = await asyncio.to_thread(self.cluster.apply, manifest)
            if applied.outcome == "unchanged":
                continue
            yield ObjectApplied(str(manifest.ref), str(applied.outcome))
            if manifest.kind == "Deployment":
                self.restarted.add(manifest.name)

    async def _remove(self, seen: Seen) -> AsyncIterator[Event]:
        for owned in await unwanted_objects(self.profile, self.cluster, manifests(self.profile)):
            left = await asyncio.to_thread(delete_object, self.cluster, owned)
            yield left or ObjectDeleted(str(owned.ref))
        for stray in seen.strays:
            await asyncio.to_thread(self.gitlab.delete_runner, stray.id)
            yield RunnerDeleted(stray.settings.description, stray.id)

    async def _prove(self, one: SeenRunner) -> AsyncIterator[Event]:
        runner = one.runner
        yield StepStarted(f"Proof of {runner.name}")
        async for event in self._rollout(one):
            yield event
        # Looked at again: the runner and its note are known now, whoever made them.
        seen = await look(
            self.profile.model_copy(update={"runners": [runner]}), self.gitlab, self.backend
        )
        settled = seen.runners[0]
        assert settled.info is not None  # noqa: S101 - it has just been settled
        proof = Proof(runner, settled.scope, settled.info.id, self.gitlab, self.run)
        fresh = runner.release in self.restarted
        manager = await proof.manager(
            self.known.get(runner.name, frozenset()), self.since, fresh=fresh
        )
        yield ManagerSeen(runner.name, manager.system_id, manager.version)
        async for event in self._job(settled, proof):
            yield event

    async def _rollout(self, one: SeenRunner) -> AsyncIterator[Event]:
        release = one.runner.release
        namespace = self.profile.cluster.namespace
        deployment = ObjectRef("apps/v1", "Deployment", namespace, release)
        async for said in stream(
            self.cluster.watch_rollout,
            deployment,
            deadline=self.run.deadline,
            cancel=self.run.cancel,
        ):
            yield Progress(said)
        if await asyncio.to_thread(stale_pods, self.profile, one.runner, self.cluster):
            self.restarted.add(release)
            async for said in stream(
                self.cluster.restart_pods,
                namespace,
                manager_labels(self.profile, one.runner),
                deadline=self.run.deadline,
                cancel=self.run.cancel,
            ):
                yield Progress(said)
        yield RolloutFinished(one.runner.name)

    async def _job(self, one: SeenRunner, proof: Proof) -> AsyncIterator[Event]:
        name = one.runner.name
        if one.proven:
            yield Progress(f"{name} was proven before, by job {one.note.proof}")
            return
        if not self.run.smoke:
            yield Unproven(name, "no smoke job was wanted")
            return
        async for event in proof.smoke():
            yield event
        if proof.job_id:
            note = replace(one.note, proof=str(proof.job_id))
            await asyncio.to_thread(
                self.gitlab.update_runner, proof.runner_id, {"maintenance_note": str(note)}
            )
            yield Proven(name)


def _pending(manifest: Manifest, objects: list[Change]) -> bool:
    subject = str(manifest.ref)
    return any(
        change.subject == subject and change.action is not Action.KEEP
        for change in objects
        if change.system is System.CLUSTER
    )
