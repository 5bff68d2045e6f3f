"""Repositories, pipelines and jobs of a project, as a user reaches them."""

from __future__ import annotations

import base64
import re
from fnmatch import fnmatchcase
from typing import Any

from tests.fakes.gitlab import ci, entities
from tests.fakes.gitlab.http import (
    RefusalError,
    Reply,
    Request,
    Routes,
    bad_parameter,
    bad_request,
    forbidden,
    paginate,
)
from tests.fakes.gitlab.state import DEVELOPER, MAINTAINER, Job, Pipeline, Project

routes = Routes()

_READ, _WRITE = ("api", "read_api"), ("api",)
_FILES = "/projects/:id/repository/files/:file"
_NOTES = "/projects/:id/merge_requests/:merge_request/notes"
_ACTIONS = ("create", "update", "move", "delete", "chmod")


def _writable(fake: Any, request: Request) -> Project:
    project = fake.project(request)
    if fake.state.level(request.user, project) < DEVELOPER:
        raise forbidden()
    return project


def _not_found(what: str) -> RefusalError:
    return RefusalError(404, {"message": f"404 {what} Not Found"})


@routes.on("GET", _FILES, ("api", "read_api", "read_repository"), "read_repository")
def file(fake: Any, request: Request) -> Reply:
    project = fake.project(request)
    sha = project.branches.get(request.text("ref"))
    if sha is None:
        raise _not_found("Commit")
    content = fake.state.trees[sha].get(request.values["file"])
    if content is None:
        raise _not_found("File")
    encoded = base64.b64encode(content.encode()).decode()
    path = request.values["file"]
    body = {"file_path": path, "content": encoded, "encoding": "base64", "commit_id": sha}
    return Reply(200, body)


@routes.on("POST", "/projects/:id/repository/commits", _WRITE, "create_commit")
def commit(fake: Any, request: Request) -> Reply:
    project = _writable(fake, request)
    branch = request.text("branch")
    _may_push(fake, request, project, branch)
    _complete(fake, request)
    pattern = project.push_rule.get("branch_name_regex")
    if pattern and not re.search(pattern, branch):
        text = f"Branch name '{branch}' does not follow the pattern '{pattern}'"
        raise RefusalError(400, {"message": text})
    files = _start(fake, request, project, branch)
    for action in request.params["actions"]:
        _act(files, action)
    sha = fake.state.commit(project, branch, files)
    if project.default_branch is None:
        project.default_branch = branch
    message = request.text("commit_message")
    file = project.ci_config_path or ci.CI_FILE
    if file in files and project.ci_enabled and fake.pipelines_on_push:
        _for_push(fake, project, branch, message)
    return Reply(201, {"id": sha, "short_id": sha[:8], "title": message, "message": message})


def _for_push(fake: Any, project: Project, branch: str, message: str) -> None:
    """The pipeline of a push; one that skips CI is there all the same, and has no job."""
    if "[skip ci]" not in message:
        ci.new_pipeline(fake.state, project, branch, "push")
        return
    now, sha = fake.state.clock.now(), project.branches[branch]
    skipped = Pipeline(fake.state.new_id(), project, branch, sha, "push", now, skipped=True)
    fake.state.pipelines[skipped.id] = skipped


def _may_push(fake: Any, request: Request, project: Project, branch: str) -> None:
    protected = any(fnmatchcase(branch, pattern) for pattern in project.protected_branches)
    too_low = protected and fake.state.level(request.user, project) < MAINTAINER
    if too_low or project.archived:
        raise forbidden("You are not allowed to push into this branch")


def _complete(fake: Any, request: Request) -> None:
    missing = [n for n in ("branch", "commit_message", "actions") if not request.params.get(n)]
    if missing and fake.modern:
        raise bad_request(f"{missing[0]} is required")
    if missing:
        raise bad_parameter(", ".join(f"{name} is missing" for name in missing))
    for number, action in enumerate(request.params["actions"]):
        if action.get("action") not in _ACTIONS:
            raise bad_request(f"actions[{number}][action] must be one of: {', '.join(_ACTIONS)}")


def _start(fake: Any, request: Request, project: Project, branch: str) -> dict[str, str]:
    """The files the commit builds on."""
    start = request.text("start_branch")
    if branch in project.branches:
        if start:
            text = f"A branch called '{branch}' already exists. Switch to that branch in order to"
            raise RefusalError(400, {"message": f"{text} make changes"})
        return dict(fake.state.trees[project.branches[branch]])
    if not project.branches:
        return {}
    if start not in project.branches:
        raise RefusalError(
            400, {"message": "You can only create or edit files when you are on a branch"}
        )
    return dict(fake.state.trees[project.branches[start]])


def _act(files: dict[str, str], action: dict[str, str]) -> None:
    path = action["file_path"]
    if action["action"] == "create" and path in files:
        raise RefusalError(400, {"message": "A file with this name already exists"})
    if action["action"] in {"update", "delete"} and path not in files:
        raise RefusalError(400, {"message": "A file with this name doesn't exist"})
    if action["action"] == "delete":
        del files[path]
    else:
        files[path] = action.get("content", "")


