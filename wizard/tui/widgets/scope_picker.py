"""A search in GitLab's projects or groups, as you type; page by page, and never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from wizard.core.errors import WizardError
from wizard.core.facts import Scope
from wizard.core.plain import strip_controls
from wizard.systems.gitlab import Page
from wizard.tui.widgets.said import Said

_PAUSE = 0.25
"""Seconds after the last key before GitLab is asked."""

Search = Callable[[str, int], Awaitable[Page]]
"""A text and a page's number to that page."""


class ScopePicker(Vertical):
    """An input and the list of what matches.

    What is in the input is the answer; choosing from the list, or Enter, puts a match there.

    Args:
        path: what is chosen now.
        placeholder: shown while nothing is typed.
    """

    @dataclass
    class Chosen(Message):
        """Another path is in the input."""

        picker: ScopePicker
        path: str

        @property
        def control(self) -> ScopePicker:
            return self.picker

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_list", show=False)]
    help_text = "Type a part of the name, choose with arrows and Enter; or write the whole path."

    def __init__(self, path: str, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._path = path
        self._placeholder = placeholder
        self._search: Search | None = None
        self._searched = ""
        self._next: int | None = None

    def compose(self) -> ComposeResult:
        yield Input(self._path, placeholder=self._placeholder, compact=True, classes="control")
        yield OptionList(markup=False, compact=True, classes="matches aside")
        yield Said(classes="count")

    @property
    def path(self) -> str:
        """What is in the input."""
        return self._path

    def search_with(self, search: Search | None) -> None:
        """Ask this from now on; None when no one can be asked."""
        self._search = search
        found = self.query_one(OptionList)
        found.clear_options()
        found.display = False
        if search:
            self._ask("")
        else:
            self.say("Not signed in, so write the whole path.")

    def say(self, text: str) -> None:
        """Say below the input what there is to choose from, or why there is nothing."""
        self.query_one(".count", Said).say(text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        path = event.value.strip()
        if path == self._path:
            return
        self._path = path
        self.post_message(self.Chosen(self, path))
        if self._search:
            self._ask(path)

    @on(Input.Submitted)
    def _entered(self) -> None:
        """Enter takes the nearest match, and the frame goes on to the next field."""
        found = self.query_one(OptionList)
        paths = [one.id or "" for one in found.options] if found.display else []
        if paths and self._path not in paths:
            self._choose(paths[found.highlighted or 0])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(event.option.id or "")
        self.query_one(Input).focus()

    @on(OptionList.OptionHighlighted)
    def _near_the_end(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._next and event.option_index >= self.query_one(OptionList).option_count - 5:
            page, self._next = self._next, None
            self._begin(partial(self._more, page), "more")

    def action_to_list(self) -> None:
        found = self.query_one(OptionList)
        if found.display and found.option_count:
            found.highlighted = found.highlighted or 0
            found.focus()

    def _choose(self, path: str) -> None:
        self._path = path
        with self.prevent(Input.Changed):
            self.query_one(Input).value = path
        self.post_message(self.Chosen(self, path))

    def _ask(self, text: str) -> None:
        self.workers.cancel_group(self, "more")
        self._begin(partial(self._first, text), "search")

    def _begin(self, work: Callable[[], Awaitable[None]], group: str) -> None:
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)

    async def _first(self, text: str) -> None:
        await asyncio.sleep(_PAUSE if text else 0)
        self._searched = text
        page = await self._page(text, 1)
        if page:
            found = self.query_one(OptionList)
            found.clear_options()
            found.display = bool(page.scopes)
            self._show(page)

    async def _more(self, number: int) -> None:
        page = await self._page(self._searched, number)
        if page:
            self._show(page)

    async def _page(self, text: str, number: int) -> Page | None:
        said = self.query_one(".count", Said)
        if not self._search:
            return None
        said.say("searching ...")
        try:
            return await self._search(text, number)
        except WizardError as error:
            said.say(f"! {error.problem} The path can be written out instead.")
            return None

    def _show(self, page: Page) -> None:
        found = self.query_one(OptionList)
        known = {option.id for option in found.options}
        found.add_options(
            Option(Content(strip_controls(_line(scope))), id=scope.path)
            for scope in page.scopes
            if scope.path not in known
        )
        self._next = page.next_page
        total = f" of {page.total}" if page.total and page.total > found.option_count else ""
        more = "; scroll for more" if page.next_page else ""
        self.query_one(".count", Said).say(
            f"{found.option_count}{total} found{more}"
            if found.option_count
            else "Nothing found where you may create runners."
        )


def _line(scope: Scope) -> str:
    return scope.path if scope.name in {"", scope.path} else f"{scope.path}  {scope.name}"
