"""Making it so: one runner after the other, each step safe to be killed and run again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from wizard.checks import connect, refuse_failed
from wizard.core.changes import Change, Plan, System
from wizard.core.errors import RefusedError
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
from wizard.core.run import RunOptions
from wizard.operations.cluster.leaving import until_gone
from wizard.operations.cluster.reader_credential import asked_for
from wizard.operations.cluster.removal import delete_object
from wizard.operations.delivery.synced import GitOpsSync
from wizard.operations.plan.changes import unwanted_objects
from wizard.operations.plan.discovered_facts import save_found
from wizard.operations.plan.survey import Survey, survey, warnings
from wizard.operations.proof.verification import RunnerVerifier
from wizard.operations.runners.observe import ObservedState
from wizard.operations.streams import nothing, titled
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import job_pod, manifests
from wizard.systems import Systems
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Applied, Cluster

_NEEDED_TO_ADMIT = {"Namespace", "ServiceAccount"}
"""What a pod's admission looks up: the namespace's labels, and the account it runs as."""


async def apply(file: ProfileFile, systems: Systems, run: RunOptions) -> AsyncIterator[Event]:
    """Carry out what `plan` shows, then prove every runner; yields each fact as it happens.

    All that can be asked is asked before the first write, which is of the profile's id. Killed at
    any point and run again, it goes on where it was. A run that changes nothing writes nothing.

    Raises: WizardError; `RefusedError`, with all that stands against it, before anything has
    changed.
    """
    yield StepStarted("Look")
    connected = await connect(file, systems, run)
    if connected.cluster:
        async for event in until_gone(file.profile, connected.cluster, run, RefusedError):
            yield event
    surveyed = await survey(connected, new=True)
    refuse_failed(surveyed.plan.checks)
    credential = await asked_for(surveyed.reader)
    file, saved = await save_found(file, surveyed.found)
    for event in saved:
        yield event
    async for fact in _Apply(surveyed, credential).steps():
        yield fact


@dataclass(slots=True)
class _Apply:
    surveyed: Survey
    credential: Manifest | None
    """What the store signs in with; None where the one that is there is kept."""
    profile: Profile = field(init=False)
    gitlab: GitLab = field(init=False)
    cluster: Cluster = field(init=False)
    proving: RunnerVerifier = field(init=False)

    def __post_init__(self) -> None:
        connected = self.surveyed.connected
        self.profile = connected.profile
        self.gitlab, self.cluster = connected.signed_in, connected.seen_cluster
        self.proving = RunnerVerifier.of(connected)

    async def steps(self) -> AsyncIterator[Event]:
        plan, seen = self.surveyed.plan, self.surveyed.known
        yield Planned(plan)
        for warning in warnings(self.surveyed):
            yield warning
        due = self.proving.due(seen, plan)
        reading = await self._reading(plan, due)
        if not plan.pending and not due and not reading:
            return
        wanted = [*([self.credential] if self.credential else []), *self._pending]
        async for event in self._change(seen, wanted, reading):
            yield event
        for runner in due:
            async for event in titled(f"Proof of {runner.name}", self.proving.prove(runner)):
                yield event

    @property
    def _pending(self) -> tuple[Manifest, ...]:
        return self.surveyed.connected.pending.manifests

    async def _change(
        self, seen: ObservedState, wanted: list[Manifest], reading: list[GitOpsSync]
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

    async def _reading(self, plan: Plan, due: list[Runner]) -> list[GitOpsSync]:
        """What has to bring tokens into the cluster: for those due, and where it does not now."""
        if not self.profile.secrets.through_store:
            return []
        anew = any(_concerns_store(change) for change in plan.pending)
        run = self.proving.run
        ways = [
            GitOpsSync(self.profile, runner, self.cluster, self.proving.backend, None, run, anew)
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
            pod = job_pod(self.profile, runner).body
            for warning in await asyncio.to_thread(self.cluster.admit, pod):
                yield Warned(warning)

    async def _apply_objects(self, wanted: list[Manifest]) -> AsyncIterator[Event]:
        for manifest in wanted:
            applied = await asyncio.to_thread(self.cluster.apply, manifest)
            if applied.outcome == "unchanged":
                continue
            yield ObjectApplied(str(manifest.ref), str(applied.outcome))
            if manifest.kind == "Deployment" and _makes_new_pods(applied):
                self.proving.restarted.add(manifest.name)

    async def _remove(self, seen: ObservedState) -> AsyncIterator[Event]:
        wanted = manifests(self.profile)
        for owned in await asyncio.to_thread(unwanted_objects, self.profile, self.cluster, wanted):
            left = await asyncio.to_thread(delete_object, self.cluster, owned)
            yield left or ObjectDeleted(str(owned.ref))
        for stray in seen.orphans:
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
