"""Runners: find, create once, update, reset, delete, and who serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wizard.core.errors import NotAllowedError, NotFoundError, RejectedError, TransientError
from wizard.core.facts import Scope
from wizard.core.secrets import SecretStr
from wizard.core.threads import map_concurrently
from wizard.systems.gitlab import answers
from wizard.systems.gitlab.errors import Call
from wizard.systems.gitlab.nouns import (
    Created,
    Manager,
    RunnerInfo,
    RunnerPage,
    RunnerSettings,
)
from wizard.systems.gitlab.pages import PER_PAGE, all_rows, next_page
from wizard.systems.gitlab.transport import Transport
from wizard.systems.http.answers import each, record

_ROLES = {
    "project": "the role Maintainer or Owner of the project",
    "group": "the role Owner of the group",
    "instance": "administrator rights (with Admin Mode, a token with admin_mode too)",
}
_ITS_ROLE = "the role Maintainer of its project, or Owner of its group"
_NO_MANAGER = "runner-wizard"
"""A system id that no manager has: gitlab-runner's begin with `r_` or `s_`."""
_TOKEN_UNKNOWN = "403 Forbidden"  # noqa: S105 - GitLab's answer
"""So GitLab answers a runner token it does not know; a longer 403 is another's."""
_MANAGER_UNKNOWN = "404 Runner manager not found Not Found"
"""So it answers a token that it knows; another 404 is that of an address it does not serve."""
_LISTED = 20
"""Runners of a page that someone reads; each costs a call of its own for its details."""
_MANAGES = "manage_runner or api"
_SEES = "manage_runner, read_api or api"


class RunnerCalls:
    """The part of `GitLab` about runners."""

    _transport: Transport

    def find_runners(self, scope: Scope, marker: str) -> list[RunnerInfo]:
        # The list cannot be searched, and its entries are short: each that matches is asked for.
        rows = all_rows(self._transport, *_listing(scope), type=f"{scope.kind}_type")
        # A runner that is made while we page moves the others, and one may come twice.
        ids = {row["id"] for row in rows if marker in (row.get("description") or "")}
        found = map_concurrently(self._if_there, sorted(ids))
        return [runner for runner in found if runner]

    def list_runners(self, scope: Scope, page: int = 1) -> RunnerPage:
        call, path = _listing(scope)
        kind = f"{scope.kind}_type"
        answer = self._transport.get(call, path, page=page, per_page=_LISTED, type=kind)
        ids = tuple(answer.read(each(lambda row: record(row).number("id"))))
        return RunnerPage(ids, next_page(answer, page, len(ids), _LISTED))

    def _if_there(self, runner_id: int) -> RunnerInfo | None:
        try:
            return self.get_runner(runner_id)
        except NotFoundError:
            return None  # deleted since it was listed

    def create_runner(self, scope: Scope, settings: RunnerSettings) -> Created:
        call = Call(
            f"create a runner in {_place(scope)}",
            "create_runner or api",
            f"{_ROLES[scope.kind]}, and runner registration switched on there",
        )
        fields = answers.runner_fields(asdict(settings))
        if settings.maximum_timeout is None:
            del fields["maximum_timeout"]
        target = {} if scope.kind == "instance" else {f"{scope.kind}_id": scope.id}
        answer = self._transport.send(
            call,
            "post",
            "/user/runners",
            {"runner_type": f"{scope.kind}_type", **target, **fields},
        )
        return answer.read(answers.created)

    def get_runner(self, runner_id: int) -> RunnerInfo:
        call = Call(f"show runner {runner_id}", _SEES, _ITS_ROLE)
        return self._transport.get(call, f"/runners/{runner_id}").read(answers.runner)

    def update_runner(self, runner_id: int, fields: Mapping[str, Any]) -> RunnerInfo:
        call = Call(f"update runner {runner_id}", _MANAGES, _ITS_ROLE)
        body = answers.runner_fields(fields)
        answer = self._transport.send(call, "put", f"/runners/{runner_id}", body)
        return answer.read(answers.runner)

    def reset_token(self, runner_id: int) -> Created:
        call = Call(f"reset the token of runner {runner_id}", _MANAGES, _ITS_ROLE)
        answer = self._transport.send(
            call, "post", f"/runners/{runner_id}/reset_authentication_token"
        )
        return answer.read(lambda row: answers.created(row, runner_id))

    def delete_runner(self, runner_id: int) -> None:
        call = Call(f"delete runner {runner_id}", _MANAGES, _ITS_ROLE)
        try:
            self._transport.send(call, "delete", f"/runners/{runner_id}")
        except NotFoundError:
            return

    def knows_token(self, token: SecretStr) -> bool | None:
        call = Call("say whether it knows a runner token", "no scope", "a valid runner token")
        body = {"token": token.get_secret_value(), "system_id": _NO_MANAGER}
        try:
            try:
                self._transport.send(call, "delete", "/runners/managers", body, signed=False)
            except TransientError:  # nothing comes of it, so it may be asked twice
                self._transport.send(call, "delete", "/runners/managers", body, signed=False)
        except NotAllowedError as refused:
            return False if refused.said == _TOKEN_UNKNOWN else None
        except NotFoundError as missing:
            return True if missing.said == _MANAGER_UNKNOWN else None
        except RejectedError:
            return None
        return True

    def remove_manager(self, token: SecretStr, system_id: str) -> bool:
        call = Call(f"remove the manager {system_id}", "no scope", "a valid runner token")
        body = {"token": token.get_secret_value(), "system_id": system_id}
        try:
            self._transport.send(call, "delete", "/runners/managers", body, signed=False)
        except NotFoundError:
            return False
        except NotAllowedError as refused:
            if refused.said == _TOKEN_UNKNOWN:
                return False
            raise
        return True

    def managers(self, runner_id: int) -> list[Manager]:
        call = Call(f"show who serves runner {runner_id}", _SEES, _ITS_ROLE)
        answer = self._transport.get(call, f"/runners/{runner_id}/managers")
        return answer.read(each(answers.manager))

    def running_jobs(self, runner_id: int) -> int:
        call = Call(f"count the jobs of runner {runner_id}", _SEES, _ITS_ROLE)
        path = f"/runners/{runner_id}/jobs"
        answer = self._transport.get(call, path, status="running", per_page=PER_PAGE)
        return len(answer.read(each(lambda row: record(row).number("id"))))


def _listing(scope: Scope) -> tuple[Call, str]:
    """What lists the runners of a scope; with those inherited from above, hence always a type."""
    call = Call(f"list the runners of {_place(scope)}", role=_ROLES[scope.kind])
    path = "/runners/all" if scope.kind == "instance" else f"/{scope.kind}s/{scope.id}/runners"
    return call, path


def _place(scope: Scope) -> str:
    return "the whole instance" if scope.kind == "instance" else f"{scope.kind} {scope.path}"
