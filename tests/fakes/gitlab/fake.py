"""`FakeGitLab`: start it, seed it, break it, look into it."""

from __future__ import annotations

import secrets
import ssl
from collections import Counter, deque
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Self

from pydantic import SecretStr

from tests.fakes.gitlab.faults import BAD_GATEWAY, Fault, Faults, throttled
from tests.fakes.gitlab.http import RefusalError, Reply, Request
from tests.fakes.gitlab.server import Call, Server
from tests.fakes.gitlab.state import GUEST, OWNER, Group, Project, Runner, State, Token, User


class FakeGitLab:
    """A GitLab on loopback, whose one user `owner` owns all that is added.

    Args:
        port: 0 takes a free one.
        relative: the path it is installed under, such as `/gitlab`.
        host: address to listen on.
        tls: serve https with this context.
        verbose: print a line a request.
    """

    def __init__(
        self,
        port: int = 0,
        relative: str = "",
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        *,
        verbose: bool = False,
    ) -> None:
        self.state = State()
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=20_000)
        self.relative = relative
        self.verbose = verbose
        self.version, self.enterprise, self.premium = "19.4.1-ee", True, False
        self.verify_touches_contact = True
        """What 19.x does on verify, and 17.x does not."""
        self.token_style = "plain"
        """`plain`, `routable`, `prefixed` by the instance, or `old`."""
        self.token_lifetime: timedelta | None = None
        """What an administrator sets for every runner token."""
        self.runner_limit = 0
        """Runners a project or group may have; 0 is no limit."""
        self.hide_totals = False
        self.pipelines_on_push = True
        self._server = Server(self, host, port, tls)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{host}:{self._server.server_port}{relative}"
        self.external_url = self.url
        """Where it believes to be, which its links say."""
        self.user = self.add_user("owner")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def modern(self) -> bool:
        """Whether it speaks the error dialect of 19.x."""
        return int(self.version.split(".")[0]) >= 19

    # Seeding

    def add_user(self, username: str, *, admin: bool = False) -> User:
        user = User(self.state.new_id(), username, admin)
        self.state.users[user.id] = user
        return user

    def add_token(
        self,
        *scopes: str,
        user: User | None = None,
        kind: str = "pat",
        expires_at: date | None = None,
        revoked: bool = False,
        permissions: tuple[str, ...] = (),
    ) -> SecretStr:
        """A token, of the owner and with `api` where nothing else is said."""
        prefix = {"pat": "glpat-", "granular": "glpat-", "oauth": ""}[kind]
        value = prefix + secrets.token_hex(32 if kind == "oauth" else 10)
        self.state.tokens[value] = Token(
            id=self.state.new_id(),
            value=value,
            user=user or self.user,
            scopes=scopes or ("api",),
            kind=kind,
            expires_at=expires_at,
            revoked=revoked,
            permissions=permissions,
        )
        return SecretStr(value)

    def add_group(self, path: str, *, role: int = OWNER) -> Group:
        group = Group(self.state.new_id(), path, {self.user.id: role})
        self.state.groups[group.id] = group
        return group

    def add_project(
        self, path: str, files: dict[str, str] | None = None, *, role: int = OWNER
    ) -> Project:
        """A project with one commit on `main`, which is protected; `files={}` leaves it empty."""
        project = Project(self.state.new_id(), path, members={self.user.id: role})
        self.state.projects[project.id] = project
        self.state.project_ids[path] = project.id
        if files == {}:
            project.default_branch = None
        else:
            project.protected_branches.add("main")
            self.state.commit(project, "main", files or {"README.md": "Hello\n"})
        return project

    def move_project(self, project: Project, path: str) -> None:
        """Rename a project; its old path answers with a redirect from now on."""
        self.state.moved[project.path] = project.id
        del self.state.project_ids[project.path]
        project.path = path
        self.state.project_ids[path] = project.id

    def advance(self, seconds: float) -> None:
        """Let time pass on GitLab's clock alone."""
        self.state.clock.offset += timedelta(seconds=seconds)

    # Breaking

    def fail_next(
        self,
        method: str,
        path: str,
        status: int = 502,
        body: Any = BAD_GATEWAY,
        *,
        times: int = 1,
        headers: dict[str, str] | None = None,
        drop_before: bool = False,
        drop_after: bool = False,
        delay: float = 0.0,
    ) -> None:
        """The next `times` calls of a route fail: a status and body, or the named trouble.

        Args:
            method: `GET`, ..., or `*`.
            path: below `/api/v4`, encoded, `*` as in file names.
            status: of the false answer, which is sent unless one of the troubles is named.
            body: of the false answer.
            times: how many calls.
            headers: of the false answer.
            drop_before: cut the connection, nothing done.
            drop_after: do it, then cut the connection without an answer.
            delay: do it, but answer only after so many seconds.
        """
        named = drop_before or drop_after or delay
        reply = None if named else Reply(status, body, headers or {})
        fault = Fault(method, path, times, drop_before, drop_after, delay, reply)
        self.faults.pending.append(fault)

    def before_next(
        self, method: str, path: str, meanwhile: Callable[[], object], *, skip: int = 0
    ) -> None:
        """Have something happen just before the next call of a route is carried out.

        Args:
            skip: how many calls of the route come before that one.
        """
        if skip:
            self.faults.pending.append(Fault(method, path, skip, meanwhile=lambda: None))
        self.faults.pending.append(Fault(method, path, meanwhile=meanwhile))

    def throttle_next(
        self,
        method: str,
        path: str,
        *,
        retry_after: str | None = None,
        reset: str | None = None,
        dialect: str = "rack",
        times: int = 1,
    ) -> None:
        """The next calls are answered with 429, in the dialect `rack` or `application`."""
        reply = throttled(dialect, retry_after, reset)
        self.faults.pending.append(Fault(method, path, times, reply=reply))

    # Looking

    @property
    def runners(self) -> list[Runner]:
        return list(self.state.runners.values())

    @property
    def writes(self) -> Counter[str]:
        """How often users wrote, by route: `POST /user/runners` to its count."""
        return Counter(f"{call.method} {call.route}" for call in self.calls if call.is_write)

    def note(self, call: Call) -> None:
        self.calls.append(call)

    # For the routes

    def project(self, request: Request) -> Project:
        """The project of a route, which the user must be able to see."""
        project = self.state.project_at(request.values["id"])
        if project is None or self.state.level(request.user, project) < GUEST:
            raise RefusalError(404, {"message": "404 Project Not Found"})
        return project

    def group(self, request: Request) -> Group:
        """The group of a route, which the user must be able to see."""
        group = self.state.group_at(request.values["id"])
        if group is None or self.state.level(request.user, group) < GUEST:
            raise RefusalError(404, {"message": "404 Group Not Found"})
        return group
