"""From a settled runner to a proven one: rollout, restart, first contact, smoke job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from wizard.checks import Connected
from wizard.checks.smoke import NoSmokeJobError, why_not_this_runner
from wizard.core.changes import Plan
from wizard.core.errors import NotAllowed
from wizard.core.events import Event, ManagerSeen, Progress, Proven, RolloutFinished, Unproven
from wizard.core.manifest import ObjectRef
from wizard.operations.look import Seen, SeenRunner, look
from wizard.operations.proof import Proof, sweep
from wizard.operations.restarts import is_rolling_out, release_waiting, stale_pods
from wizard.operations.streams import stream
from wizard.operations.tokens import TokenKeeper
from wizard.operations.wish import Run
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manager_labels
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Cluster


@dataclass(slots=True)
class Proving:
    """Settles and proves the runners of one run, and remembers what this run has made anew."""

    profile: Profile
    gitlab: GitLab
    backend: Backend
    cluster: Cluster | None
    """None where the cluster cannot be seen; then GitLab alone is the witness."""
    run: Run
    may_smoke: bool
    """Whether the token's scopes allow a smoke job, as far as GitLab says."""
    since: datetime = field(init=False)
    """GitLab's clock before anything was changed."""
    restarted: set[str] = field(default_factory=set)
    """Releases whose manager pods are new in this run."""
    _known: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.since = self.gitlab.now()

    @classmethod
    def of(cls, connected: Connected) -> Proving:
        """For one run in its context."""
        identity = connected.identity
        return cls(
            connected.profile,
            connected.signed_in,
            connected.opened_backend,
            connected.cluster,
            connected.run,
            may_smoke=identity is not None and identity.may("api") is not False,
        )

    async def due(self, seen: Seen, plan: Plan) -> list[Runner]:
        """The runners to prove.

        Those that change, those of which more can be proven, and those whose managers are not
        there as they should be: a run that failed or was killed has left nothing else to change.
        """
        touched = {change.runner for change in plan.pending}
        rolling = await asyncio.gather(
            *(asyncio.to_thread(self._is_rolling_out, one.runner) for one in seen.runners)
        )
        return [
            one.runner
            for one, is_rolling in zip(seen.runners, rolling, strict=True)
            if one.runner.name in touched or is_rolling or self._is_unproven(one)
        ]

    def _is_rolling_out(self, runner: Runner) -> bool:
        with suppress(NotAllowed):  # whoever delivers files need not see what comes of them
            return self.cluster is not None and is_rolling_out(self.profile, runner, self.cluster)
        return False

    def _is_unproven(self, one: SeenRunner) -> bool:
        """Whether more can be proven of this runner than its note says."""
        if not one.token_fits or not one.note.proof:
            return True
        can_smoke = self.run.smoke and self.may_smoke and not why_not_this_runner(one.runner)
        return can_smoke and not one.proven

    async def settle(self, one: SeenRunner) -> AsyncIterator[Event]:
        """Make GitLab and the backend agree about one runner and its token."""
        self._known[one.runner.name] = frozenset()
        if there := one.info or one.adopting:
            managers = await asyncio.to_thread(self.gitlab.managers, there.id)
            self._known[one.runner.name] = frozenset(manager.system_id for manager in managers)
        if one.info is not None and one.scope.kind == "project" and self.may_smoke:
            async for event in sweep(self.gitlab, one.scope, one.info.settings.tags):
                yield event
        marker = self.profile.marker(one.runner)
        async for event in TokenKeeper(one, self.gitlab, self.backend, marker).settle():
            yield event

    async def prove(self, runner: Runner) -> AsyncIterator[Event]:
        """Wait for the manager's pod, for GitLab to hear from it, and for a job.

        Raises: WizardError, with what is seen instead.
        """
        if self.cluster is not None:
            async for event in self._rollout(runner, self.cluster):
                yield event
        # Looked at again: the runner and its note are known now, whoever made them.
        alone = self.profile.model_copy(update={"runners": [runner]})
        settled = (await look(alone, self.gitlab, self.backend)).runners[0]
        assert settled.info is not None  # noqa: S101 - it has just been settled
        proof = Proof(runner, settled.scope, settled.info.id, self.gitlab, self.run)
        known = self._known.get(runner.name, frozenset())
        fresh = runner.release in self.restarted
        count = self.profile.manager.replicas
        managers = await proof.managers(count, known, self.since, fresh=fresh)
        for manager in managers:
            yield ManagerSeen(runner.name, manager.system_id, manager.version)
        if settled.proven:
            yield Progress(f"{runner.name} was proven before, by {settled.note.proof}")
            return
        async for event in self._smoke(runner, proof):
            yield event
        by = f"job {proof.job_id}" if proof.job_id else f"manager {managers[0].system_id}"
        if settled.note.proof != by:
            note = replace(settled.note, proof=by)
            fields = {"maintenance_note": str(note)}
            await asyncio.to_thread(self.gitlab.update_runner, proof.runner_id, fields)
        if proof.job_id:
            yield Proven(runner.name)

    async def _smoke(self, runner: Runner, proof: Proof) -> AsyncIterator[Event]:
        why = why_not_this_runner(runner) if self.run.smoke else "no smoke job was wanted"
        if why := why or await proof.why_gitlab_would_not(self.may_smoke):
            yield Unproven(runner.name, why)
            return
        try:
            async for event in proof.smoke():
                yield event
        except NoSmokeJobError as refused:
            yield Unproven(runner.name, f"{refused.problem}; {refused.fix}")

    async def _rollout(self, runner: Runner, cluster: Cluster) -> AsyncIterator[Event]:
        namespace = self.profile.cluster.namespace
        deployment = ObjectRef("apps/v1", "Deployment", namespace, runner.release)
        deadline, cancel = self.run.deadline, self.run.cancel
        watch, restart = cluster.watch_rollout, cluster.restart_pods
        for pod in await asyncio.to_thread(release_waiting, self.profile, runner, cluster):
            self.restarted.add(runner.release)
            yield Progress(f"pod {pod} waited for its Secret, which is there now: made it anew")
        async for said in stream(watch, deployment, deadline=deadline, cancel=cancel):
            yield Progress(said)
        if await asyncio.to_thread(stale_pods, self.profile, runner, cluster):
            self.restarted.add(runner.release)
            selected = manager_labels(self.profile, runner)
            async for said in stream(
                restart, namespace, selected, deadline=deadline, cancel=cancel
            ):
                yield Progress(said)
        yield RolloutFinished(runner.name)
