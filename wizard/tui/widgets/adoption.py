"""Taking over a runner that GitLab has already: by its number, or from a list of those there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from wizard.core.errors import WizardError
from wizard.core.problems import Key
from wizard.operations.runners.adopt import Existing
from wizard.profile.draft import Draft
from wizard.systems.gitlab import RunnerInfo
from wizard.tui.set_aside import SetAside
from wizard.tui.widgets.action import Action
from wizard.tui.widgets.choice import Choice
from wizard.tui.widgets.field_row import FieldRow, Row
from wizard.tui.widgets.said import Said

Look = Callable[[int], Awaitable[tuple[list[Existing], int | None]]]
"""A page's number to the runners on it, and the number of the next page."""

_PAUSE = 0.25
"""Seconds after the last change of the scope before GitLab is asked."""
_DOWNTIME = (
    "Downtime: it gets this runner's settings and a new token, so its present managers stop when "
    "this is applied, and new jobs wait until the new manager is up. Nothing happens before."
)


class Adoption(Vertical):
    """One line while a runner is created; the number and the list while one is taken over.

    Args:
        draft: what is answered.
        index: of the runner in the draft.
        set_aside: where the answers go that a runner's own settings replace, to be brought back.
    """

    @dataclass
    class Adopted(Message):
        """The draft holds the settings of another runner of GitLab, or its own again."""

        adoption: Adoption

    def __init__(self, draft: Draft, index: int, set_aside: SetAside) -> None:
        super().__init__(id="adoption")
        self._draft = draft
        self._index = index
        self._set_aside = set_aside
        self._look: Look | None = None
        self._why_not = ""
        self._found: dict[str, Existing] = {}
        self._next: int | None = None
        self._open = self._adopted is not None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Action("Take over one that GitLab has ...", id="take-over")
        if self._open:
            yield from self._list_and_number()

    def _list_and_number(self) -> Iterator[Widget]:
        """What most never open, and so is not there before it is opened."""
        yield FieldRow(self._draft, *self._key("adopt"), label="Takes over")
        yield Choice(
            {},
            arrows=False,
            help_text="Enter or a click chooses; what it is set to now becomes the answer here.",
            id="existing",
            classes="aside",
        )
        yield Said(id="existing-said", classes="found")
        yield Horizontal(
            Action("More", id="more-existing"),
            Action("Create a new one instead", id="anew"),
            id="instead",
        )

    def on_mount(self) -> None:
        self._show()

    def look_with(self, look: Look | None, why_not: str = "") -> None:
        """List with this from now on; None where no one can be asked, and why."""
        self._look, self._why_not = look, why_not
        self._found.clear()
        self._show()
        if self._open:
            self._list(1)

    @property
    def _adopted(self) -> Any:
        return self._draft.value(*self._key("adopt"))

    def _key(self, name: str) -> Key:
        return ("runners", self._index, name)

    @on(Button.Pressed, "#take-over")
    async def _opened(self, event: Button.Pressed) -> None:
        event.stop()
        self._open = True
        if not self.query("#existing"):
            await self.mount_all(self._list_and_number())
        self._show()
        self.query_one(FieldRow).control.focus()
        self._list(1)

    @on(Button.Pressed, "#more-existing")
    def _more(self, event: Button.Pressed) -> None:
        event.stop()
        if self._next:
            self._list(self._next)

    @on(Button.Pressed, "#anew")
    def _anew(self, event: Button.Pressed) -> None:
        event.stop()
        self._draft.set(self._key("adopt"), None)
        self._set_aside.bring_back(self._aside, self._draft)
        self._open = False
        self.query_one(FieldRow).read()
        self._show()
        self.query_one("#take-over").focus()
        self.post_message(self.Adopted(self))

    @on(Row.Answered)
    def _numbered(self) -> None:
        self._show()

    @on(Choice.Changed, "#existing")
    def _chosen(self, event: Choice.Changed) -> None:
        event.stop()
        info = self._found[event.value].info
        own = self._settings(info)
        self._set_aside.put(self._aside, self._draft, own)
        self._draft.set(self._key("adopt"), info.id)
        for key, value in own.items():
            self._draft.suggest(key, value)
        self.query_one(FieldRow).read()
        self._show()
        self.post_message(self.Adopted(self))

    @property
    def _aside(self) -> tuple[str | int, ...]:
        return ("adopt", self._index)

    def _settings(self, info: RunnerInfo) -> dict[Key, Any]:
        """What the runner is set to now, as answers: what no one has decided here stays so."""
        now = info.settings
        found: dict[str, Any] = {
            "tags": sorted(now.tags),
            "run_untagged": now.run_untagged,
            "protected": now.protected,
            "locked": now.locked,
            "maximum_timeout": now.maximum_timeout,
            "description": now.description,
        }
        return {self._key(name): value for name, value in found.items() if value is not None}

    def _list(self, page: int) -> None:
        if self._look:
            work: Callable[[], Awaitable[None]] = partial(self._read, self._look, page)
            self.run_worker(work, group="existing", exclusive=True, exit_on_error=False)

    async def _read(self, look: Look, page: int) -> None:
        self._say("looking ...")
        await asyncio.sleep(_PAUSE)
        try:
            found, self._next = await look(page)
        except WizardError as error:
            self._say(f"! {error.problem} Its number can be written out instead.")
            return
        if page == 1:
            self._found.clear()
        self._found |= {str(one.info.id): one for one in found}
        self._show()

    def _show(self) -> None:
        """Show what there is to be shown now."""
        self.query_one("#take-over").display = not self._open
        if not self.query("#existing"):
            return
        self.query_one(FieldRow).display = self.query_one("#instead").display = self._open
        self.query_one("#more-existing").display = bool(self._next)
        listed = self.query_one("#existing", Choice)
        listed.display = self._open and bool(self._found)
        listed.offer(
            {number: _about(one) for number, one in self._found.items()},
            str(self._adopted or ""),
            unavailable={
                n: _line(one, one.why_not) for n, one in self._found.items() if one.why_not
            },
            labels={number: f"#{number}" for number in self._found},
        )
        if not self._open:
            self._say("")
        elif self._adopted:
            self._say(_DOWNTIME)
        elif self._look is None:
            self._say(self._why_not)
        else:
            self._say("" if self._found else "There is none in this scope yet.")

    def _say(self, text: str) -> None:
        self.query_one("#existing-said", Said).say(text)


def _about(one: Existing) -> str:
    info = one.info
    tags = ", ".join(sorted(info.settings.tags)) or "no tags"
    served = info.version or "no manager yet"
    return _line(one, f"{info.status.replace('_', ' ')}, {served}, {tags}")


def _line(one: Existing, more: str) -> str:
    return f"{one.info.settings.description or 'no description'}  ({more})"
