"""Who am I, what is this GitLab, and where may I do what: users, tokens, groups, projects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.fakes.gitlab import entities
from tests.fakes.gitlab.http import RefusalError, Reply, Request, Routes, paginate
from tests.fakes.gitlab.state import GUEST

routes = Routes()

_USER = ("api", "read_api", "read_user")
_READ = ("api", "read_api")


@routes.on("GET", "/metadata", _USER, "read_metadata")
@routes.on("GET", "/version", _USER, "read_metadata")
def metadata(fake: Any, request: Request) -> Reply:
    body = {"version": fake.version, "revision": "abc1234", "enterprise": fake.enterprise}
    return Reply(200, body | {"kas": {"enabled": False, "externalUrl": None}})


@routes.on("GET", "/user", _USER, "read_user")
def user(fake: Any, request: Request) -> Reply:
    return Reply(200, entities.user_row(request.user))


@routes.on("GET", "/personal_access_tokens/self", (), "read_personal_access_token")
def token_itself(fake: Any, request: Request) -> Reply:
    token = request.token
    assert token is not None
    scopes = ["granular"] if token.kind == "granular" else list(token.scopes)
    return Reply(
        200,
        {
            "id": token.id,
            "name": "wizard",
            "revoked": False,
            "active": True,
            "scopes": scopes,
            "user_id": token.user.id,
            "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        },
    )


@routes.on("GET", "/personal_access_tokens/self/associations", (), "read_personal_access_token")
def associations(fake: Any, request: Request) -> Reply:
    level = request.number("min_access_level") or GUEST
    groups = _reachable(fake, request, fake.state.groups, level)
    projects = _reachable(fake, request, fake.state.projects, level)
    page, per_page = request.number("page") or 1, request.number("per_page") or 20
    part = slice((page - 1) * per_page, page * per_page)
    body = {
        "groups": [
            {"id": one.id, "name": one.name, "web_url": f"{fake.external_url}/groups/{one.path}"}
            for one in groups[part]
        ],
        "projects": [
            {"id": one.id, "name": one.name, "path_with_namespace": one.path}
            for one in projects[part]
        ],
    }
    return Reply(200, body)


def _reachable(fake: Any, request: Request, things: dict[int, Any], level: int) -> list[Any]:
    if request.user.is_admin:
        return list(things.values())
    return [one for one in things.values() if fake.state.level(request.user, one) >= level]


@routes.on("GET", "/projects", _READ, "read_project")
def projects(fake: Any, request: Request) -> Reply:
    rows = _reachable(
        fake, request, fake.state.projects, request.number("min_access_level") or GUEST
    )
    if not request.flag("archived", default=True):
        rows = [project for project in rows if not project.archived]
    if search := request.text("search").lower():
        whole_path = request.flag("search_namespaces")
        rows = [one for one in rows if search in (one.path if whole_path else one.name).lower()]
    return paginate(fake, request, rows, lambda project: entities.project_row(fake, project))


@routes.on("GET", "/projects/:id", _READ, "read_project")
def project(fake: Any, request: Request) -> Reply:
    if (moved := fake.state.moved.get(request.values["id"])) is not None:
        there = f"{fake.external_url}/api/v4/projects/{moved}"
        return Reply(301, {"message": "This resource has been moved"}, {"Location": there})
    return Reply(200, entities.project_details(fake, fake.project(request), request.user))


@routes.on("GET", "/groups", _READ, "read_group")
def groups(fake: Any, request: Request) -> Reply:
    level = request.number("min_access_level") or GUEST
    rows = _reachable(fake, request, fake.state.groups, level)
    if search := request.text("search").lower():
        rows = [group for group in rows if search in group.path.lower()]
    return paginate(fake, request, rows, lambda group: entities.group_row(fake, group))


@routes.on("GET", "/groups/:id", _READ, "read_group")
def group(fake: Any, request: Request) -> Reply:
    found = fake.group(request)
    body = entities.group_row(fake, found)
    if request.flag("with_projects", default=True):
        inside = [one for one in fake.state.projects.values() if one.namespace == found.path]
        body["projects"] = [entities.project_row(fake, one) for one in inside[:100]]
    return Reply(200, body)


@routes.on("GET", "/projects/:id/members/all/:user", _READ, "read_member")
def project_member(fake: Any, request: Request) -> Reply:
    return _member(fake, request, fake.project(request))


@routes.on("GET", "/groups/:id/members/all/:user", _READ, "read_member")
def group_member(fake: Any, request: Request) -> Reply:
    return _member(fake, request, fake.group(request))


def _member(fake: Any, request: Request, there: Any) -> Reply:
    user = fake.state.users.get(int(request.values["user"]))
    level = user and fake.state.level(replace(user, is_admin=False), there)
    if not level:
        raise RefusalError(404, {"message": "404 Not found"})
    return Reply(200, entities.user_row(user) | {"access_level": level})
