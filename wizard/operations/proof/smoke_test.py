"""Proof that a runner works: GitLab has heard from its manager, and it has run a job.

Never because a command returned 0, and never by `status: online`, which GitLab shows for two hours
after any contact.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from wizard.checks.smoke import MARK, MESSAGE, NO_SCOPE, NoSmokeJobError, why_not_this_project
from wizard.core.errors import NotReachedError, WizardError
from wizard.core.events import (
    Event,
    Progress,
    SmokeJobPassed,
    SmokeJobStarted,
    Warned,
)
from wizard.core.facts import Scope
from wizard.core.plain import strip_to_line
from wizard.core.run import RunOptions
from wizard.doctor import Kind, Text
from wizard.operations.explaining import explained
from wizard.profile.runner import Runner
from wizard.systems.gitlab import GitLab, Job, Manager, Pipeline

_POLL = 2.0
_SHOWN = 3
_PIPELINE_FILE = ".gitlab-ci.yml"
_JOB = "runner-wizard-smoke"
_ON_GITLAB_COM = re.compile(r"https://gitlab\.com(?:/|$)")


@dataclass(slots=True)
class SmokeTest:
    """Proves one runner; `job_id` is the smoke job's id once it has passed."""

    runner: Runner
    scope: Scope
    runner_id: int
    gitlab: GitLab
    run: RunOptions
    job_id: int = 0

    async def managers(
        self, count: int, known: frozenset[str], since: datetime, *, fresh: bool
    ) -> list[Manager]:
        """Wait until GitLab has heard from this many managers; they are returned.

        Args:
            count: how many managers the runner has.
            known: system ids that GitLab knew before anything was changed.
            since: GitLab's clock at that moment.
            fresh: the pods are new, so only a system id that is not known counts; otherwise a
                known manager counts too, once it has been in contact again.

        Raises: WizardError, when the deadline passes; it says what GitLab shows instead.
        """
        end = time.monotonic() + self.run.deadline
        managers: list[Manager] = []
        while time.monotonic() < end and not self.run.cancel.is_set():
            managers = await asyncio.to_thread(self.gitlab.managers, self.runner_id)
            heard = [one for one in managers if _in_contact(one, known, since, fresh=fresh)]
            if len(heard) >= count:
                return heard[:count]
            await asyncio.sleep(_POLL)
        raise _never_seen(self.runner, self.runner_id, count, managers)

    async def smoke(self) -> AsyncIterator[Event]:
        """Run a job on exactly this runner and check who ran it and what it printed.

        The runner carries a tag of its own meanwhile, so that no other runner can take the job;
        a run that is killed here leaves that tag, which the next plan shows; `sweep` and the next
        run take it away, its branch first.

        Raises: WizardError, when the job fails, is not taken, or prints something else.
        """
        tag = f"{MARK}{secrets.token_hex(4)}"
        tags = frozenset(self.runner.tags)
        set_tags = self.gitlab.update_runner
        await asyncio.to_thread(set_tags, self.runner_id, {"tags": tags | {tag}})
        try:
            async for event in self._job(tag):
                yield event
        finally:
            await asyncio.to_thread(self.gitlab.delete_branch, self.scope.id, tag)
            await asyncio.to_thread(set_tags, self.runner_id, {"tags": tags})

    async def why_gitlab_would_not(self, may_smoke: bool) -> str:
        """Why GitLab would not run a smoke job, or not without side effects; else empty."""
        if not may_smoke:
            return NO_SCOPE
        return await asyncio.to_thread(why_not_this_project, self.gitlab, self.scope)

    async def _job(self, tag: str) -> AsyncIterator[Event]:
        left, right = secrets.token_hex(6), secrets.token_hex(6)
        pipeline = await self._begin(tag, _pipeline(tag, left, right))
        yield SmokeJobStarted(self.runner.name, pipeline.web_url)
        job = await self._ended(pipeline)
        yield Progress(f"job {job.id} ended: {job.status}")
        await self._check(job, left + right)
        self.job_id = job.id
        yield SmokeJobPassed(self.runner.name, job.id, job.system_id)

    async def _begin(self, branch: str, content: str) -> Pipeline:
        """Push a branch for which GitLab starts nothing, and start our one pipeline on it.

        The pipeline is known by its id from here on: another of the same branch is not ours.

        Raises: NoSmokeJobError, in GitLab's words, when it refuses the one or the other.
        """
        gitlab, project_id = self.gitlab, self.scope.id
        try:
            project = await asyncio.to_thread(gitlab.project, project_id)
            await asyncio.to_thread(
                gitlab.commit_file,
                project_id,
                branch,
                project.default_branch,
                project.ci_config_path or _PIPELINE_FILE,
                content,
                MESSAGE,
            )
            return await asyncio.to_thread(gitlab.create_pipeline, project_id, branch)
        except NotReachedError:
            raise
        except WizardError as refused:
            raise _unproven(refused.cause or refused.problem) from refused

    async def _ended(self, pipeline: Pipeline) -> Job:
        end = time.monotonic() + self.run.deadline
        job: Job | None = None
        try:
            while time.monotonic() < end and not self.run.cancel.is_set():
                job = await self._our_job(pipeline)
                if job is None:
                    await self._check_begun(pipeline)
                elif job.ended:
                    return job
                await asyncio.sleep(_POLL)
        finally:
            if job is None or not job.ended:
                await asyncio.to_thread(self.gitlab.cancel_pipeline, self.scope.id, pipeline.id)
        said = await self._last_lines(job) if job and job.status == "running" else []
        state = f"job {job.id} is {job.status}" if job else "the pipeline has no job"
        late = WizardError(
            f"The smoke job of {self.runner.name} did not end within {self.run.deadline:.0f} s.",
            "\n".join([state + (", and its log ends:" if said else ""), *said]),
            _advice(job) + (f"; the job is at {job.web_url}" if job and job.web_url else ""),
        )
        late.log = job.web_url if job else ""
        raise late

    async def _our_job(self, pipeline: Pipeline) -> Job | None:
        """Our job of the pipeline, by its name: policies may have added others.

        Raises: NoSmokeJobError, when GitLab made a pipeline of other jobs, from a definition that
            the project does not show (a compliance framework's); `_ended` cancels it.
        """
        jobs = await asyncio.to_thread(self.gitlab.jobs, self.scope.id, pipeline.id)
        ours = next((job for job in jobs if job.name == _JOB), None)
        if jobs and ours is None:
            names = ", ".join(strip_to_line(job.name) for job in jobs[:_SHOWN])
            raise _unproven(
                f"GitLab made another pipeline than ours, with {names}, which was canceled at once "
                f"({pipeline.web_url})"
            )
        return ours

    async def _check_begun(self, pipeline: Pipeline) -> None:
        """Raises: NoSmokeJobError, when a pipeline without our job has ended: it never began."""
        now = await asyncio.to_thread(self.gitlab.pipeline, self.scope.id, pipeline.id)
        if now.ended and await self._our_job(pipeline) is None:
            why = now.failure or f"GitLab shows it as {now.status}, without a job"
            if _ON_GITLAB_COM.match(self.gitlab.url):
                why += "; gitlab.com runs pipelines only of users whose identity is verified"
            raise _unproven(f"its pipeline did not begin: {why} ({now.web_url})")

    async def _last_lines(self, job: Job) -> list[str]:
        with suppress(WizardError):  # the reason matters more than a log that cannot be read
            trace = await asyncio.to_thread(self.gitlab.trace, self.scope.id, job.id)
            return _tail(trace)
        return []

    async def _check(self, job: Job, nonce: str) -> None:
        trace = await asyncio.to_thread(self.gitlab.trace, self.scope.id, job.id)
        if job.status != "success":
            error = WizardError(
                f"The smoke job of {self.runner.name} ended with {job.status}.",
                "\n".join([job.failure_reason, *_tail(trace)]).strip(),
                f"Read the whole log at {job.web_url}",
            )
            error.log = job.web_url
            raise explained(error, [Text(Kind.JOB, f"the log of job {job.id}", trace)])
        if job.runner_id != self.runner_id:
            raise WizardError(
                f"Another runner ({job.runner_id}) took the smoke job of {self.runner.name}.",
                "both carry the tag that was created for it",
                "Look for a second runner with our tags, then run apply again",
            )
        managers = await asyncio.to_thread(self.gitlab.managers, self.runner_id)
        if job.system_id not in {manager.system_id for manager in managers}:
            raise WizardError(
                f"The smoke job of {self.runner.name} ran on a manager that is not its own.",
                f"the job names {job.system_id or 'no manager'}",
                "Run apply again",
            )
        if f"proof {nonce}" not in trace:
            raise WizardError(
                f"The smoke job of {self.runner.name} did not print what it was asked to.",
                "\n".join(_tail(trace)),
                "Look at the job's log; something is between the pod and GitLab",
            )


