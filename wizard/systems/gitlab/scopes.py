"""Who the token is, and where it may create runners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from wizard.core.errors import NotFoundError, RejectedError, ScopeTooSmallError
from wizard.core.facts import Identity, Scope
from wizard.systems.gitlab import answers
from wizard.systems.gitlab.errors import Call
from wizard.systems.gitlab.nouns import Page
from wizard.systems.gitlab.pages import PER_PAGE, next_page
from wizard.systems.gitlab.transport import Answer, Transport
from wizard.systems.http.answers import Record, each, is_number, record

_MAINTAINER, _OWNER = 40, 50
_PICKER_ROWS = 50

_ME = Call("say whose token this is", "read_api, read_user or api")


class ScopeCalls:
    """The part of `GitLab` about identity, projects and groups."""

    _transport: Transport

    def version(self) -> str:
        call = Call("tell its version", "read_api, read_user or api")
        return self._transport.get(call, "/metadata").read(_version)

    def ping(self) -> None:
        self._transport.ping(Call("say whether it is there"))

    def whoami(self) -> Identity:
        token = self._token_itself()
        try:
            user = self._transport.get(_ME, "/user").read(_user)
        except ScopeTooSmallError:
            user = record({})
        scopes = token.texts("scopes", ())
        return Identity(
            username=user.text("username", ""),
            scopes=scopes,
            expires_at=token.text("expires_at", ""),
            is_admin=user.flag("is_admin", False),
            # A fine-grained token lists the one word "granular", which says nothing.
            known=bool(scopes) and scopes != ("granular",),
            user_id=user.number("id", 0),
        )

    def _token_itself(self) -> Record:
        """What GitLab tells of the token; empty for OAuth (400) and some fine-grained (403)."""
        try:
            answer = self._transport.get(_ME, "/personal_access_tokens/self")
        except (ScopeTooSmallError, RejectedError):
            return record({})
        return answer.read(_token)

    def resolve(self, kind: str, path: str) -> Scope:
        if kind == "instance":
            return Scope("instance", "")
        call = Call(f"find the {kind} {path}")
        where = f"/{kind}s/{quote(path.strip('/'), safe='')}"
        shape = answers.project if kind == "project" else answers.group
        try:
            # Without this a group brings up to 100 projects along.
            answer = self._transport.get(call, where, with_projects="false")
        except ScopeTooSmallError:
            return self._resolve_without_reading(kind, path)
        return answer.read(shape)

    def _resolve_without_reading(self, kind: str, path: str) -> Scope:
        """The scope for a token with `create_runner` alone, which may read neither."""
        page: int | None = 1
        while page:
            found = self._associated(kind, "", page)
            for scope in found.scopes:
                if path.strip("/") in {scope.path, str(scope.id)}:
                    return scope
            page = found.next_page
        raise NotFoundError(
            f"This token may not create runners in a {kind} {path}.",
            "It is not among those the token's user maintains.",
            "Check the spelling and your role there",
        )

    def access_level(self, scope: Scope, user_id: int) -> int | None:
        if not user_id:
            return None
        call = Call(f"show the members of {scope.kind} {scope.path}")
        # With `all`, what is inherited counts, and what comes through invited groups.
        where = f"/{scope.kind}s/{scope.id}/members/all/{user_id}"
        try:
            answer = self._transport.get(call, where)
        except NotFoundError:
            return 0
        except ScopeTooSmallError:
            return None
        return answer.read(lambda fields: record(fields).number("access_level"))

    def search_projects(self, text: str = "", page: int = 1) -> Page:
        query = {
            "membership": "true",
            "archived": "false",
            "simple": "true",
            "order_by": "last_activity_at",
        }
        if text:
            query |= {"search": text, "search_namespaces": "true"}
        return self._search("project", text, page, query, answers.project)

    def search_groups(self, text: str = "", page: int = 1) -> Page:
        query = {"all_available": "false"} | ({"search": text} if text else {})
        return self._search("group", text, page, query, answers.group)

    def _search(
        self,
        kind: str,
        text: str,
        page: int,
        query: Mapping[str, str],
        shape: Callable[[Mapping[str, Any], int], Scope],
    ) -> Page:
        level = _level(kind)
        try:
            answer = self._transport.get(
                Call(f"list your {kind}s"),
                f"/{kind}s",
                min_access_level=level,
                page=page,
                per_page=_PICKER_ROWS,
                **query,
            )
        except ScopeTooSmallError:
            return self._associated(kind, text, page)
        scopes = tuple(answer.read(each(lambda row: shape(row, level))))
        return Page(scopes, next_page(answer, page, len(scopes), _PICKER_ROWS), _total(answer))

    def _associated(self, kind: str, text: str, page: int) -> Page:
        """One page of what the token is associated with, the one list every scope may read.

        GitLab does not search it, so a page may hold few matches, or none, and still have a next.
        """
        level = _level(kind)
        answer = self._transport.get(
            Call(f"list your {kind}s"),
            "/personal_access_tokens/self/associations",
            min_access_level=level,
            page=page,
            per_page=PER_PAGE,
        )
        rows = answer.read(
            lambda fields: [row.plain() for row in record(fields).records(f"{kind}s")]
        )
        shape = answers.project if kind == "project" else _associated_group
        scopes = answer.read(lambda _: tuple(shape(row, level) for row in rows))
        wanted = text.lower()
        matching = tuple(scope for scope in scopes if wanted in scope.path.lower())
        return Page(matching, next_page(answer, page, len(rows)))


def _level(kind: str) -> int:
    return _MAINTAINER if kind == "project" else _OWNER


def _total(answer: Answer) -> int | None:
    said = answer.headers.get("X-Total", "")
    return int(said) if is_number(said) else None


def _associated_group(row: Mapping[str, Any], level: int) -> Scope:
    # The only full path in this list is the end of the group's page.
    fields = record(row)
    path = urlsplit(fields.text("web_url")).path.partition("/groups/")[2]
    return Scope("group", path, fields.number("id"), fields.text("name"), level)


def _version(answer: Any) -> str:
    return record(answer).text("version")


def _user(answer: Any) -> Record:
    """The user; read here, where what does not fit becomes an error."""
    fields = record(answer)
    fields.text("username")
    fields.flag("is_admin", False)
    return fields


def _token(answer: Any) -> Record:
    fields = record(answer)
    fields.texts("scopes")
    fields.text("expires_at", "")
    return fields