@routes.on("DELETE", "/projects/:id/repository/branches/:branch", _WRITE, "delete_branch")
def delete_branch(fake: Any, request: Request) -> Reply:
    project = _writable(fake, request)
    branch = request.values["branch"]
    if branch not in project.branches:
        raise _not_found("Branch")
    if branch in project.protected_branches or branch == project.default_branch:
        raise forbidden("Protected branch cannot be deleted")
    del project.branches[branch]
    return Reply(204)


@routes.on("POST", "/projects/:id/pipeline", _WRITE, "create_pipeline")
def create_pipeline(fake: Any, request: Request) -> Reply:
    project = _writable(fake, request)
    if not request.text("ref"):
        raise bad_parameter("ref is missing")
    pipeline = ci.new_pipeline(fake.state, project, request.text("ref"), "api")
    return Reply(201, entities.pipeline_row(fake, pipeline))


@routes.on("GET", "/projects/:id/pipelines", _READ, "read_pipeline")
def pipelines(fake: Any, request: Request) -> Reply:
    project = fake.project(request)
    ref, sha = request.text("ref"), request.text("sha")
    rows = [
        pipeline
        for pipeline in reversed(fake.state.pipelines.values())
        if pipeline.project is project and ref in {"", pipeline.ref} and sha in {"", pipeline.sha}
    ]
    return paginate(fake, request, rows, lambda one: entities.pipeline_row(fake, one))


def _pipeline(fake: Any, request: Request) -> Pipeline:
    project = fake.project(request)
    pipeline = fake.state.pipelines.get(int(request.values["pipeline"]))
    if pipeline is None or pipeline.project is not project:
        raise _not_found("Pipeline")
    return pipeline


@routes.on("GET", "/projects/:id/pipelines/:pipeline", _READ, "read_pipeline")
def pipeline(fake: Any, request: Request) -> Reply:
    return Reply(200, entities.pipeline_row(fake, _pipeline(fake, request)))


@routes.on("GET", "/projects/:id/pipelines/:pipeline/jobs", _READ, "read_pipeline_job")
def jobs(fake: Any, request: Request) -> Reply:
    rows = list(reversed(_pipeline(fake, request).jobs))
    return paginate(fake, request, rows, lambda job: entities.job_row(fake, job))


@routes.on("POST", "/projects/:id/pipelines/:pipeline/cancel", _WRITE, "cancel_pipeline")
def cancel(fake: Any, request: Request) -> Reply:
    _writable(fake, request)
    pipeline = _pipeline(fake, request)
    for job in pipeline.jobs:
        if job.status not in ci.ENDED:
            job.status = "canceled"
            job.finished_at = fake.state.clock.now()
    return Reply(200, entities.pipeline_row(fake, pipeline))


def _job(fake: Any, request: Request) -> Job:
    project = fake.project(request)
    job = fake.state.jobs.get(int(request.values["job"]))
    if job is None or job.pipeline.project is not project:
        raise RefusalError(404, {"message": "404 Not found"})
    return job


@routes.on("GET", "/projects/:id/jobs/:job", _READ, "read_pipeline_job")
def job(fake: Any, request: Request) -> Reply:
    return Reply(200, entities.job_row(fake, _job(fake, request)))


@routes.on("GET", "/projects/:id/jobs/:job/trace", _READ, "read_pipeline_job")
def trace(fake: Any, request: Request) -> Reply:
    return Reply(200, _job(fake, request).trace)


@routes.on("GET", "/projects/:id/protected_branches", _READ, "read_protected_branch")
def protected_branches(fake: Any, request: Request) -> Reply:
    project = _writable(fake, request)
    names = sorted(project.protected_branches)
    return paginate(fake, request, names, lambda name: {"id": 1, "name": name})


@routes.on("GET", "/projects/:id/push_rule", _READ, "read_push_rule")
def push_rule(fake: Any, request: Request) -> Reply:
    project = _writable(fake, request)
    if not fake.premium:
        raise RefusalError(404, {"message": "404 Not Found"})
    return Reply(200, project.push_rule or "null")


def _notes(fake: Any, request: Request) -> list[dict[str, Any]]:
    """The comments on a merge request, which there has to be."""
    found = fake.project(request).notes.get(int(request.values["merge_request"]))
    if found is None:
        raise _not_found("Merge Request")
    return found


@routes.on("GET", _NOTES, _READ, "read_note")
def notes(fake: Any, request: Request) -> Reply:
    return paginate(fake, request, _notes(fake, request), lambda note: note)


@routes.on("POST", _NOTES, _WRITE, "create_note")
def add_note(fake: Any, request: Request) -> Reply:
    if not request.text("body"):
        raise bad_parameter("body is missing")
    author = {"id": request.user.id, "username": request.user.username}
    note = {"id": fake.state.new_id(), "body": request.text("body"), "author": author}
    _notes(fake, request).append(note | {"system": False})
    return Reply(201, note)


@routes.on("PUT", f"{_NOTES}/:note", _WRITE, "update_note")
def change_note(fake: Any, request: Request) -> Reply:
    for note in _notes(fake, request):
        if str(note["id"]) == request.values["note"]:
            if note["author"]["id"] != request.user.id:
                raise forbidden()
            note["body"] = request.text("body")
            return Reply(200, note)
    raise _not_found("Note")