async def sweep(gitlab: GitLab, scope: Scope, tags: frozenset[str]) -> AsyncIterator[Event]:
    """Remove what smoke jobs left whose run was killed: their tags are still on the runner.

    The pipeline is canceled before its branch goes. What GitLab keeps is told and left: it must
    not keep the runner from its token.
    """
    for tag in sorted(tag for tag in tags if tag.startswith(MARK)):
        try:
            for pipeline in await asyncio.to_thread(gitlab.find_pipelines, scope.id, tag):
                if not pipeline.ended:
                    await asyncio.to_thread(gitlab.cancel_pipeline, scope.id, pipeline.id)
            await asyncio.to_thread(gitlab.delete_branch, scope.id, tag)
        except WizardError as error:
            yield Warned(f"a run that was killed left the branch {tag} behind: {error.problem}")
        else:
            yield Progress(f"removed branch {tag}, which a run that was killed left behind")


def _unproven(why: str) -> NoSmokeJobError:
    return NoSmokeJobError(
        "No smoke job could be run.",
        why,
        "Prove the runner with a pipeline of your own, or use --no-smoke",
    )


def _in_contact(manager: Manager, known: frozenset[str], since: datetime, *, fresh: bool) -> bool:
    if manager.contacted_at is None:
        return False
    if manager.system_id not in known:
        return True
    return not fresh and manager.contacted_at >= since


