"""GitLab's JSON in our words, and our words in GitLab's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wizard.core.facts import Scope
from wizard.core.secrets import SecretStr, remember_secret
from wizard.systems.gitlab.nouns import (
    Created,
    Job,
    Manager,
    Pipeline,
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
        owner=_owner(answer),
        version=answer.get("version") or "",
    )


def _owner(answer: Mapping[str, Any]) -> int:
    kind = {"project_type": "projects", "group_type": "groups"}.get(answer["runner_type"], "")
    first = next(iter(answer.get(kind) or ()), None)
    return int(first["id"]) if first else 0


def rows(answer: Any) -> list[Mapping[str, Any]]:
    """The entries of a list.

    Raises: TypeError, for anything else: read as a list, an object would be an empty one, and
        "nothing there" is what has a runner made anew.
    """
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise TypeError("not a list of objects")
    return answer


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
    )


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
