"""GitLab's JSON in our words, and our words in GitLab's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.core.facts import Scope
from wizard.core.plain import strip_controls
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
from wizard.systems.http.answers import Record, ShapeError, record

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


def runner(answer: Any) -> RunnerInfo:
    """A runner of `GET /runners/:id`; the shorter entries of lists do not tell its settings."""
    told = record(answer)
    return RunnerInfo(
        id=told.number("id"),
        runner_type=told.text("runner_type"),
        settings=RunnerSettings(
            description=told.text("description", ""),
            tags=frozenset(told.texts("tag_list")),
            run_untagged=told.flag("run_untagged"),
            locked=told.flag("locked"),
            protected=told.text("access_level") == "ref_protected",
            maximum_timeout=told.number("maximum_timeout") if "maximum_timeout" in told else None,
            paused=told.flag("paused"),
            maintenance_note=told.text("maintenance_note", ""),
        ),
        status=told.text("status"),
        contacted_at=told.time("contacted_at", None),
        created_at=told.time("created_at", None),
        token_expires_at=told.time("token_expires_at", None),
        projects=tuple(one.text("path_with_namespace") for one in told.records("projects", ())),
        owner=_owner(told),
        version=told.text("version", ""),
    )


def _owner(told: Record) -> int:
    kind = {"project_type": "projects", "group_type": "groups"}.get(told.text("runner_type"), "")
    listed = told.records(kind, ()) if kind else []
    return listed[0].number("id") if listed else 0


def created(answer: Any, runner_id: int = 0) -> Created:
    """A new token; a reset does not repeat the runner's id."""
    told = record(answer)
    plain = told.text("token")
    if not plain.strip():
        raise ShapeError("token is empty")
    token = remember_secret(SecretStr(plain))
    return Created(runner_id or told.number("id"), token, told.time("token_expires_at", None))


def manager(answer: Any) -> Manager:
    told = record(answer)
    return Manager(
        id=told.number("id"),
        system_id=told.text("system_id"),
        status=told.text("status"),
        version=told.text("version", ""),
        platform=told.text("platform", ""),
        architecture=told.text("architecture", ""),
        contacted_at=told.time("contacted_at", None),
        created_at=told.time("created_at", None),
    )


def pipeline(answer: Any) -> Pipeline:
    told = record(answer)
    return Pipeline(
        id=told.number("id"),
        ref=told.text("ref"),
        sha=told.text("sha"),
        status=told.text("status"),
        web_url=told.text("web_url", ""),
        failure=_failure(told),
    )


def _failure(told: Record) -> str:
    """Why a pipeline could not begin: GitLab tells it in one of three places."""
    tooltip = told.record("detailed_status", {}).text("tooltip", "")
    if told.text("status") != "failed" or tooltip == "failed":
        tooltip = ""
    said = (told.text(key, "") for key in ("yaml_errors", "failure_reason"))
    return strip_controls(next(filter(None, said), tooltip))


def project_settings(answer: Any) -> Project:
    """What of a project decides whether a job can be run there."""
    told = record(answer)
    told.number("id")  # without it, no project of GitLab's, but an answer that says nothing
    level = told.text("builds_access_level", "")
    enabled = level != "disabled" if level else told.flag("jobs_enabled", True)
    return Project(
        default_branch=told.text("default_branch", ""),
        ci_config_path=told.text("ci_config_path", ""),
        ci_enabled=enabled,
        archived=told.flag("archived", False),
        readable=told.tells("default_branch") and told.tells("ci_config_path"),
    )


def push_rule(answer: Any) -> PushRule:
    """A project's push rule; null where it has none."""
    told = record(answer or {})
    return PushRule(told.text("branch_name_regex", ""), told.text("commit_message_regex", ""))


def job(answer: Any) -> Job:
    told = record(answer)
    return Job(
        id=told.number("id"),
        name=told.text("name"),
        status=told.text("status"),
        tags=frozenset(told.texts("tag_list", ())),
        runner_id=told.record("runner", {}).number("id", 0),
        system_id=told.record("runner_manager", {}).text("system_id", ""),
        failure_reason=told.text("failure_reason", ""),
        web_url=told.text("web_url", ""),
        ref=told.text("ref", ""),
    )


def project(answer: Any, at_least: int = 0) -> Scope:
    """A project as a scope.

    Args:
        answer: with `permissions` where GitLab was asked for all of it.
        at_least: the access level it was searched by.
    """
    told = record(answer)
    roles = told.record("permissions", {})
    levels = [
        roles.record(kind, {}).number("access_level", at_least)
        for kind in ("project_access", "group_access")
        if kind in roles
    ]
    return Scope(
        "project",
        told.text("path_with_namespace"),
        told.number("id"),
        told.text("name"),
        max(levels, default=at_least),
    )


def group(answer: Any, at_least: int = 0) -> Scope:
    told = record(answer)
    return Scope("group", told.text("full_path"), told.number("id"), told.text("name"), at_least)
