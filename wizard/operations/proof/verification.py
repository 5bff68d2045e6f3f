"""From a settled runner to a proven one: rollout, restart, first contact, smoke job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from wizard.checks import Connected
from wizard.checks.smoke import NoSmokeJobError, why_not_this_runner
from wizard.core.changes import Plan
from wizard.core.errors import ConflictError, NotReachedError, StoppedError, WizardError
from wizard.core.events import Event, ManagerSeen, Progress, Proven, RolloutFinished, Unproven
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.operations.cluster.restarts import release_waiting, stale_pods
from wizard.operations.explaining import Evidence, explained, of_manager
from wizard.operations.proof.smoke_test import SmokeTest, sweep
from wizard.operations.runners.managers import without_gone, without_old_managers
from wizard.operations.runners.markers import called
from wizard.operations.runners.observe import ObservedRunner, ObservedState, observe_one, settings
from wizard.operations.runners.tokens import TokenKeeper
from wizard.operations.runners.truth import with_truth
from wizard.operations.streams import stream
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manager_labels
from wizard.systems.backends import Backend
from wizard.systems.gitlab import GitLab, RunnerInfo
from wizard.systems.kubernetes import Cluster

_JUST_MADE = timedelta(seconds=5)
"""How long a new runner without a token is left to the run that may have created it."""
_TWIN_LEAVES = timedelta(seconds=20)
"""How long a runner that came second may take to be deleted by the run that created it."""
_POLL = 0.5


@dataclass(slots=True)
class RunnerVerifier:
    """Settles and proves the runners of one run, and remembers what this run has remade."""

    profile: Profile
    gitlab: GitLab
    backend: Backend
    cluster: Cluster | None
    """None where the cluster cannot be seen; then GitLab alone is the witness."""
    run: RunOptions
    may_smoke: bool
    """Whether the token's scopes allow a smoke job, as far as GitLab says."""
    mends: bool = True
    """Whether managers that run on an older token are remade; else they fail the proof."""
    since: datetime = field(init=False)
    """GitLab's clock before anything was changed."""
    restarted: set[str] = field(default_factory=set)
    """Releases whose manager pods are new in this run."""
    _known: dict[str, frozenset[str]] = field(default_factory=dict)
    _changing: set[str] = field(default_factory=set)
    """Runners of which something changes in this run: an earlier proof says nothing of them."""

    def __post_init__(self) -> None:
        self.since = self.gitlab.now()

    @classmethod
    def of(cls, connected: Connected, *, mends: bool = True) -> RunnerVerifier:
        """For one run in its context."""
        identity = connected.identity
        return cls(
            connected.profile,
            connected.signed_in,
            connected.opened_backend,
            connected.cluster,
            connected.run,
            may_smoke=identity is not None and identity.may("api") is not False,
            mends=mends,
        )

    def due(self, seen: ObservedState, plan: Plan) -> list[Runner]:
        """The runners to prove.

        Those that change, those of which more can be proven, and those that are in doubt: a run
        that failed or was killed has left nothing else to change.
        """
        self.expect(plan)
        doubted = {doubt.runner for doubt in plan.doubts}
        return [
            one.runner
            for one in seen.runners
            if one.runner.name in self._changing | doubted or self._is_unproven(one)
        ]

    def expect(self, plan: Plan) -> None:
        """Take in what the plan changes, before any of it is done."""
        self._changing = {change.runner for change in plan.pending}

    def _is_unproven(self, one: ObservedRunner) -> bool:
        """Whether more can be proven of this runner than its note says."""
        if not one.token_fits or not one.note.has_proof:
            return True
        can_smoke = self.run.smoke and self.may_smoke and not why_not_this_runner(one.runner)
        return can_smoke and not one.note.job

    async def settle(self, one: ObservedRunner) -> AsyncIterator[Event]:
        """Make GitLab and the backend agree about one runner and its token."""
        one = await self._after_another_run(one)
        if one.runner.name in self._changing:
            one = self._with_proof_struck_out(one)
        await self.remember_managers(one)
        if one.info is not None and one.scope.kind == "project" and self.may_smoke:
            async for event in sweep(self.gitlab, one.scope, one.info.settings.tags):
                yield event
        marker = self.profile.marker(one.runner)
        async for event in TokenKeeper(one, self.gitlab, self.backend, marker).settle():
            yield event
        async for event in without_gone(self.profile, one, self.gitlab, self.cluster):
            yield event

    async def remember_managers(self, one: ObservedRunner) -> None:
        """Note the managers that GitLab knows already: to be known proves nothing about now."""
        self._known[one.runner.name] = frozenset()
        if there := one.info or one.adopting:
            managers = await asyncio.to_thread(self.gitlab.managers, there.id)
            self._known[one.runner.name] = frozenset(manager.system_id for manager in managers)

    async def _after_another_run(self, one: ObservedRunner) -> ObservedRunner:
        """The runner as it is once a run that has just created it has stored its token, or died."""
        while one.info and one.info.created_at and not one.note.token and one.adopting is None:
            if self.gitlab.now() - one.info.created_at > _JUST_MADE or self.run.cancel.is_set():
                break
            await asyncio.sleep(_POLL)
            one = await self._look_at(one.runner)
        return one

    def _with_proof_struck_out(self, one: ObservedRunner) -> ObservedRunner:
        """Killed from here on, the next run sees that it has to be proven again."""
        note = one.note.unproven
        there = one.info or one.adopting
        return replace(one, note=note, wanted=settings(self.profile, one.runner, there, note))

    async def _look_at(self, runner: Runner) -> ObservedRunner:
        return await observe_one(self.profile, runner, self.gitlab, self.backend)

    async def prove(self, runner: Runner) -> AsyncIterator[Event]:
        """Wait for the manager's pod, for GitLab to hear from it, and for a job.

        Raises: WizardError, with what is seen instead, and what is known of it.
        """
        try:
            async for event in self._prove(runner):
                yield event
        except (StoppedError, NotReachedError, ConflictError):
            raise
        except WizardError as error:
            raise await asyncio.to_thread(self._with_reason, error, runner) from error

    def _with_reason(self, error: WizardError, runner: Runner) -> WizardError:
        """The error, with what the manager's log says of it."""
        evidence, cluster = Evidence(), self.cluster
        if cluster is not None:
            evidence.take("the log", lambda: of_manager(self.profile, runner, cluster))
        return explained(error, evidence.texts)

    async def _prove(self, runner: Runner) -> AsyncIterator[Event]:
        if self.cluster is not None:
            async for event in self._rollout(runner, self.cluster):
                yield event
        there, settled = await self._still_ours(runner)
        proof = SmokeTest(runner, settled.scope, there.id, self.gitlab, self.run)
        known = self._known.get(runner.name, frozenset())
        fresh = runner.release in self.restarted
        count = self.profile.manager.replicas
        managers = await proof.managers(count, known, self.since, fresh=fresh)
        for manager in managers:
            yield ManagerSeen(runner.name, manager.system_id, manager.version)
        async for event in self._smoke(runner, proof):
            yield event
        _, settled = await self._still_ours(runner)  # meanwhile another run may have begun
        note = settled.note.proven_by(proof.job_id, managers[0].system_id if managers else "")
        if note != settled.note:
            fields = {"maintenance_note": str(note)}
            await asyncio.to_thread(self.gitlab.update_runner, proof.runner_id, fields)
        if fresh and self.cluster is not None:
            old = known - {manager.system_id for manager in managers}
            async for event in without_old_managers(
                self.profile, settled, old, self.gitlab, self.cluster
            ):
                yield event
        if proof.job_id:
            yield Proven(runner.name)

    async def _still_ours(self, runner: Runner) -> tuple[RunnerInfo, ObservedRunner]:
        """The one runner that there is, whose token is the one that is stored, by all who know.

        Raises: WizardError, where any of that is not so, or not any more.
        """
        settled = await self._without_late_twins(runner)
        if settled.info is None:
            raise WizardError(
                f"GitLab does not show runner {runner.name} any more.",
                "it was deleted while it was to be proven, or this answer of GitLab is out of date",
                "Look for it in GitLab, then run apply again",
            )
        if settled.duplicates:
            twins = ", ".join(map(called, settled.duplicates))
            raise WizardError(
                f"There is a second runner with the marker of {runner.name}: {twins}.",
                "another run of this profile has created it meanwhile",
                "Wait until no other run is active, then run apply again: it keeps one",
            )
        there = settled.info
        settled = await with_truth(self.profile, settled, self.gitlab, self.cluster)
        if why := settled.why_new_token:
            raise WizardError(
                f"Runner {runner.name} has lost its token while it was to be proven.",
                f"{why}: another run, or someone, changed it meanwhile",
                "Wait until no other run is active, then run apply again: it gets a new token",
            )
        return there, settled

    async def _without_late_twins(self, runner: Runner) -> ObservedRunner:
        """The runner, once the runs that created another one after it have taken theirs back.

        Without this wait all could give way: the later ones to this runner, and this run to them.
        """
        settled = await self._look_at(runner)
        while settled.duplicates and settled.info and not self.run.cancel.is_set():
            now = self.gitlab.now()
            if not all(_is_late_twin(one, settled.info, now) for one in settled.duplicates):
                break
            await asyncio.sleep(_POLL)
            settled = await self._look_at(runner)
        return settled

    async def _smoke(self, runner: Runner, proof: SmokeTest) -> AsyncIterator[Event]:
        why = why_not_this_runner(runner) if self.run.smoke else "no smoke job was wanted"
        if why := why or await proof.why_gitlab_would_not(self.may_smoke):
            yield Unproven(runner.name, why)
            return
        try:
            async for event in proof.smoke():
                yield event
        except NoSmokeJobError as refused:
            yield Unproven(runner.name, f"{refused.cause}. {refused.fix}")

    def _refuse_stale(self, runner: Runner, cluster: Cluster) -> None:
        """Raises: WizardError, where a manager runs on an older token."""
        if pods := stale_pods(self.profile, runner, cluster):
            names = ", ".join(pod["metadata"]["name"] for pod in pods)
            raise WizardError(
                f"{runner.name} runs on an older token.",
                f"{names} started before the token was last written",
                "Run apply, which restarts its pods",
            )

    async def _rollout(self, runner: Runner, cluster: Cluster) -> AsyncIterator[Event]:
        namespace = self.profile.cluster.namespace
        deployment = ObjectRef("apps/v1", "Deployment", namespace, runner.release)
        deadline, cancel = self.run.deadline, self.run.cancel
        watch, restart = cluster.watch_rollout, cluster.restart_pods
        if not self.mends:
            await asyncio.to_thread(self._refuse_stale, runner, cluster)
        for pod in await asyncio.to_thread(release_waiting, self.profile, runner, cluster):
            self.restarted.add(runner.release)
            yield Progress(f"pod {pod} waited for its Secret, which exists now: recreated it")
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


def _is_late_twin(twin: RunnerInfo, ours: RunnerInfo, now: datetime) -> bool:
    """Whether the run that created a second runner is about to delete it, since ours came first."""
    made = twin.created_at
    return twin.id > ours.id and made is not None and now - made < _TWIN_LEAVES
