"""Lists that come in pages. The next one is asked for by number, never by the `Link` header: its
address is the one GitLab believes to have, which need not be the one that works from here."""

from __future__ import annotations

from typing import Any

from wizard.systems.gitlab.errors import Call
from wizard.systems.gitlab.transport import Answer, Transport
from wizard.systems.http.answers import is_number, records

PER_PAGE = 100
"""Rows of a page; GitLab's maximum."""


def next_page(answer: Answer, page: int, rows: int, per_page: int = PER_PAGE) -> int | None:
    """The page after this one, None after the last.

    Args:
        answer: the page as it came.
        page: its number, from 1.
        rows: how many rows it held.
        per_page: how many were asked for; a full page may have a next where nothing says so.
    """
    said = answer.headers.get("X-Next-Page")
    if said is None:
        return page + 1 if rows >= per_page else None
    return int(said) if is_number(said) and int(said) > page else None


def all_rows(transport: Transport, call: Call, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every row of a list."""
    found: list[dict[str, Any]] = []
    page: int | None = 1
    while page:
        answer = transport.get(call, path, page=page, per_page=PER_PAGE, **query)
        more = answer.read(_rows)
        found += more
        page = next_page(answer, page, len(more))
    return found


def _rows(answer: Any) -> list[dict[str, Any]]:
    return [
        row.plain() | {"id": row.number("id"), "description": row.text("description", "")}
        for row in records(answer)
    ]
