"""One job of GitLab: why no runner takes it, or why it failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from wizard.core.errors import NotAllowedError, UsageError, WizardError
from wizard.core.facts import Scope
from wizard.core.findings import Finding
from wizard.doctor import Kind, Text
from wizard.operations.doctoring.report import Report, of_texts
from wizard.operations.explaining import Evidence, of_job_pods
from wizard.operations.runners.truth import SILENT_AFTER
from wizard.systems.gitlab import GitLab, Job, RunnerInfo
from wizard.systems.kubernetes import Cluster

_URL = re.compile(r"(https?://[^\s?#]+?)/-/jobs/(\d{1,18})(?:[/?#].*)?")
_WAITING = frozenset({"created", "pending", "waiting_for_resource", "preparing"})
_MOST = 20


@dataclass(frozen=True, slots=True)
class JobAt:
    """Where a job is: GitLab's address, the project's full path, and the job's id."""

    url: str
    project: str
    id: int


def job_at(text: str, url: str = "", project: str = "") -> JobAt:
    """The job that someone names by its address, or by its id.

    Args:
        url: GitLab's own address where it is known, which may have a path.
        project: where a job is that is named by its id only.

    Raises: UsageError, when it is neither, or an id of no known project.
    """
    base = url.rstrip("/")
    if found := _URL.fullmatch(text.strip()):
        page = found[1]
        if not (base and page.startswith(f"{base}/")):
            host = re.match(r"https?://[^/]+", page)
            base = host[0] if host else page
        return JobAt(base, page.removeprefix(base).strip("/"), int(found[2]))
    if text.strip().isdigit() and base and project:
        return JobAt(base, project, int(text))
    raise UsageError(
        f"{text} names no job.",
        "a job is named by its address in the browser, or by its id together with a profile that "
        "has a runner of its project",
        "Give the address, such as https://gitlab.com/acme/app/-/jobs/4711",
    )


def examine_job(
    gitlab: GitLab,
    at: JobAt,
    runners: Sequence[RunnerInfo] = (),
    cluster: Cluster | None = None,
    namespaces: Sequence[str] = (),
) -> Report:
    """What is known of one job. Blocking.

    Args:
        runners: those that it is held against; the project's own where none are given.
        cluster: where its pod is looked for, in these namespaces; None where it is not seen.

    Raises: WizardError, from GitLab.
    """
    scope = gitlab.resolve("project", at.project)
    job = gitlab.job(scope.id, at.id)
    if job.status in _WAITING:
        candidates = runners or _runners_of(gitlab, scope)
        protected = _is_protected(gitlab, scope, job)
        return of_texts([], _why_not_taken(job, candidates, gitlab, protected))
    trace = gitlab.trace(scope.id, job.id)
    evidence = Evidence([Text(Kind.JOB, f"the log of job {job.id}", trace)])
    if job.failure_reason:
        evidence.texts.append(Text(Kind.JOB, "GitLab's failure reason", job.failure_reason))
    if cluster:
        for place in namespaces:
            evidence.take(f"the pods of {place}", partial(of_job_pods, place, cluster, job.id))
    texts = [text for text in evidence.texts if text.content.strip()]
    if job.status == "success":
        texts = []
    report = of_texts(texts, _how_it_ended(job))
    return Report(report.findings, report.diagnosis, tuple(evidence.unseen))


def _how_it_ended(job: Job) -> Iterator[Finding]:
    if job.status == "canceled":
        yield Finding(f"Job {job.id} was canceled.", cause="a user or a newer pipeline canceled it")


def _runners_of(gitlab: GitLab, scope: Scope) -> list[RunnerInfo]:
    try:
        listed = gitlab.list_runners(scope).ids[:_MOST]
        return [gitlab.get_runner(one) for one in listed]
    except NotAllowedError:
        return []


def _is_protected(gitlab: GitLab, scope: Scope, job: Job) -> bool | None:
    """Whether a job's branch is protected; None where that is not for us to see."""
    try:
        patterns = gitlab.protected_branches(scope.id)
    except WizardError:
        return None
    return any(fnmatchcase(job.ref, pattern) for pattern in patterns)


def _why_not_taken(
    job: Job, runners: Sequence[RunnerInfo], gitlab: GitLab, protected: bool | None
) -> Iterator[Finding]:
    """Each runner, and why it does not take a job that waits."""
    if not runners:
        yield Finding(
            f"Job {job.id} is {job.status}, and no runner of its project can be seen.",
            cause="it has none, or the token's user may not look at them (Maintainer)",
            fix="Look at Settings > CI/CD > Runners of the project",
        )
        return
    reasons = {info.id: list(reasons_against(job, info, gitlab, protected)) for info in runners}
    lines = [
        f"runner {info.id} of {info.place}: {'; '.join(reasons[info.id]) or 'could take it'}"
        for info in runners
    ]
    tags = ", ".join(sorted(job.tags)) or "no tags"
    if any(not why for why in reasons.values()):
        problem = f"Job {job.id} is {job.status}, though a runner could take it."
        cause = "the runner is running as many jobs as it may, or has not asked yet"
        fix = "Wait, or raise jobs.concurrent; status shows how many jobs are running"
    else:
        problem = f"No runner can pick up job {job.id} ({tags})."
        cause = "each of them has a reason not to"
        fix = "Give the job the tags of a runner, or change that runner in its profile"
    yield Finding(problem, "\n".join(lines), cause, fix)


def reasons_against(
    job: Job, info: RunnerInfo, gitlab: GitLab, protected: bool | None
) -> Iterator[str]:
    """Why a runner does not take a job, as GitLab matches the two.

    Args:
        protected: whether the job's branch is; None where that could not be seen.
    """
    settings = info.settings
    if settings.paused:
        yield "it is paused"
    if missing := job.tags - settings.tags:
        yield f"it lacks the tag{'s' if len(missing) > 1 else ''} {', '.join(sorted(missing))}"
    if not job.tags and not settings.run_untagged:
        yield "it takes no job without tags"
    if settings.protected and protected is False:
        yield f"it takes jobs of protected branches only, and {job.ref or 'its branch'} is not one"
    try:
        managers = gitlab.managers(info.id)
    except WizardError:
        return
    now = gitlab.now()
    if not any(m.contacted_at and now - m.contacted_at < SILENT_AFTER for m in managers):
        yield "GitLab does not hear from its manager"
