"""The user's side of runners: create, list, show, update, reset, delete."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from tests.fakes.gitlab import entities
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
from tests.fakes.gitlab.state import MAINTAINER, OWNER, STALE_AFTER, Group, Project, Runner

routes = Routes()

TYPES = ("instance_type", "group_type", "project_type")
LEVELS = ("not_protected", "ref_protected")
_READ, _MANAGE = ("api", "read_api", "manage_runner"), ("api", "manage_runner")
_EDITABLE = (
    "description",
    "active",
    "paused",
    "tag_list",
    "run_untagged",
    "locked",
    "access_level",
    "maximum_timeout",
    "maintenance_note",
)


def new_token(fake: Any, runner_type: str) -> str:
    number = TYPES.index(runner_type) + 1
    body = secrets.token_urlsafe(15)
    return {
        "plain": f"glrt-t{number}_{body}",
        "routable": f"glrt-t{number}_{secrets.token_urlsafe(24)}.01.{secrets.token_hex(4)}0",
        "prefixed": f"acme-glrt-t{number}_{body}",
        "old": f"glrt-{body}",
    }[fake.token_style]


@routes.on("POST", "/user/runners", ("api", "create_runner"), "create_runner")
def create(fake: Any, request: Request) -> Reply:
    runner_type = request.text("runner_type")
    if not runner_type:
        raise bad_parameter("runner_type is missing, runner_type does not have a valid value")
    request.choice("runner_type", TYPES)
    project, group = _owner(fake, request, runner_type)
    request.choice("access_level", LEVELS)
    runner = Runner(
        id=0,
        runner_type=runner_type,
        token=new_token(fake, runner_type),
        created_at=fake.state.clock.now(),
        creator=request.user,
        project_ids=[project.id] if project else [],
        group_id=group.id if group else 0,
    )
    if fake.premium:  # elsewhere these parameters are not known, and dropped
        runner.token_expires_at = _moment(request.text("token_expires_at"))
        runner.rotation_deadline = _moment(request.text("token_rotation_deadline"))
    if fake.token_lifetime and not runner.token_expires_at:
        runner.token_expires_at = fake.state.clock.now() + fake.token_lifetime
    problems = _apply(runner, request)
    if not problems:
        problems = _over_limit(fake, runner)
    if problems:
        said = " and ".join(f"{label} {text}" for _, label, text in problems)
        raise bad_request(said)
    runner.id = fake.state.new_id()
    fake.state.runners[runner.id] = runner
    expires = entities.stamp(runner.token_expires_at)
    return Reply(201, {"id": runner.id, "token": runner.token, "token_expires_at": expires})


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _owner(fake: Any, request: Request, runner_type: str) -> tuple[Project | None, Group | None]:
    """The project or group the runner shall belong to: there, and the user may."""
    state, user = fake.state, request.user
    if runner_type == "instance_type":
        if not user.is_admin:
            raise forbidden("Insufficient permissions")
        return None, None
    kind = runner_type.removesuffix("_type")
    owner_id = request.number(f"{kind}_id")
    if owner_id is None:
        raise bad_parameter(f"{kind}_id is missing")
    owner = (state.projects if kind == "project" else state.groups).get(owner_id)
    if owner is None:
        raise bad_request(f"Missing/invalid {kind}")
    needed = MAINTAINER if kind == "project" else OWNER
    switched_off = not (owner.runner_registration or user.is_admin)
    if state.level(user, owner) < needed or switched_off:
        raise forbidden("Insufficient permissions")
    return (owner, None) if kind == "project" else (None, owner)


def _apply(runner: Runner, request: Request) -> list[tuple[str, str, str]]:
    """Set what was sent; returns what the model objects to: (attribute, its label, words)."""
    params = request.params
    if "description" in params:
        runner.description = request.text("description") or None
    if "maintenance_note" in params:
        runner.maintenance_note = request.text("maintenance_note") or None
    if "tag_list" in params:
        runner.tags = request.tags()
    if "maximum_timeout" in params:
        runner.maximum_timeout = request.number("maximum_timeout")
    runner.paused = request.flag("paused", runner.paused)
    runner.locked = request.flag("locked", runner.locked)
    runner.run_untagged = request.flag("run_untagged", runner.run_untagged)
    runner.access_level = request.choice("access_level", LEVELS, runner.access_level)
    return _objections(runner)


def _objections(runner: Runner) -> list[tuple[str, str, str]]:
    found = []
    if not runner.run_untagged and not runner.tags:
        text = "can not be empty when runner is not allowed to pick untagged jobs"
        found.append(("tags_list", "Tags list", text))
    if len(runner.tags) > 50:
        text = "Too many tags specified. Please limit the number of tags to 50"
        found.append(("tags_list", "Tags list", text))
    if runner.maximum_timeout is not None and runner.maximum_timeout < 600:
        text = "needs to be at least 10 minutes"
        found.append(("maximum_timeout", "Maximum timeout", text))
    if len(runner.maintenance_note or "") > 1024:
        text = "is too long (maximum is 1024 characters)"
        found.append(("maintenance_note", "Maintenance note", text))
    return found


def _over_limit(fake: Any, runner: Runner) -> list[tuple[str, str, str]]:
    if not fake.runner_limit or runner.runner_type == "instance_type":
        return []
    recently = fake.state.clock.now() - STALE_AFTER
    beside = [
        other
        for other in fake.state.runners.values()
        if (other.project_ids[:1], other.group_id) == (runner.project_ids[:1], runner.group_id)
        and max(other.created_at, other.contacted_at or other.created_at) > recently
    ]
    if len(beside) < fake.runner_limit:
        return []
    kind = runner.runner_type.removesuffix("_type")
    label = "Runner projects base" if kind == "project" else "Runner namespaces base"
    text = f"Maximum number of ci registered {kind} runners ({fake.runner_limit}) exceeded"
    return [("base", label, text)]


@routes.on("GET", "/projects/:id/runners", ("api", "read_api"), "read_runner")
def of_project(fake: Any, request: Request) -> Reply:
    project = fake.project(request)
    if fake.state.level(request.user, project) < MAINTAINER:
        raise forbidden()
    groups = {group.id for group in fake.state.groups_above(project.path)}
    return _list(
        fake,
        request,
        lambda runner: (
            project.id in runner.project_ids
            or runner.group_id in groups
            or runner.runner_type == "instance_type"
        ),
    )


@routes.on("GET", "/groups/:id/runners", ("api", "read_api"), "read_runner")
def of_group(fake: Any, request: Request) -> Reply:
    group = fake.group(request)
    if fake.state.level(request.user, group) < OWNER:
        raise forbidden()
    groups = {above.id for above in fake.state.groups_above(group.path)}
    return _list(
        fake,
        request,
        lambda runner: runner.group_id in groups or runner.runner_type == "instance_type",
    )


@routes.on("GET", "/runners/all", ("api", "read_api"), "read_runner")
def all_runners(fake: Any, request: Request) -> Reply:
    if not request.user.is_admin:
        raise forbidden()
    return _list(fake, request, lambda runner: True)


def _list(fake: Any, request: Request, wanted: Any) -> Reply:
    kind = request.choice("type", TYPES)
    rows = [
        runner
        for runner in reversed(fake.state.runners.values())
        if wanted(runner) and kind in {"", runner.runner_type}
    ]
    return paginate(fake, request, rows, lambda runner: entities.runner_row(fake.state, runner))


def _found(fake: Any, request: Request) -> Runner:
    if not request.values["id"].isdigit():
        raise bad_parameter("id is invalid")
    runner = fake.state.runners.get(int(request.values["id"]))
    if runner is None:
        raise RefusalError(
            404, {"message": "404 Runner Not Found" if fake.modern else "404 Not found"}
        )
    return runner


def _may_update(fake: Any, request: Request, runner: Runner) -> bool:
    state, user = fake.state, request.user
    if runner.runner_type == "instance_type":
        return user.is_admin
    if runner.group_id:
        return state.level(user, state.groups[runner.group_id]) >= OWNER
    return any(state.level(user, state.projects[i]) >= MAINTAINER for i in runner.project_ids)


def _mine(fake: Any, request: Request) -> Runner:
    runner = _found(fake, request)
    if not _may_update(fake, request, runner):
        raise forbidden("No access granted")
    return runner


def _details(fake: Any, request: Request, runner: Runner) -> Reply:
    may = _may_update(fake, request, runner)
    return Reply(200, entities.runner_details(fake.state, runner, may_update=may))


@routes.on("GET", "/runners/:id", _READ, "read_runner")
def show(fake: Any, request: Request) -> Reply:
    runner = _found(fake, request)
    if runner.runner_type != "instance_type":
        _mine(fake, request)
    return _details(fake, request, runner)


@routes.on("PUT", "/runners/:id", _MANAGE, "update_runner")
def update(fake: Any, request: Request) -> Reply:
    if not any(name in request.params for name in _EDITABLE):
        names = ", ".join(_EDITABLE)
        raise bad_parameter(f"{names} are missing, at least one parameter must be provided")
    if {"active", "paused"} <= set(request.params):
        raise bad_parameter("active, paused are mutually exclusive")
    runner = _mine(fake, request)
    before = dict(vars(runner))
    problems = _apply(runner, request)
    if problems:
        vars(runner).update(before)
        words: dict[str, list[str]] = {}
        for attribute, _, text in problems:
            words.setdefault(attribute, []).append(text)
        raise RefusalError(400, {"message": words})
    return _details(fake, request, runner)


@routes.on("DELETE", "/runners/:id", _MANAGE, "delete_runner")
def delete(fake: Any, request: Request) -> Reply:
    runner = _mine(fake, request)
    if len(runner.project_ids) > 1 and not request.user.is_admin:
        raise forbidden("Runner associated with more than one project")
    del fake.state.runners[runner.id]
    return Reply(204)


@routes.on("GET", "/runners/:id/managers", _READ, "read_runner")
def managers(fake: Any, request: Request) -> Reply:
    runner = _mine(fake, request)
    rows = [entities.manager_row(fake.state, one) for one in runner.managers.values()]
    return Reply(200, rows)


@routes.on("GET", "/runners/:id/jobs", _READ, "read_runner")
def jobs(fake: Any, request: Request) -> Reply:
    runner, wanted = _mine(fake, request), request.text("status")
    rows = [
        job
        for job in reversed(fake.state.jobs.values())
        if job.runner is runner and wanted in {"", job.status}
    ]
    return paginate(fake, request, rows, lambda job: entities.job_row(fake, job))


def renew(fake: Any, runner: Runner) -> dict[str, Any]:
    """Give the runner another token; the old one is dead from here on."""
    now = fake.state.clock.now()
    if runner.rotation_deadline and runner.rotation_deadline <= now:
        raise RefusalError(422, {"error": "The token rotation deadline has passed"})
    runner.token = new_token(fake, runner.runner_type)
    runner.token_expires_at = now + fake.token_lifetime if fake.token_lifetime else None
    expires = entities.stamp(runner.token_expires_at)
    return {"token": runner.token, "token_expires_at": expires}


@routes.on("POST", "/runners/:id/reset_authentication_token", _MANAGE, "update_runner")
def reset(fake: Any, request: Request) -> Reply:
    return Reply(201, renew(fake, _mine(fake, request)))