def _never_seen(runner: Runner, runner_id: int, count: int, managers: list[Manager]) -> WizardError:
    shown = ", ".join(
        f"{manager.system_id} last heard of {manager.contacted_at or 'never'}"
        for manager in managers
    )
    who = "the manager" if count == 1 else f"all {count} managers"
    return WizardError(
        f"GitLab has not heard from {who} of {runner.name}.",
        f"runner {runner_id} shows {shown or 'no manager at all'}",
        "Read the manager's log; it names GitLab's answer, most often a wrong address, a private "
        "CA, or a proxy",
    )


def _tail(trace: str) -> list[str]:
    return [line for line in trace.splitlines() if line.strip()][-10:]


def _advice(job: Job | None) -> str:
    if job is not None and job.status == "running":
        return "its pod may still be pulling images; raise --timeout"
    return "no manager picked it up: look at the manager's log"


def _pipeline(tag: str, left: str, right: str) -> str:
    # The job puts the halves together, so that the echo of its script does not hold the whole.
    return (
        f"{_JOB}:\n"
        f"  tags: [{tag}]\n"
        "  variables:\n"
        "    GIT_STRATEGY: none\n"
        f"    NONCE_LEFT: '{left}'\n"
        f"    NONCE_RIGHT: '{right}'\n"
        "  script:\n"
        '    - echo "proof $NONCE_LEFT$NONCE_RIGHT"\n'
    )
