"""Start: a preset, a profile that was open before, and what was found on this machine."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input

from wizard.core.errors import WizardError
from wizard.profile.draft import Origin
from wizard.profile.presets import new_id, presets
from wizard.tui import drafts
from wizard.tui.modals import Reading
from wizard.tui.planning import review, status
from wizard.tui.step import Step, told
from wizard.tui.widgets import Action, Choice, FieldRow, Row, Said

if TYPE_CHECKING:
    from wizard.importing import Imported
    from wizard.systems.kubernetes import RunningSetup

_PATH = "a profile, or a values.yaml, Application or config.toml; Enter"
_TAKES_OVER = (
    "Enter makes a profile of it and says what is wrong there; nothing is changed by that."
)
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
        if imported := self.session.imported:
            yield Said(_taken_over(imported), id="imported")
            with Horizontal():
                yield Action("What was wrong there", id="findings")
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
        yield Said("Another file, or what runs already", classes="heading")
        yield Input(placeholder=_PATH, compact=True, id="path")
        with Horizontal():
            yield Action("Look for runners in the cluster", id="look")
        yield Choice({}, brief=True, help_text=_TAKES_OVER, id="setups")
        yield Said(id="looked")
        yield Said("Found on this machine", classes="heading")
        yield Said("looking ...", id="machine")

    def on_mount(self) -> None:
        self._setups: dict[str, RunningSetup] = {}
        self.query_one("#setups").display = False
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
        if name == "setups":
            self.query_one("#looked", Said).say(told(error))
        elif name == "status":
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

    # Taking over what runs already

    @on(Button.Pressed, "#look")
    def _look_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.query_one("#looked", Said).say("looking ...")
        self.in_background("setups", self._find_setups)

    @property
    def _chosen_context(self) -> str:
        return str(self.draft.value("cluster", "context") or self.session.current)

    async def _find_setups(self) -> None:
        found = await asyncio.to_thread(self.session.machine.setups, self._chosen_context)
        self._setups = {f"{one.namespace}/{one.name}": one for one in found}
        about = {name: f"gitlab-runner {one.version}" for name, one in self._setups.items()}
        listed = self.query_one("#setups", Choice)
        listed.offer(about, "")
        listed.display = bool(found)
        self.query_one("#looked", Said).say(
            "" if found else f"None that somebody else set up in {self._chosen_context}."
        )
        if found:
            self.screen.set_focus(listed)

    @on(Choice.Changed, "#setups")
    def _setup_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        self.query_one("#looked", Said).say("reading what it was made of ...")
        self.in_background("setups", self._take_over, self._setups[event.value])

    async def _take_over(self, setup: RunningSetup) -> None:
        from wizard.operations.taking_over import import_running

        found = await asyncio.to_thread(self.session.machine.setup, self._chosen_context, setup)
        context = self._chosen_context
        self._open_imported(await asyncio.to_thread(import_running, found, new_id()))
        self.session.draft.set(("cluster", "context"), context, Origin.FOUND)

    def _open_imported(self, imported: Imported) -> None:
        draft = drafts.of_import(imported, self.session.machine.folder)
        self.wizard.open_draft(draft, ())
        self.session.imported = imported
        self.app.push_screen(_findings(imported))

    @on(Button.Pressed, "#findings")
    def _findings_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if self.session.imported:
            self.app.push_screen(_findings(self.session.imported))

    @on(Row.Answered, "#name")
    def _named(self) -> None:
        """A new profile is saved under its name."""
        name = str(self.draft.value("name") or "")
        if self.draft.base is not Origin.PROFILE and name.replace("-", "").isalnum():
            self.draft.path = drafts.free_name(self.session.machine.folder / f"{name}.yaml")

    async def _open(self, path: Path) -> None:
        try:
            file = await asyncio.to_thread(path.expanduser)
            if imported := await asyncio.to_thread(drafts.imported, file):
                self._open_imported(imported)
                return
            draft = drafts.of_file(file)
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


def _taken_over(imported: Imported) -> str:
    count = len(imported.findings)
    said = f"{count} finding{'s' if count != 1 else ''}" if count else "nothing to say"
    return (
        f"Made of {imported.source}: {said} about it. The old one runs on until you take it away; "
        "the step Runner can take over its runner in GitLab."
    )


def _findings(imported: Imported) -> Reading:
    from wizard.importing import findings_lines

    lines = list(findings_lines(imported.findings)) or ["Nothing is wrong there."]
    return Reading(f"What was found in {imported.source}", "\n".join(lines))


def _ago(then: float) -> str:
    passed = time.time() - then
    for seconds, unit in _UNITS:
        if passed >= seconds:
            count = int(passed // seconds)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
