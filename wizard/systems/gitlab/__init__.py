"""GitLab: what we need of it. `adapter.PythonGitLab` does it over the REST API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from wizard.core.facts import Identity, Scope
from wizard.core.secrets import SecretStr
from wizard.systems.gitlab.nouns import (
    Created,
    Job,
    Manager,
    Page,
    Pipeline,
    Project,
    PushRule,
    RunnerInfo,
    RunnerPage,
    RunnerSettings,
)
from wizard.systems.gitlab.url import RUNNER_SCOPES, TOKEN_SCOPES, token_page

__all__ = [
    "RUNNER_SCOPES",
    "TOKEN_SCOPES",
    "Created",
    "GitLab",
    "Job",
    "Manager",
    "Page",
    "Pipeline",
    "Project",
    "PushRule",
    "RunnerInfo",
    "RunnerPage",
    "RunnerSettings",
    "token_page",
]


class GitLab(Protocol):
    """One GitLab and one token. Synchronous: operations run each call in a thread.

    Every method may raise `NotReachedError` (not reached, throttled for too long, cut, nonsense),
    `NotAllowedError` (the token, its scopes, or the user's role), `NotFoundError`,
    `ConflictError`, or a plain `WizardError` with GitLab's own words. A write that raises
    `NotReachedError` says in `maybe_done` whether it may have taken effect. Only reads are retried.
    """

    @property
    def url(self) -> str:
        """The address as it is used: scheme, host, relative path, no trailing slash."""
        ...

    @property
    def warning(self) -> str:
        """A sentence the user must see about this address; mostly empty."""
        ...

    def now(self) -> datetime:
        """GitLab's own clock, whole seconds rounded down, aware; compare its times with this."""
        ...

    def ping(self) -> None:
        """Ask, without the token, whether there is a GitLab here. Raises: NotReachedError."""
        ...

    def version(self) -> str:
        """GitLab's version as it says it, such as `19.4.1-ee`; needs `read_api` or `api`."""
        ...

    def whoami(self) -> Identity:
        """Who the token is and what it may do, found without side effects.

        `username` is empty where the token's scopes do not reach as far as its own user.
        """
        ...

    def resolve(self, kind: str, path: str) -> Scope:
        """The scope with its numeric id and today's path.

        Args:
            kind: `project`, `group` or `instance`.
            path: full path or numeric id; ignored for the instance.
        """
        ...

    def access_level(self, scope: Scope, user_id: int) -> int | None:
        """A user's access level in a project or group; 0: no member, None: not for us to see."""
        ...

    def search_projects(self, text: str = "", page: int = 1) -> Page:
        """Projects where the token's user may create runners (Maintainer or more), one page."""
        ...

    def search_groups(self, text: str = "", page: int = 1) -> Page:
        """Groups where the token's user may create runners (Owner), one page."""
        ...

    def find_runners(self, scope: Scope, marker: str) -> list[RunnerInfo]:
        """Every runner of this scope whose description holds the marker, lowest id first."""
        ...

    def list_runners(self, scope: Scope, page: int = 1) -> RunnerPage:
        """A page of the runners of this kind that a scope has: its own, or a group's ancestors'."""
        ...

    def create_runner(self, scope: Scope, settings: RunnerSettings) -> Created:
        """Create a runner; sent once. The token in the answer is shown this once only.

        Raises:
            NotReached: with `maybe_done` when the answer was lost: look for the runner by its
                marker before anything else.
        """
        ...

    def get_runner(self, runner_id: int) -> RunnerInfo:
        """One runner by id; NotFound when it is gone."""
        ...

    def update_runner(self, runner_id: int, fields: Mapping[str, Any]) -> RunnerInfo:
        """Set some fields of `RunnerSettings` by name, and return the runner as it is then."""
        ...

    def reset_token(self, runner_id: int) -> Created:
        """Replace the runner's token; the old one is refused from that moment."""
        ...

    def delete_runner(self, runner_id: int) -> None:
        """Delete the runner and its managers; one that is gone already is fine."""
        ...

    def knows_token(self, token: SecretStr) -> bool | None:
        """Whether GitLab accepts this runner token now; None where it cannot say.

        Asked without touching anything: `POST /runners/verify` would note a manager that is none,
        and in 19.x also that it was heard from, which is how a dead runner looks alive. So a
        manager is signed off that does not exist: 404 for a good token, 403 for a dead one.
        (18.0 and older note a contact of the runner, though of no manager.)
        """
        ...

    def remove_manager(self, token: SecretStr, system_id: str) -> bool:
        """Take a manager of the runner that this runner token belongs to off its list.

        Returns False where GitLab knows no such manager (any more), or not this token. One that is
        still at work comes back with its next question for jobs.
        """
        ...

    def managers(self, runner_id: int) -> list[Manager]:
        """Every runner manager GitLab has seen for the runner."""
        ...

    def running_jobs(self, runner_id: int) -> int:
        """How many jobs the runner is at work on; of more than a hundred, a hundred."""
        ...

    def job(self, project_id: int, job_id: int) -> Job:
        """One job of a project."""
        ...

    def project(self, project_id: int) -> Project:
        """What of a project decides whether a job can be run there."""
        ...

    def protected_branches(self, project_id: int) -> tuple[str, ...]:
        """The names and patterns (`*` for any text) of protected branches."""
        ...

    def push_rule(self, project_id: int) -> PushRule:
        """What pushes must look like; an empty rule where this GitLab has none."""
        ...

    def commit_file(
        self,
        project_id: int,
        branch: str,
        start_branch: str,
        path: str,
        content: str,
        message: str,
    ) -> str:
        """Create `branch` from `start_branch` with one commit that sets one file; its SHA.

        Raises:
            Conflict: the branch exists already.
        """
        ...

    def delete_branch(self, project_id: int, branch: str) -> None:
        """Delete a branch; one that is gone already is fine."""
        ...

    def create_pipeline(self, project_id: int, ref: str) -> Pipeline:
        """Start a pipeline on a branch."""
        ...

    def pipeline(self, project_id: int, pipeline_id: int) -> Pipeline:
        """One pipeline by id."""
        ...

    def find_pipelines(self, project_id: int, ref: str) -> list[Pipeline]:
        """Pipelines of a branch, newest first (the newest 100)."""
        ...

    def cancel_pipeline(self, project_id: int, pipeline_id: int) -> None:
        """Cancel what still runs of a pipeline; one that has ended or is gone is fine."""
        ...

    def jobs(self, project_id: int, pipeline_id: int) -> list[Job]:
        """The pipeline's jobs (the first 100)."""
        ...

    def comment(self, project: str, merge_request: int, beginning: str, text: str) -> bool:
        """Comment on a merge request, in place of our earlier comment with the same beginning.

        Args:
            project: its id or full path.
            merge_request: its number in the project, as after the `!`.
            beginning: a line by which the comment is found again; it is not shown.

        Returns whether the comment is a new one.
        """
        ...

    def trace(self, project_id: int, job_id: int) -> str:
        """What the job has printed so far."""
        ...
