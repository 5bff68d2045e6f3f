"""Delivery to the cluster itself: the wizard applies the objects, and deletes what it created."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from wizard.checks import Connected
from wizard.checks.target import unnamed
from wizard.core.changes import Action, Change, Plan, System
from wizard.core.errors import RefusedError
from wizard.core.events import Event, Left, ObjectApplied, ObjectDeleted, RunnerDeleted, Warned
from wizard.core.manifest import Manifest
from wizard.core.run import RunOptions
from wizard.operations.cluster.leaving import until_gone
from wizard.operations.cluster.removal import delete_object
from wizard.operations.delivery import removing
from wizard.operations.delivery.applying import Parts, Work
from wizard.operations.delivery.delivering import Delivering
from wizard.operations.delivery.draining import drained, job_pods, still_running
from wizard.operations.delivery.synced import GitOpsSync
from wizard.operations.fleet import side_by_side
from wizard.operations.plan.changes import unwanted_objects
from wizard.operations.streams import nothing, titled
from wizard.profile.labels import RUNNER_LABEL
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import job_pod, manifests
from wizard.systems import Systems
from wizard.systems.backends import Backend
from wizard.systems.kubernetes import Applied, Cluster, Outcome

_NEEDED_TO_ADMIT = {"Namespace", "ServiceAccount"}
"""What a pod's admission looks up: the namespace's labels, and the account it runs as."""


@dataclass(slots=True)
class _Reconciler:
    work: Work = field(init=False)
    profile: Profile = field(init=False)
    cluster: Cluster = field(init=False)
    _due: list[Runner] = field(init=False)
    _reading: list[GitOpsSync] = field(init=False)

    async def settled(self, connected: Connected) -> AsyncIterator[Event]:
        if connected.cluster:
            gone = until_gone(connected.profile, connected.cluster, connected.run, RefusedError)
            async for event in gone:
                yield event

    async def begin(self, work: Work) -> bool:
        self.work = work
        connected = work.surveyed.connected
        self.profile, self.cluster = connected.profile, connected.seen_cluster
        self._due = work.verifier.due(work.seen, work.plan)
        self._reading = await self._to_be_read()
        return bool(work.plan.pending or self._due or self._reading)

    def before_tokens(self) -> Parts:
        first = [one for one in self._wanted if one.kind in _NEEDED_TO_ADMIT]
        return [
            titled("Namespaces and accounts", self._apply_objects(first)),
            titled("Levels that were agreed to", self._enforce()),
            titled("Admission of job pods", self._admit() if self._managers else nothing()),
        ]

    def after_tokens(self) -> Parts:
        later = [one for one in self._wanted if one.kind not in _NEEDED_TO_ADMIT]
        rest = [one for one in later if one not in self._managers]
        return [
            titled("Objects in the cluster", self._apply_objects(rest)),
            # Before the managers: the kubelet lets a pod whose Secret was not there wait for
            # minutes, also when it has come meanwhile (it tries again ever later, 1.32).
            self._read_tokens(),
            titled("Managers", self._apply_objects(self._managers)),
            titled("What is no longer wanted", self._remove()),
        ]

    async def due(self) -> list[Runner]:
        return self._due

    def arrival(self, runner: Runner) -> AsyncIterator[Event]:  # noqa: ARG002 - it was applied
        return nothing()

    @property
    def _wanted(self) -> list[Manifest]:
        pending = self.work.surveyed.connected.pending.manifests
        return [*([self.work.credential] if self.work.credential else []), *pending]

    @property
    def _managers(self) -> list[Manifest]:
        return [manifest for manifest in self._wanted if manifest.kind == "Deployment"]

    async def _to_be_read(self) -> list[GitOpsSync]:
        """What has to bring tokens into the cluster: for those due, and where it does not now."""
        if not self.profile.secrets.through_store:
            return []
        verifier = self.work.verifier
        due = {runner.name for runner in self._due}
        again = any(_concerns_store(change) for change in self.work.plan.pending)
        ways = [
            GitOpsSync(
                self.profile, runner, self.cluster, verifier.backend, None, verifier.run, again
            )
            for runner in self._runners
        ]
        store_is_stuck, *stuck = await asyncio.gather(
            asyncio.to_thread(ways[0].store_is_stuck),
            *(asyncio.to_thread(way.is_stuck) for way in ways),
        )
        return [
            way
            for way, is_stuck in zip(ways, stuck, strict=True)
            if again or store_is_stuck or is_stuck or way.runner.name in due
        ]

    async def _enforce(self) -> AsyncIterator[Event]:
        """Have namespaces that others made enforce a level; nothing else of them changes."""
        for name, level in self.work.verifier.run.levels.items():
            await asyncio.to_thread(self.cluster.enforce, name, level, dry_run=False)
            yield ObjectApplied(f"the level of Namespace {name}: {level}", str(Outcome.UPDATED))

    async def _admit(self) -> AsyncIterator[Event]:
        for runner in self._runners:
            pod = job_pod(self.profile, runner).body
            for warning in await asyncio.to_thread(self.cluster.admit, pod):
                yield Warned(warning)

    @property
    def _runners(self) -> list[Runner]:
        """Those that take part and have not failed."""
        return [one for one in self.profile.runners if self.work.fleet.has(one.name)]

    async def _read_tokens(self) -> AsyncIterator[Event]:
        """Wait until the cluster has each token."""
        waits = [
            self.work.fleet.guarded(
                sync.runner.name, titled(f"Token of {sync.runner.name} in the cluster", sync.wait())
            )
            for sync in self._reading
            if self.work.fleet.has(sync.runner.name)
        ]
        async for event in side_by_side(waits):
            yield event

    async def _apply_objects(self, wanted: list[Manifest]) -> AsyncIterator[Event]:
        """Apply what all share, then what each runner has, some runners at once."""
        of_runners: dict[str, list[Manifest]] = {}
        for manifest in wanted:
            of_runners.setdefault(manifest.labels.get(RUNNER_LABEL, ""), []).append(manifest)
        async for event in self._apply_in_order(of_runners.pop("", [])):
            yield event
        applying = [
            self.work.fleet.guarded(name, self._apply_in_order(own))
            for name, own in of_runners.items()
            if self.work.fleet.has(name)
        ]
        async for event in side_by_side(applying):
            yield event

    async def _apply_in_order(self, wanted: list[Manifest]) -> AsyncIterator[Event]:
        for manifest in wanted:
            applied = await asyncio.to_thread(self.cluster.apply, manifest)
            if applied.outcome == "unchanged":
                continue
            yield ObjectApplied(str(manifest.ref), str(applied.outcome))
            if manifest.kind == "Deployment" and _makes_new_pods(applied):
                self.work.verifier.restarted.add(manifest.name)

    async def _remove(self) -> AsyncIterator[Event]:
        if self.work.verifier.run.only:
            return
        wanted = manifests(self.profile)
        for owned in await asyncio.to_thread(unwanted_objects, self.profile, self.cluster, wanted):
            left = await asyncio.to_thread(delete_object, self.cluster, owned)
            yield left or ObjectDeleted(str(owned.ref))
        gitlab = self.work.verifier.gitlab
        for orphan in self.work.seen.orphans:
            await asyncio.to_thread(gitlab.delete_runner, orphan.id)
            yield RunnerDeleted(orphan.settings.description, orphan.id)


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


@dataclass(slots=True)
class _Remover:
    profile: Profile
    systems: Systems
    run: RunOptions
    cluster: Cluster | None = field(init=False, default=None)
    found: removing.Found = field(init=False, default_factory=removing.Found)

    async def reach(self) -> None:
        self.cluster = await asyncio.to_thread(self.systems.cluster)

    async def look(self) -> None:
        self.found = await asyncio.to_thread(removing.objects, self.profile, self._there, self.run)

    def plan(self, backend: Backend) -> Plan:
        places = {backend.where(runner) for runner in self.profile.runners}
        objects = [
            Change(System.CLUSTER, Action.DELETE, str(one.ref))
            for one in self.found.going
            if str(one.ref) not in places  # a token in a Secret is listed once, as a token
        ]
        stays = (f"{left.what} stays: {left.why}" for left in self.found.staying)
        return Plan(tuple(objects), notes=tuple(stays))

    def refuse(self) -> None:
        if finding := unnamed(self.profile, self._there, self.run):
            raise RefusedError.because_of([finding])

    def withdraw(self) -> AsyncIterator[Event]:
        return titled("Jobs that still run", self._drained())

    async def _drained(self) -> AsyncIterator[Event]:
        profile, cluster = self.profile, self._there
        async for event in drained(profile, cluster, self.run, profile.manager.drain):
            yield event
        if running := await asyncio.to_thread(job_pods, profile, cluster):
            yield Warned(f"{still_running(running)}; what still runs fails now")

    def staying(self) -> list[Left]:
        return list(self.found.staying)

    @property
    def _there(self) -> Cluster:
        if self.cluster is None:
            raise RuntimeError("the cluster was not reached")
        return self.cluster


class ToCluster(Delivering):
    """A `Delivery`."""

    def reconciler(self) -> _Reconciler:
        return _Reconciler()

    def remover(self) -> _Remover:
        return _Remover(self.file.profile, self.systems, self.run)
