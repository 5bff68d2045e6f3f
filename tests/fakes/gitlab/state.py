"""What the fake GitLab remembers: users, tokens, projects, runners, pipelines, jobs."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

GUEST, DEVELOPER, MAINTAINER, OWNER = 10, 30, 40, 50
ONLINE_FOR = timedelta(hours=2)
STALE_AFTER = timedelta(days=7)


@dataclass
class User:
    id: int
    username: str
    is_admin: bool = False


@dataclass
class Token:
    """`kind` is `pat`, `oauth` or `granular`; the last has permissions instead of scopes."""

    id: int
    value: str
    user: User
    scopes: tuple[str, ...]
    kind: str = "pat"
    expires_at: date | None = None
    revoked: bool = False
    permissions: tuple[str, ...] = ()


@dataclass
class Group:
    id: int
    path: str
    members: dict[int, int] = field(default_factory=dict)
    runner_registration: bool = True

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class Project:
    id: int
    path: str
    default_branch: str | None = "main"
    members: dict[int, int] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    protected_branches: set[str] = field(default_factory=set)
    archived: bool = False
    ci_config_path: str = ""
    imposed_ci: str = ""
    """A pipeline that a compliance framework runs in place of the project's own."""
    code_is_hidden: bool = False
    ci_enabled: bool = True
    push_rule: dict[str, str] = field(default_factory=dict)
    runner_registration: bool = True
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """The comments on each of its merge requests, by number."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def namespace(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass
class Manager:
    id: int
    system_id: str
    created_at: datetime
    info: dict[str, str] = field(default_factory=dict)
    contacted_at: datetime | None = None
    finished: bool = False
    """Has asked for jobs, which alone makes it count as contacted."""


@dataclass
class Runner:
    id: int
    runner_type: str
    token: str
    created_at: datetime
    creator: User
    description: str | None = None
    maintenance_note: str | None = None
    paused: bool = False
    locked: bool = False
    access_level: str = "not_protected"
    run_untagged: bool = True
    tags: list[str] = field(default_factory=list)
    maximum_timeout: int | None = None
    project_ids: list[int] = field(default_factory=list)
    group_id: int = 0
    token_expires_at: datetime | None = None
    rotation_deadline: datetime | None = None
    contacted_at: datetime | None = None
    managers: dict[str, Manager] = field(default_factory=dict)


@dataclass
class Job:
    id: int
    name: str
    stage: str
    pipeline: Pipeline
    spec: dict[str, Any]
    created_at: datetime
    status: str = "created"
    token: str = field(default_factory=lambda: "glcbt-" + secrets.token_hex(10))
    tags: list[str] = field(default_factory=list)
    runner: Runner | None = None
    manager: Manager | None = None
    trace: bytes = b""
    failure_reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass
class Pipeline:
    id: int
    project: Project
    ref: str
    sha: str
    source: str
    created_at: datetime
    jobs: list[Job] = field(default_factory=list)
    failure: str = ""
    """Why it failed at birth, without a job."""
    skipped: bool = False

    @property
    def status(self) -> str:
        if self.failure or self.skipped:
            return "failed" if self.failure else "skipped"
        states = {job.status for job in self.jobs}
        for status in ("running", "pending", "failed", "canceled", "created"):
            if status in states:
                return status
        return "success"


@dataclass
class Clock:
    """The fake's own time; tests move it."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


class State:
    """Everything, and the lock around it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.users: dict[int, User] = {}
        self.tokens: dict[str, Token] = {}
        self.groups: dict[int, Group] = {}
        self.projects: dict[int, Project] = {}
        self.project_ids: dict[str, int] = {}
        self.moved: dict[str, int] = {}
        """Full paths that projects had before."""
        self.trees: dict[str, dict[str, str]] = {}
        """Commit SHA to its files."""
        self.runners: dict[int, Runner] = {}
        self.pipelines: dict[int, Pipeline] = {}
        self.jobs: dict[int, Job] = {}
        self.fails_at_birth = ""
        """What every pipeline fails with, before it has a job."""
        self.queue_tick = 1
        """Rises whenever a job becomes pending; runners are told it as `X-GitLab-Last-Update`."""
        self._last_id = 0

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def project_at(self, where: str) -> Project | None:
        return self.projects.get(int(where) if where.isdigit() else self.project_ids.get(where, 0))

    def group_at(self, where: str) -> Group | None:
        if where.isdigit():
            return self.groups.get(int(where))
        return next((group for group in self.groups.values() if group.path == where), None)

    def groups_above(self, path: str) -> list[Group]:
        """The groups that a project or group path lies in, itself included."""
        return [group for group in self.groups.values() if f"{path}/".startswith(f"{group.path}/")]

    def level(self, user: User, thing: Project | Group) -> int:
        """The user's access level there, inherited ones included; administrators own all."""
        if user.is_admin:
            return OWNER
        inherited = [group.members.get(user.id, 0) for group in self.groups_above(thing.path)]
        return max([thing.members.get(user.id, 0), *inherited])

    def runner_of(self, token: str) -> Runner | None:
        """The runner of a token that is known and has not expired."""
        now = self.clock.now()
        for runner in self.runners.values():
            if runner.token == token:
                expired = runner.token_expires_at and runner.token_expires_at <= now
                return None if expired else runner
        return None

    def commit(self, project: Project, branch: str, files: dict[str, str]) -> str:
        """Put a commit with these files at the tip of a branch; its SHA."""
        seed = f"{project.id}{branch}{self.new_id()}{sorted(files.items())}"
        sha = hashlib.sha1(seed.encode()).hexdigest()
        self.trees[sha] = files
        project.branches[branch] = sha
        return sha
