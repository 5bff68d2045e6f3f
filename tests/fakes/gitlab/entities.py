"""The fake's things as GitLab's JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.fakes.gitlab.state import (
    ONLINE_FOR,
    STALE_AFTER,
    Group,
    Job,
    Manager,
    Pipeline,
    Project,
    Runner,
    State,
    User,
)


def stamp(moment: datetime | None) -> str | None:
    return (
        moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
        if (moment)
        else None
    )


def runner_status(runner: Runner, now: datetime) -> str:
    """What lists and `/runners/:id` say: by the last contact, and `paused` hides online."""
    if max(runner.created_at, runner.contacted_at or runner.created_at) <= now - STALE_AFTER:
        return "stale"
    if runner.contacted_at is None:
        return "never_contacted"
    if runner.paused:
        return "paused"
    return "online" if runner.contacted_at > now - ONLINE_FOR else "offline"


def manager_status(manager: Manager, now: datetime) -> str:
    """What `/managers` says: by whether it ever asked for jobs."""
    if max(manager.created_at, manager.contacted_at or manager.created_at) <= now - STALE_AFTER:
        return "stale"
    if not manager.finished or manager.contacted_at is None:
        return "never_contacted"
    return "online" if manager.contacted_at > now - ONLINE_FOR else "offline"


def runner_row(state: State, runner: Runner) -> dict[str, Any]:
    status = runner_status(runner, state.clock.now())
    online = None
    if runner.contacted_at is not None:
        online = runner.contacted_at > state.clock.now() - ONLINE_FOR
    return {
        "id": runner.id,
        "description": runner.description,
        "ip_address": None,
        "active": not runner.paused,
        "paused": runner.paused,
        "is_shared": runner.runner_type == "instance_type",
        "runner_type": runner.runner_type,
        "name": None,
        "online": online,
        "status": status,
        "job_execution_status": _busy(state, runner=runner),
        "created_at": stamp(runner.created_at),
        "created_by": user_row(runner.creator),
    }


def runner_details(state: State, runner: Runner, *, may_update: bool) -> dict[str, Any]:
    newest = max(
        (m for m in runner.managers.values() if m.contacted_at),
        key=lambda manager: manager.contacted_at,
        default=None,
    )
    info = newest.info if newest else {}
    return runner_row(state, runner) | {
        "tag_list": runner.tags,
        "run_untagged": runner.run_untagged,
        "locked": runner.locked,
        "maximum_timeout": runner.maximum_timeout,
        "access_level": runner.access_level,
        **{key: info.get(key) for key in ("version", "revision", "platform", "architecture")},
        "contacted_at": stamp(runner.contacted_at),
        "maintenance_note": runner.maintenance_note if may_update else None,
        "token_expires_at": stamp(runner.token_expires_at),
        "projects": [
            {
                "id": project_id,
                "name": state.projects[project_id].name,
                "path_with_namespace": state.projects[project_id].path,
            }
            for project_id in runner.project_ids
        ],
        "groups": [group_reference(state, runner.group_id)] if runner.group_id else [],
    }


def group_reference(state: State, group_id: int) -> dict[str, Any]:
    group = state.groups[group_id]
    return {"id": group.id, "web_url": f"https://gitlab/groups/{group.path}", "name": group.name}


def manager_row(state: State, manager: Manager) -> dict[str, Any]:
    return {
        "id": manager.id,
        "system_id": manager.system_id,
        **{
            key: manager.info.get(key)
            for key in ("version", "revision", "platform", "architecture")
        },
        "created_at": stamp(manager.created_at),
        "contacted_at": stamp(manager.contacted_at),
        "ip_address": "127.0.0.1",
        "status": manager_status(manager, state.clock.now()),
        "job_execution_status": _busy(state, manager=manager),
    }


def _busy(state: State, **who: Any) -> str:
    ((name, one),) = who.items()
    running = any(
        job.status == "running" and getattr(job, name) is one for job in state.jobs.values()
    )
    return "active" if running else "idle"


def user_row(user: User) -> dict[str, Any]:
    row = {"id": user.id, "username": user.username, "name": user.username, "state": "active"}
    return row | ({"is_admin": True} if user.is_admin else {})


def project_row(fake: Any, project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "description": None,
        "name": project.name,
        "name_with_namespace": project.path.replace("/", " / "),
        "path": project.name,
        "path_with_namespace": project.path,
        "default_branch": project.default_branch,
        "web_url": f"{fake.external_url}/{project.path}",
        "http_url_to_repo": f"{fake.external_url}/{project.path}.git",
        "namespace": {"full_path": project.namespace, "kind": "group"},
    }


def project_details(fake: Any, project: Project, user: User) -> dict[str, Any]:
    own = project.members.get(user.id)
    above = [group.members.get(user.id, 0) for group in fake.state.groups_above(project.path)]
    inherited = max(above, default=0)
    row = project_row(fake, project) | {
        "archived": project.archived,
        "ci_config_path": project.ci_config_path or None,
        "jobs_enabled": project.ci_enabled,
        "builds_access_level": "enabled" if project.ci_enabled else "disabled",
        "empty_repo": not project.branches,
        "shared_runners_enabled": True,
        "permissions": {
            "project_access": {"access_level": own} if own else None,
            "group_access": {"access_level": inherited} if inherited else None,
        },
    }
    hidden = {"default_branch", "ci_config_path", "empty_repo"} if project.code_is_hidden else ()
    return {key: value for key, value in row.items() if key not in hidden}


def group_row(fake: Any, group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "path": group.name,
        "full_name": group.path.replace("/", " / "),
        "full_path": group.path,
        "web_url": f"{fake.external_url}/groups/{group.path}",
        "visibility": "private",
        "parent_id": None,
    }


def pipeline_row(fake: Any, pipeline: Pipeline) -> dict[str, Any]:
    return {
        "id": pipeline.id,
        "iid": pipeline.id,
        "project_id": pipeline.project.id,
        "sha": pipeline.sha,
        "ref": pipeline.ref,
        "status": pipeline.status,
        "source": pipeline.source,
        "created_at": stamp(pipeline.created_at),
        "web_url": f"{fake.external_url}/{pipeline.project.path}/-/pipelines/{pipeline.id}",
        "yaml_errors": None,
        "detailed_status": {"text": pipeline.status, "tooltip": _tooltip(pipeline)},
    }


def _tooltip(pipeline: Pipeline) -> str:
    return f"failed - ({pipeline.failure})" if pipeline.failure else pipeline.status


def job_row(fake: Any, job: Job) -> dict[str, Any]:
    state: State = fake.state
    project = job.pipeline.project
    return {
        "id": job.id,
        "name": job.name,
        "stage": job.stage,
        "status": job.status,
        "ref": job.pipeline.ref,
        "tag_list": job.tags,
        "runner": runner_row(state, job.runner) if job.runner else None,
        "runner_manager": manager_row(state, job.manager) if job.manager else None,
        "failure_reason": job.failure_reason,
        "allow_failure": False,
        "created_at": stamp(job.created_at),
        "started_at": stamp(job.started_at),
        "finished_at": stamp(job.finished_at),
        "web_url": f"{fake.external_url}/{project.path}/-/jobs/{job.id}",
        "pipeline": pipeline_row(fake, job.pipeline),
        "artifacts": [],
    }
