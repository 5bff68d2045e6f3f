"""GitLab's JSON in our words, and our words in GitLab's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wizard.core.facts import Scope
from wizard.core.plain import harmless
from wizard.core.secrets import SecretStr, remember_secret
from wizard.systems.gitlab.nouns import (
    Created,
    Job,
    Manager,
    Pipeline,
    Project,
    PushRule,
    RunnerInfo,
    RunnerSettings,
)

_NAMES = {"tags": "tag_list", "protected": "access_level"}
"""The fields of `RunnerSettings` that GitLab calls otherwise."""


def runner_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `RunnerSettings` as the parameters of GitLab's runner calls."""
    return {_NAMES.get(name, name): _to_gitlab(name, value) for name, value in fields.items()}


def _to_gitlab(name: str, value: Any) -> Any:
    if name == "tags":
        return sorted(value)
    if name == "protected":
        return "ref_protected" if value else "not_protected"
    return value


def runner(answer: Mapping[str, Any]) -> RunnerInfo:
    """A runner of `GET /runners/:id`; the shorter entries of lists do not tell its settings."""
    return RunnerInfo(
        id=int(answer["id"]),
        runner_type=answer["runner_type"],
        settings=RunnerSettings(
            description=answer["description"] or "",
            tags=frozenset(answer["tag_list"]),
            run_untagged=answer["run_untagged"],
            locked=answer["locked"],
            protected=answer["access_level"] == "ref_protected",
            maximum_timeout=answer["maximum_timeout"],
            paused=answer["paused"],
            maintenance_note=answer.get("maintenance_note") or "",
        ),
        status=answer["status"],
        contacted_at=time(answer.get("contacted_at")),
        created_at=time(answer.get("created_at")),
        token_expires_at=time(answer.get("token_expires_at")),
        projects=tuple(project["path_with_namespace"] for project in answer.get("projects") or ()),
        owners=frozenset(
            int(one["id"]) for kind in ("projects", "groups") for one in answer.get(kind) or ()
        ),
        version=answer.get("version") or "",
    )


def created(answer: Mapping[str, Any], runner_id: int = 0) -> Created:
    """A new token; a reset does not repeat the runner's id."""
    token = remember_secret(SecretStr(answer["token"]))
    return Created(runner_id or int(answer["id"]), token, time(answer.get("token_expires_at")))


def manager(answer: Mapping[str, Any]) -> Manager:
    return Manager(
        id=int(answer["id"]),
        system_id=answer["system_id"],
        status=answer["status"],
        version=answer.get("version") or "",
        platform=answer.get("platform") or "",
        architecture=answer.get("architecture") or "",
        contacted_at=time(answer.get("contacted_at")),
        created_at=time(answer.get("created_at")),
    )


def pipeline(answer: Mapping[str, Any]) -> Pipeline:
    return Pipeline(
        id=int(answer["id"]),
        ref=answer["ref"],
        sha=answer["sha"],
        status=answer["status"],
        web_url=answer.get("web_url") or "",
        failure=_failure(answer),
    )


def _failure(answer: Mapping[str, Any]) -> str:
    """Why a pipeline could not begin: GitLab tells it in one of three places."""
    detailed = answer.get("detailed_status") or {}
    tooltip = str(detailed.get("tooltip") or "") if answer["status"] == "failed" else ""
    told = answer.get("yaml_errors") or answer.get("failure_reason")
    return harmless(str(told or (tooltip if tooltip != "failed" else "")))


def project_settings(answer: Mapping[str, Any]) -> Project:
    """What of a project decides whether a job can be run there."""
    level = answer.get("builds_access_level")
    enabled = answer.get("jobs_enabled", True) if level is None else level != "disabled"
    return Project(
        default_branch=answer["default_branch"] or "",
        ci_config_path=answer.get("ci_config_path") or "",
        ci_enabled=bool(enabled),
        archived=bool(answer.get("archived")),
    )


def push_rule(answer: Mapping[str, Any] | None) -> PushRule:
    """A project's push rule; null where it has none."""
    found = answer or {}
    return PushRule(found.get("branch_name_regex") or "", found.get("commit_message_regex") or "")


def job(answer: Mapping[str, Any]) -> Job:
    return Job(
        id=int(answer["id"]),
        name=answer["name"],
        status=answer["status"],
        tags=frozenset(answer.get("tag_list") or ()),
        runner_id=int((answer.get("runner") or {}).get("id", 0)),
        system_id=(answer.get("runner_manager") or {}).get("system_id", ""),
        failure_reason=answer.get("failure_reason") or "",
        web_url=answer.get("web_url") or "",
    )


def project(answer: Mapping[str, Any], at_least: int = 0) -> Scope:
    """A project as a scope.

    Args:
        answer: with `permissions` where GitLab was asked for all of it.
        at_least: the access level it was searched by.
    """
    roles = (answer.get("permissions") or {}).values()
    level = max((role["access_level"] for role in roles if role), default=at_least)
    return Scope("project", answer["path_with_namespace"], int(answer["id"]), answer["name"], level)


def group(answer: Mapping[str, Any], at_least: int = 0) -> Scope:
    return Scope("group", answer["full_path"], int(answer["id"]), answer["name"], at_least)


def time(text: str | None) -> datetime | None:
    """A time of GitLab's, aware; None for none."""
    return datetime.fromisoformat(text) if text else None
