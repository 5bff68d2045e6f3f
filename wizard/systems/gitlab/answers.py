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
    fields = record(answer)
    return RunnerInfo(
        id=fields.number("id"),
        runner_type=fields.text("runner_type"),
        settings=RunnerSettings(
            description=fields.text("description", ""),
            tags=frozenset(fields.texts("tag_list")),
            run_untagged=fields.flag("run_untagged"),
            locked=fields.flag("locked"),
            protected=fields.text("access_level") == "ref_protected",
            maximum_timeout=fields.number("maximum_timeout")
            if "maximum_timeout" in fields
            else None,
            paused=fields.flag("paused"),
            maintenance_note=fields.text("maintenance_note", ""),
        ),
        status=fields.text("status"),
        contacted_at=fields.time("contacted_at", None),
        created_at=fields.time("created_at", None),
        token_expires_at=fields.time("token_expires_at", None),
        projects=tuple(one.text("path_with_namespace") for one in fields.records("projects", ())),
        owner=_owner(fields),
        version=fields.text("version", ""),
    )


def _owner(fields: Record) -> int:
    kind = {"project_type": "projects", "group_type": "groups"}.get(fields.text("runner_type"), "")
    listed = fields.records(kind, ()) if kind else []
    return listed[0].number("id") if listed else 0


def created(answer: Any, runner_id: int = 0) -> Created:
    """A new token; a reset does not repeat the runner's id."""
    fields = record(answer)
    plain = fields.text("token")
    if not plain.strip():
        raise ShapeError("token is empty")
    token = remember_secret(SecretStr(plain))
    return Created(runner_id or fields.number("id"), token, fields.time("token_expires_at", None))


def manager(answer: Any) -> Manager:
    fields = record(answer)
    return Manager(
        id=fields.number("id"),
        system_id=fields.text("system_id"),
        status=fields.text("status"),
        version=fields.text("version", ""),
        architecture=fields.text("architecture", ""),
        contacted_at=fields.time("contacted_at", None),
        created_at=fields.time("created_at", None),
    )


def pipeline(answer: Any) -> Pipeline:
    fields = record(answer)
    return Pipeline(
        id=fields.number("id"),
        ref=fields.text("ref"),
        status=fields.text("status"),
        web_url=fields.text("web_url", ""),
        failure=_failure(fields),
    )


def _failure(fields: Record) -> str:
    """Why a pipeline could not begin: GitLab tells it in one of three places."""
    tooltip = fields.record("detailed_status", {}).text("tooltip", "")
    if fields.text("status") != "failed" or tooltip == "failed":
        tooltip = ""
    said = (fields.text(key, "") for key in ("yaml_errors", "failure_reason"))
    return strip_controls(next(filter(None, said), tooltip))


def project_settings(answer: Any) -> Project:
    """What of a project decides whether a job can be run there."""
    fields = record(answer)
    fields.number("id")  # without it, no project of GitLab's, but an answer that says nothing
    level = fields.text("builds_access_level", "")
    enabled = level != "disabled" if level else fields.flag("jobs_enabled", True)
    return Project(
        default_branch=fields.text("default_branch", ""),
        ci_config_path=fields.text("ci_config_path", ""),
        ci_enabled=enabled,
        archived=fields.flag("archived", False),
        readable=fields.tells("default_branch") and fields.tells("ci_config_path"),
    )


def push_rule(answer: Any) -> PushRule:
    """A project's push rule; null where it has none."""
    fields = record(answer or {})
    return PushRule(fields.text("branch_name_regex", ""), fields.text("commit_message_regex", ""))


def job(answer: Any) -> Job:
    fields = record(answer)
    return Job(
        id=fields.number("id"),
        name=fields.text("name"),
        status=fields.text("status"),
        tags=frozenset(fields.texts("tag_list", ())),
        runner_id=fields.record("runner", {}).number("id", 0),
        system_id=fields.record("runner_manager", {}).text("system_id", ""),
        failure_reason=fields.text("failure_reason", ""),
        web_url=fields.text("web_url", ""),
        ref=fields.text("ref", ""),
    )


def project(answer: Any, at_least: int = 0) -> Scope:
    """A project as a scope.

    Args:
        answer: with `permissions` where GitLab was asked for all of it.
        at_least: the access level it was searched by.
    """
    fields = record(answer)
    roles = fields.record("permissions", {})
    levels = [
        roles.record(kind, {}).number("access_level", at_least)
        for kind in ("project_access", "group_access")
        if kind in roles
    ]
    return Scope(
        "project",
        fields.text("path_with_namespace"),
        fields.number("id"),
        fields.text("name"),
        max(levels, default=at_least),
    )


def group(answer: Any, at_least: int = 0) -> Scope:
    fields = record(answer)
    return Scope(
        "group", fields.text("full_path"), fields.number("id"), fields.text("name"), at_least
    )
