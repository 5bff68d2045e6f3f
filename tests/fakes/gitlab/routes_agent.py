"""The runner's side: verify, ask for jobs, send the trace, say how it ended. No user token here."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.gitlab import ci, entities
from tests.fakes.gitlab.http import RefusalError, Reply, Request, Routes, bad_parameter, forbidden
from tests.fakes.gitlab.routes_runners import renew
from tests.fakes.gitlab.state import Job, Manager, Runner

routes = Routes()

_INFO = ("name", "version", "revision", "platform", "architecture", "executor")


def _runner(fake: Any, request: Request) -> Runner:
    token = request.text("token")
    if not token:
        raise bad_parameter("token is missing")
    runner = fake.state.runner_of(token)
    if runner is None:
        raise forbidden()
    return runner


def _manager(fake: Any, request: Request, runner: Runner) -> Manager:
    """The manager of the request's system id, noted on its first call."""
    system_id = request.text("system_id") or "<legacy>"
    if system_id not in runner.managers:
        now = fake.state.clock.now()
        runner.managers[system_id] = Manager(fake.state.new_id(), system_id, now)
    manager = runner.managers[system_id]
    info = request.params.get("info") or {}
    manager.info |= {key: info[key] for key in _INFO if info.get(key)}
    return manager


def _heartbeat(fake: Any, runner: Runner, manager: Manager, *, finished: bool) -> None:
    runner.contacted_at = manager.contacted_at = fake.state.clock.now()
    manager.finished = manager.finished or finished


@routes.on("POST", "/runners/verify", None)
def verify(fake: Any, request: Request) -> Reply:
    runner = _runner(fake, request)
    manager = _manager(fake, request, runner)
    if fake.verify_touches_contact:
        _heartbeat(fake, runner, manager, finished=False)
    expires = entities.stamp(runner.token_expires_at)
    return Reply(200, {"id": runner.id, "token": runner.token, "token_expires_at": expires})


@routes.on("POST", "/runners", None)
def register_the_old_way(fake: Any, request: Request) -> Reply:
    raise RefusalError(410, {"message": "410 Gone - runner registration disallowed"})


@routes.on("POST", "/runners/reset_authentication_token", None)
def reset(fake: Any, request: Request) -> Reply:
    return Reply(201, renew(fake, _runner(fake, request)))


@routes.on("DELETE", "/runners/managers", None)
def delete_manager(fake: Any, request: Request) -> Reply:
    runner = _runner(fake, request)
    if not fake.verify_touches_contact:  # 18.0 and older
        runner.contacted_at = fake.state.clock.now()
    if runner.managers.pop(request.text("system_id"), None) is None:
        raise RefusalError(404, {"message": "404 Runner manager not found Not Found"})
    return Reply(204)


@routes.on("GET", "/runners/router/discovery", None)
def router(fake: Any, request: Request) -> Reply:
    text = "Job Router is not available. Please contact your administrator."
    raise RefusalError(501, {"message": text})


@routes.on("POST", "/jobs/request", None)
def request_job(fake: Any, request: Request) -> Reply:
    runner = _runner(fake, request)
    manager = _manager(fake, request, runner)
    _heartbeat(fake, runner, manager, finished=True)
    for job in fake.state.jobs.values():
        if job.status == "pending" and _takes(fake, runner, job):
            job.status, job.runner, job.manager = "running", runner, manager
            job.started_at = fake.state.clock.now()
            return Reply(201, ci.payload(fake, job))
    return Reply(204, None, {"X-GitLab-Last-Update": str(fake.state.queue_tick)})


def _takes(fake: Any, runner: Runner, job: Job) -> bool:
    project = job.pipeline.project
    if runner.paused:
        return False
    if runner.runner_type == "project_type" and project.id not in runner.project_ids:
        return False
    if runner.group_id and runner.group_id not in {
        group.id for group in fake.state.groups_above(project.path)
    }:
        return False
    unprotected = job.pipeline.ref not in project.protected_branches
    if runner.access_level == "ref_protected" and unprotected:
        return False
    return set(job.tags) <= set(runner.tags) if job.tags else runner.run_untagged


def _job(fake: Any, request: Request) -> Job:
    job = fake.state.jobs.get(int(request.values["id"]))
    given = request.text("token") or request.headers.get("JOB-TOKEN", "")
    if job is None or given != job.token:
        raise forbidden()
    if job.status != "running":
        raise RefusalError(
            403, {"message": "403 Forbidden - Job is not running"}, Job_Status=job.status
        )
    if job.runner and job.manager:
        _heartbeat(fake, job.runner, job.manager, finished=True)
    return job


@routes.on("PATCH", "/jobs/:id/trace", None)
def append_trace(fake: Any, request: Request) -> Reply:
    job = _job(fake, request)
    given = re.fullmatch(r"(\d+)-(\d+)", request.headers.get("Content-Range", ""))
    if given is None:
        raise RefusalError(400, {"error": "400 Missing header Content-Range"})
    headers = {"Job-Status": job.status, "Range": f"0-{len(job.trace)}"}
    if int(given[1]) != len(job.trace) or int(given[2]) - int(given[1]) + 1 != len(request.raw):
        return Reply(416, "416 Range Not Satisfiable", headers)
    job.trace += request.raw
    headers |= {"Range": f"0-{len(job.trace)}", "X-GitLab-Trace-Update-Interval": "3"}
    return Reply(202, f"0-{len(job.trace)}", headers)


@routes.on("PUT", "/jobs/:id", None)
def update_job(fake: Any, request: Request) -> Reply:
    job = _job(fake, request)
    state = request.text("state")
    if state in {"success", "failed"}:
        job.status = state
        job.finished_at = fake.state.clock.now()
        job.failure_reason = request.text("failure_reason") or None
        if state == "failed" and not job.failure_reason:
            job.failure_reason = "unknown_failure"
        ci.go_on(fake.state, job.pipeline)
    return Reply(200, "200", {"Job-Status": job.status})
