"""Making it so: one runner after the other, each step safe to be killed and run again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from wizard.core.changes import Action, Change, Plan, System
from wizard.core.errors import Refused
from wizard.core.events import (
    Event,
    ObjectApplied,
    ObjectDeleted,
    Planned,
    RunnerDeleted,
    StepStarted,
    Warned,
)
from wizard.core.manifest import Manifest
from wizard.operations.found import complete
from wizard.operations.leaving import until_gone
from wizard.operations.look import Seen
from wizard.operations.namespaces import check_namespaces
from wizard.operations.plan import compare, doubting, planned, unwanted_objects
from wizard.operations.preflight import (
    check_admission,
    check_admission_where_judged,
    check_identity,
    check_operators,
    check_permissions,
    check_storing,
    check_target,
)
from wizard.operations.proving import Proving
from wizard.operations.removal import delete_object
from wizard.operations.streams import nothing, titled
from wizard.operations.synced import Sync
from wizard.operations.wish import ProfileFile, Run, Systems
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manifests
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Applied, Cluster

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
    async for event in until_gone(file.profile, cluster, run, Refused):
        yield event
    await asyncio.to_thread(check_operators, file.profile, cluster)
    await asyncio.to_thread(check_namespaces, file.profile, cluster)
    await check_admission_where_judged(file.profile, cluster)
    file, backend, saved = await complete(file, systems, cluster)
    for event in saved:
        yield event
    may_smoke = identity.may("api") is not False
    proving = Proving(file.profile, gitlab, backend, cluster, run, may_smoke)
    async for fact in _Apply(file.profile, systems, gitlab, backend, cluster, proving).steps():
        yield fact


@dataclass(slots=True)
class _Apply:
    profile: Profile
    systems: Systems
    gitlab: GitLab
    backend: Backend
    cluster: Cluster
    proving: Proving

    async def steps(self) -> AsyncIterator[Event]:
        seen, objects, reader = await compare(
            self.profile, self.systems, self.gitlab, self.backend, self.cluster
        )
        plan = planned(seen, self.backend, objects, reader)
        plan = await doubting(plan, self.profile, seen, self.backend, self.cluster)
        yield Planned(plan)
        due = self.proving.due(seen, plan)
        reading = await self._reading(plan, due)
        if not plan.pending and not due and not reading:
            return
        pending = {change.subject for change in objects if change.action is not Action.KEEP}
        wanted = [one for one in manifests(self.profile) if str(one.ref) in pending]
        if reader and (credential := await asyncio.to_thread(reader.manifest)):
            wanted = [credential, *wanted]
            if doubt := reader.shared_with_the_writer():
                yield Warned(doubt)
        await check_permissions(self.profile, self.cluster, wanted)
        stores = any(change.system is System.SECRETS for change in plan.pending)
        if stores:
            await check_storing(self.backend)
        async for event in self._change(seen, wanted, reading):
            yield event
        for runner in due:
            async for event in titled(f"Proof of {runner.name}", self.proving.prove(runner)):
                yield event

    async def _change(
        self, seen: Seen, wanted: list[Manifest], reading: list[Sync]
    ) -> AsyncIterator[Event]:
        first = [manifest for manifest in wanted if manifest.kind in _NEEDED_TO_ADMIT]
        managers = [manifest for manifest in wanted if manifest.kind == "Deployment"]
        rest = [one for one in wanted if one not in first and one not in managers]
        parts = [
            titled("Namespaces and accounts", self._apply_objects(first)),
            titled("Admission of job pods", self._admit() if managers else nothing()),
            *(
                titled(f"Runner {one.runner.name} and its token", self.proving.settle(one))
                for one in seen.runners
            ),
            titled("Objects in the cluster", self._apply_objects(rest)),
            # Before the managers: the kubelet lets a pod whose Secret was not there wait for
            # minutes, also when it has come meanwhile (it tries again ever later, 1.32).
            *(
                titled(f"Token of {sync.runner.name} in the cluster", sync.wait())
                for sync in reading
            ),
            titled("Managers", self._apply_objects(managers)),
            titled("What is no longer wanted", self._remove(seen)),
        ]
        for part in parts:
            async for event in part:
                yield event

    async def _reading(self, plan: Plan, due: list[Runner]) -> list[Sync]:
        """What has to bring tokens into the cluster: for those due, and where it does not now."""
        if not self.profile.secrets.through_store:
            return []
        anew = any(_concerns_store(change) for change in plan.pending)
        run = self.proving.run
        ways = [
            Sync(self.profile, runner, self.cluster, self.backend, None, run, anew)
            for runner in self.profile.runners
        ]
        store_is_stuck, *stuck = await asyncio.gather(
            asyncio.to_thread(ways[0].store_is_stuck),
            *(asyncio.to_thread(way.is_stuck) for way in ways),
        )
        return [
            way
            for way, is_stuck in zip(ways, stuck, strict=True)
            if anew or store_is_stuck or is_stuck or way.runner in due
        ]

    async def _admit(self) -> AsyncIterator[Event]:
        for runner in self.profile.runners:
            for warning in await check_admission(self.profile, runner, self.cluster):
                yield Warned(warning)

    async def _apply_objects(self, wanted: list[Manifest]) -> AsyncIterator[Event]:
        for manifest in wanted:
            applied = await asyncio.to_thread(self.cluster.apply, manifest)
            if applied.outcome == "unchanged":
                continue
            yield ObjectApplied(str(manifest.ref), str(applied.outcome))
            if manifest.kind == "Deployment" and _makes_new_pods(applied):
                self.proving.restarted.add(manifest.name)

    async def _remove(self, seen: Seen) -> AsyncIterator[Event]:
        for owned in await unwanted_objects(self.profile, self.cluster, manifests(self.profile)):
            left = await asyncio.to_thread(delete_object, self.cluster, owned)
            yield left or ObjectDeleted(str(owned.ref))
        for stray in seen.strays:
            await asyncio.to_thread(self.gitlab.delete_runner, stray.id)
            yield RunnerDeleted(stray.settings.description, stray.id)


def _makes_new_pods(applied: Applied) -> bool:
    """Whether a Deployment's pods are others now; other replicas of the same are not."""
    before, after = applied.before or {}, applied.after
    return bool(before.get("spec", {}).get("template") != after["spec"]["template"])


def _concerns_store(change: Change) -> bool:
    """Whether the store changes, or what it signs in with: a credential, or the shared account."""
    kind = change.subject.partition(" ")[0]
    is_store = kind in {"ClusterSecretStore", "SecretStore"}
    signs_in = change.system is System.SECRETS or kind == "ServiceAccount"
    return is_store or (signs_in and not change.runner)
