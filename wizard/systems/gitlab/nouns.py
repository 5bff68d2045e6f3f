"""What we know of GitLab's things: small frozen records, in our words."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from wizard.core.facts import Scope
from wizard.core.secrets import SecretStr

_ENDED = frozenset({"success", "failed", "canceled", "skipped"})


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """What a runner is set to; two that are equal need no change."""

    description: str
    tags: frozenset[str] = frozenset()
    run_untagged: bool = False
    locked: bool = False
    protected: bool = False
    """Takes jobs of protected branches and tags only (GitLab: access level `ref_protected`)."""
    maximum_timeout: int | None = None
    """Seconds, at least 600; None leaves it to each project."""
    paused: bool = False
    maintenance_note: str = ""

    def changes_from(self, found: RunnerSettings) -> dict[str, tuple[Any, Any]]:
        """The fields that differ from what was found: name to (found, wanted)."""
        pairs = {f.name: (getattr(found, f.name), getattr(self, f.name)) for f in fields(self)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(frozen=True, slots=True)
class RunnerInfo:
    """A runner as GitLab has it; never with its token, which GitLab shows only once."""

    id: int
    runner_type: str
    """`project_type`, `group_type` or `instance_type`."""
    settings: RunnerSettings
    status: str
    """`online`, `offline`, `stale`, `never_contacted` or `paused`. Online means some contact within
    two hours, which registering alone can cause: it proves nothing about now."""
    contacted_at: datetime | None = None
    created_at: datetime | None = None
    token_expires_at: datetime | None = None
    """None where the token does not expire, and on servers that do not say."""
    projects: tuple[str, ...] = ()
    """Full paths of the projects a project runner is assigned to, its owner first."""
    owner: int = 0
    """Id of the project or group it belongs to; 0 for the instance's. A project runner belongs to
    the first project it was enabled in, which GitLab lists first."""
    version: str = ""
    """Of the manager that GitLab heard from last."""

    def belongs_to(self, scope: Scope) -> bool:
        """Whether it is of this scope's kind and its own, not merely enabled there."""
        return self.runner_type == f"{scope.kind}_type" and self.owner == scope.id

    @property
    def place(self) -> str:
        """Whose it is, for people: the owning project's path, or what stands for it."""
        kind = self.runner_type.removesuffix("_type")
        if kind == "instance":
            return "the whole instance"
        return self.projects[0] if self.projects else f"{kind} {self.owner or 'unknown'}"


@dataclass(frozen=True, slots=True)
class RunnerPage:
    """One page of the runners of a scope, newest first."""

    ids: tuple[int, ...]
    next_page: int | None = None
    """The page to ask for next; None on the last."""


@dataclass(frozen=True, slots=True)
class Created:
    """A new runner authentication token, and the runner it belongs to."""

    id: int
    token: SecretStr
    token_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Manager:
    """A process that serves a runner's jobs, as GitLab has seen it."""

    id: int
    system_id: str
    status: str
    """`online`, `offline`, `stale` or `never_contacted`."""
    version: str = ""
    architecture: str = ""
    contacted_at: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """What of a project decides whether a job can be run there without side effects."""

    default_branch: str
    """Empty while its repository is."""
    ci_config_path: str = ""
    """The file that defines its pipelines; empty for `.gitlab-ci.yml`."""
    ci_enabled: bool = True
    archived: bool = False
    readable: bool = True
    """Whether GitLab tells this token the two above; it does so only to who may read the code."""


@dataclass(frozen=True, slots=True)
class PushRule:
    """What pushes to a project must look like, as patterns; empty where anything will do."""

    branch_name: str = ""
    commit_message: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of a project."""

    id: int
    ref: str
    status: str
    web_url: str = ""
    failure: str = ""
    """Why it could not begin, in GitLab's words, where GitLab says so."""

    @property
    def ended(self) -> bool:
        return self.status in _ENDED


@dataclass(frozen=True, slots=True)
class Job:
    """A job, and who took it: 0 and the empty string until a runner has."""

    id: int
    name: str
    status: str
    """`created`, `pending`, `running`, `success`, `failed`, `canceled`, `skipped`, `manual`, ..."""
    tags: frozenset[str] = frozenset()
    runner_id: int = 0
    system_id: str = ""
    failure_reason: str = ""
    web_url: str = ""
    ref: str = ""
    """The branch or tag it is of."""

    @property
    def ended(self) -> bool:
        return self.status in _ENDED


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a picker's answer."""

    scopes: tuple[Scope, ...]
    next_page: int | None = None
    """The page to ask for next; None on the last."""
    total: int | None = None
    """How many there are in all, where GitLab counts them (not above 10,000)."""
