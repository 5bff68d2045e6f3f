"""Where a runner may be created: searching the token's projects and groups, page by page."""

from __future__ import annotations

import asyncio

from wizard.core.errors import NotAllowedError, NotFoundError
from wizard.systems.gitlab import GitLab, Page


async def search(gitlab: GitLab, kind: str, text: str = "", page: int = 1) -> Page:
    """One page of projects or groups that match; a whole path is found even where no list has it.

    Args:
        kind: `project` or `group`.
        text: part of a name or path; empty lists all, the latest active project first.
        page: from 1, as `Page.next_page` says.

    Raises: WizardError, from GitLab.
    """
    ask = gitlab.search_projects if kind == "project" else gitlab.search_groups
    found = await asyncio.to_thread(ask, text.strip(), page)
    if found.scopes or found.next_page or page > 1 or "/" not in text.strip():
        return found
    try:
        # GitLab's search wants three letters and looks at names; a path is an address.
        return Page((await asyncio.to_thread(gitlab.resolve, kind, text.strip()),), total=1)
    except (NotFoundError, NotAllowedError):
        return found
