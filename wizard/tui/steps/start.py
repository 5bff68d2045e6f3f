"""Start: a preset, a profile that was open before, and what was found on this machine."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from wizard.core.errors import WizardError
from wizard.profile.draft import Origin
from wizard.profile.presets import presets
from wizard.tui import drafts
from wizard.tui.planning import review, status
from wizard.tui.step import Step, told
from wizard.tui.widgets import Choice, FieldRow, Row, Said

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


class StartStep(Step):
    """Choose what to begin with."""

    title = "Start"
    purpose = "From nothing to a proven GitLab Runner. Nothing is written before Apply."
    owns = ("version", "id", "name")
    more_help = (
        "A preset is a profile to start from. The profile is one file with everything you wish, "
        "without any secret: keep it in Git, and open it here again to change something."
    )

    def fields(self) -> ComposeResult:
        if self.draft.base is Origin.PROFILE:
            yield Said(self._summary(), id="summary")
            yield Said("looking at what is there ...", id="status")
        yield Said("A new profile, from a preset", classes="heading")
        titles = {one.name: one.title for one in presets()}
        yield Choice(titles, self.draft.preset, brief=True, id="presets")
        yield FieldRow(self.draft, "name", label="Name")
        self._recent = {str(one.path): one for one in self.session.memory.recent()}
        if self._recent:
            yield Said("One that was open before", classes="heading")
            about = {
                path: f"{one.state}, {_ago(one.seen)}, in {one.path.parent}"
                for path, one in self._recent.items()
            }
            names = {path: one.path.name for path, one in self._recent.items()}
            yield Choice(about, labels=names, id="recent")
        yield Said("Another file", classes="heading")
        yield Input(placeholder="path of a profile, then Enter", compact=True, id="path")
        yield Said("Found on this machine", classes="heading")
        yield Said("looking ...", id="machine")

    def on_mount(self) -> None:
        self._keyring = self._repository = ""

    def check(self) -> None:
        self.in_background("machine", self._look)
        if self.draft.base is Origin.PROFILE:
            self.in_background("status", self._status)

    def facts_found(self) -> None:
        session = self.session
        if session.contexts is None:
            clusters = "looking ..."
        elif not session.contexts:
            clusters = "none; the wizard then writes files"
        else:
            asked, reached = (
                len(session.contexts),
                sum(facts.reachable for facts in session.clusters.values()),
            )
            clusters = f"{asked} in the kubeconfig, {reached} reached so far"
        self.query_one("#machine", Said).say(
            f"clusters    {clusters}\n"
            f"keyring     {self._keyring or 'none; tokens are asked for each time'}\n"
            f"repository  {self._repository or 'not inside a Git repository'}"
        )

    async def _look(self) -> None:
        machine = self.session.machine
        self._repository = await asyncio.to_thread(machine.repository)
        self._keyring = await asyncio.to_thread(machine.keyring)
        self.facts_found()

    async def _status(self) -> None:
        reviewed = await review(self.session)
        self.query_one("#status", Said).say(status(reviewed.plan))

    def failed(self, name: str, error: WizardError) -> None:
        if name == "status":
            self.query_one("#status", Said).say(told(error))
        else:
            super().failed(name, error)

    @on(Choice.Changed, "#presets")
    def _preset_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        folder = self.session.machine.folder
        self.session.draft = drafts.on_another_preset(self.draft, event.value, folder)
        self.session.runner = 0
        self.wizard.go_to(0)

    @on(Choice.Changed, "#recent")
    async def _recent_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        await self._open(Path(event.value))

    @on(Input.Submitted, "#path")
    async def _path_given(self, event: Input.Submitted) -> None:
        if event.value.strip():
            event.stop()
            event.prevent_default()
            await self._open(Path(event.value.strip()))

    @on(Row.Answered, "#name")
    def _named(self) -> None:
        """A new profile is saved under its name."""
        name = str(self.draft.value("name") or "")
        if self.draft.base is Origin.PRESET and name.replace("-", "").isalnum():
            self.draft.path = drafts.free_name(self.session.machine.folder / f"{name}.yaml")

    async def _open(self, path: Path) -> None:
        try:
            draft = drafts.of_file(await asyncio.to_thread(path.expanduser))
        except WizardError as error:
            self.say_trouble(told(error))
            return
        self.session.memory.note(path, "opened")
        self.wizard.open_draft(draft)

    def _summary(self) -> str:
        draft = self.draft
        errors = sum(problem.severity == "error" for problem in draft.problems())
        state = f"{errors} things to set right" if errors else "valid"
        names = ", ".join(draft.runners[:4]) + (" ..." if len(draft.runners) > 4 else "")
        where = f"{draft.value('delivery', 'as')} to {draft.value('delivery', 'to')}"
        return (
            f"{draft.path.name} is open: {state}. Every step is answered; go to any of them.\n"
            f"runners     {names}\n"
            f"tokens      {draft.value('secrets', 'backend')}\n"
            f"delivery    {where}"
        )


def _ago(then: float) -> str:
    passed = time.time() - then
    for seconds, unit in _UNITS:
        if passed >= seconds:
            count = int(passed // seconds)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
