"""Requests and answers of the fake, and the routes between them, in GitLab's manners."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

if TYPE_CHECKING:
    from tests.fakes.gitlab.state import Token, User

TRUE, FALSE = {True, "true", "True", "1", "on"}, {False, "false", "False", "0", "off"}


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    """Bytes and text go out as they are, None as nothing, all else as JSON."""
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        if self.body is None:
            return b"", "application/json"
        if isinstance(self.body, bytes):
            return self.body, "text/plain"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain"
        return json.dumps(self.body).encode(), "application/json"


class RefusalError(Exception):
    """An answer that says no."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(f"{status} {body}")
        self.reply = Reply(status, body, {k.replace("_", "-"): v for k, v in headers.items()})


def bad_request(reason: str) -> RefusalError:
    return RefusalError(400, {"message": f"400 Bad request - {reason}"})


def bad_parameter(text: str) -> RefusalError:
    return RefusalError(400, {"error": text})


def forbidden(reason: str = "") -> RefusalError:
    return RefusalError(
        403, {"message": f"403 Forbidden - {reason}" if reason else "403 Forbidden"}
    )


@dataclass
class Request:
    method: str
    target: str
    headers: Any
    raw: bytes
    path: str = ""
    """Below `/api/v4`, still encoded."""
    values: dict[str, str] = field(default_factory=dict)
    """What stands for the `:names` of the route."""
    token: Token | None = None

    def __post_init__(self) -> None:
        query = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        self.params: dict[str, Any] = {
            name.removesuffix("[]"): found if name.endswith("[]") else found[-1]
            for name, found in query.items()
        }
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json") and self.raw.strip():
            try:
                self.params |= json.loads(self.raw)
            except ValueError:
                raise RefusalError(
                    400, {"message": "Invalid json", "error": "Invalid json"}
                ) from None
        elif kind.startswith("application/x-www-form-urlencoded"):
            self.params |= {name: found[-1] for name, found in parse_qs(self.raw.decode()).items()}

    @property
    def user(self) -> User:
        assert self.token is not None
        return self.token.user

    def text(self, name: str) -> str:
        return str(self.params.get(name) or "")

    def number(self, name: str) -> int | None:
        value = self.params.get(name)
        if value is None or value == "":
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_parameter(f"{name} is invalid") from None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.params.get(name)
        if value is None:
            return default
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise bad_parameter(f"{name} is invalid")

    def choice(self, name: str, allowed: Iterable[str], default: str = "") -> str:
        value = self.text(name)
        if value and value not in allowed:
            raise bad_parameter(f"{name} does not have a valid value")
        return value or default

    def tags(self) -> list[str]:
        given = self.params.get("tag_list") or []
        parts = given.split(",") if isinstance(given, str) else ",".join(given).split(",")
        return [part.strip() for part in parts if part.strip()]


Handler = Callable[[Any, Request], Reply]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    handler: Handler
    scopes: tuple[str, ...] | None
    """Scopes that open it; empty opens to any personal access token, None needs no token at all."""
    permission: str = ""
    """What a fine-grained token needs for it."""

    def match(self, path: str) -> dict[str, str] | None:
        ours, theirs = self.template.strip("/").split("/"), path.strip("/").split("/")
        if len(ours) != len(theirs):
            return None
        values = {}
        for name, part in zip(ours, theirs, strict=True):
            if name.startswith(":"):
                values[name[1:]] = unquote(part)
            elif name != part:
                return None
        return values


class Routes:
    """The routes of one module."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def on(
        self, method: str, template: str, scopes: tuple[str, ...] | None, permission: str = ""
    ) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            self.all.append(Route(method, template, handler, scopes, permission))
            return handler

        return add


def paginate(fake: Any, request: Request, rows: list[Any], shape: Callable[[Any], Any]) -> Reply:
    """One page, with GitLab's headers; the addresses in `Link` are those GitLab believes in."""
    page = max(1, request.number("page") or 1)
    per_page = min(100, max(1, request.number("per_page") or 20))
    pages = max(1, -(-len(rows) // per_page))
    following = str(page + 1) if page < pages else ""
    headers = {"X-Page": str(page), "X-Per-Page": str(per_page), "X-Next-Page": following}
    headers["X-Prev-Page"] = str(page - 1) if page > 1 else ""
    if len(rows) <= 10_000 and not fake.hide_totals:
        headers |= {"X-Total": str(len(rows)), "X-Total-Pages": str(pages)}
    if following:
        query = urlencode(request.params | {"page": following, "per_page": per_page})
        headers["Link"] = f'<{fake.external_url}/api/v4{request.path}?{query}>; rel="next"'
    start = (page - 1) * per_page
    return Reply(200, [shape(row) for row in rows[start : start + per_page]], headers)
