"""Start: a preset, a profile that was open before, and what was found on this machine."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from wizard.core.errors import WizardError
from wizard.profile.draft import Origin
from wizard.profile.presets import new_id, presets
from wizard.profile.save import free_name
from wizard.tui import drafts, messages
from wizard.tui.findings import findings
from wizard.tui.modals import Reading
from wizard.tui.outline import StepId
from wizard.tui.planning import answerable_here, review, status, true_now
from wizard.tui.session import ProfileSession
from wizard.tui.step import Step, format_error
from wizard.tui.widgets import Action, Choice, FieldRow, Menu, Row, Said

if TYPE_CHECKING:
    from wizard.importing import Imported
    from wizard.systems.kubernetes import RunningSetup

_PATH = "a profile, or a values.yaml, Application or config.toml; Enter"
_TAKES_OVER = (
    "Enter makes a profile of it and says what is wrong there; nothing is changed by that."
)
_LABELS = {
    "change": "Change something",
    "review": "Review and apply",
    "look": "What is true now",
    "another": "Another profile ...",
    "destroy": "Remove it ...",
}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


class StartStep(Step):
    """Choose what to begin with."""

    step_id = StepId.START
    purpose = "From nothing to a proven GitLab Runner. Nothing is written before Apply."
    more_help = (
        "A preset is a profile to start from. The profile is one file with everything you want, "
        "without any secret: keep it in Git, and open it here again to change something."
    )

    def __init__(self, session: ProfileSession) -> None:
        super().__init__(session)
        self._setups: dict[str, RunningSetup] = {}
        self._look_in = ""
        self._keyring = self._repository = ""

    def fields(self) -> ComposeResult:
        if imported := self.session.imported:
            yield Said(_taken_over(imported), id="imported")
            with Horizontal():
                yield Action("What was wrong there", id="findings")
        if self._is_opened:
            yield Said(self._summary(), id="summary")
            yield Menu(self._deeds(), _LABELS, id="deeds")
            yield Said("looking at what is there ...", id="status")
        else:
            yield Said("A new profile, from a preset", classes="heading")
            titles = {one.name: one.title for one in presets()}
            yield Choice(titles, self.draft.preset, brief=True, id="presets")
        yield FieldRow(self.draft, "name", label="Name")
        with Vertical(id="others"):
            yield from self._others()
        yield Said("Found on this machine", classes="heading")
        yield Said("looking ...", id="machine")

    def _others(self) -> ComposeResult:
        """Ways to another profile than the one that is open."""
        if self._is_opened:
            yield Said("A new profile, from a preset", classes="heading")
            yield Menu({one.name: one.title for one in presets()}, id="new-from")
        recent = [one for one in self.session.facts.memory.recent() if not self._is_this(one.path)]
        if recent:
            yield Said("One that was open before", classes="heading")
            about = {
                str(one.path): f"{one.state}, {_ago(one.seen)}, in {one.path.parent}"
                for one in recent
            }
            yield Menu(about, {str(one.path): one.path.name for one in recent}, id="recent")
        yield Said("Another file, or what runs already", classes="heading")
        yield Input(placeholder=_PATH, compact=True, id="path")
        with Horizontal():
            yield Action("Look for runners in the cluster", id="look")
        yield Menu({}, help_text=_TAKES_OVER, id="setups")
        yield Said(id="looked")

    def on_mount(self) -> None:
        self.query_one("#setups").display = False
        self.query_one("#others").display = not self._is_opened

    @property
    def _is_opened(self) -> bool:
        """Whether the profile has a file: then it is what one came for, and nothing replaces it by
        a slip of the hand."""
        return self.draft.disk is not None

    def _is_this(self, path: Path) -> bool:
        return path == self.draft.path.absolute()

    def _deeds(self) -> dict[str, str]:
        deeds = {
            "change": "any step can be changed; all that are right are answered",
            "review": "what would change, before anything is written",
            "another": "a new one, or one that was open before",
            "look": "managers, tokens, objects and files, asked now",
        }
        if self.draft.value("id"):
            deeds["destroy"] = "remove what this profile created; asks first"
        return deeds

    @on(Menu.Picked, "#deeds")
    def _deed_picked(self, event: Menu.Picked) -> None:
        event.stop()
        match event.name:
            case "change":
                self.post_message(messages.Next())
            case "review":
                self.post_message(messages.GoTo(StepId.REVIEW))
            case "look":
                self.query_one("#status", Said).say("looking at what is there ...")
                self.in_background("now", self._look_now)
            case "another":
                others = self.query_one("#others")
                others.display = True
                self.focus_within(others)
            case "destroy":
                self.post_message(messages.DestroyWanted())

    def check(self) -> None:
        self.in_background("machine", self._look)
        if self._is_opened:
            self.in_background("status", self._status)

    def facts_found(self) -> None:
        session = self.session
        if session.facts.contexts is None:
            clusters = "looking ..."
        elif not session.facts.contexts:
            clusters = "none; the wizard then writes files"
        else:
            asked, reached = (
                len(session.facts.contexts),
                sum(facts.reachable for facts in session.facts.clusters.values()),
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

    async def _look_now(self) -> None:
        text = await true_now(self.session)
        self.query_one("#status", Said).say("")
        self.app.push_screen(Reading("What is true now", text))

    async def _status(self) -> None:
        reviewed = await review(self.session)
        self.query_one("#status", Said).say(status(reviewed.plan))

    def failed(self, name: str, error: WizardError) -> None:
        if name == "setups":
            self.query_one("#looked", Said).say(format_error(error))
        elif name in {"status", "now"}:
            self.query_one("#status", Said).say(format_error(answerable_here(error)))
        else:
            super().failed(name, error)

    @on(Choice.Changed, "#presets")
    def _preset_chosen(self, event: Choice.Changed) -> None:
        """Another preset, in its place: what was answered stays, whichever one looks at."""
        event.stop()
        session, old = self.session, self.draft
        before = session.left_presets.pop(event.value, None)
        session.left_presets[old.preset] = old
        session.draft = drafts.on_another_preset(old, event.value, session.machine.folder, before)
        session.runner = min(session.runner, len(session.draft.runners) - 1)
        self.take_draft()
        self.post_message(messages.DraftChanged())

    @on(Menu.Picked, "#new-from")
    def _new_from(self, event: Menu.Picked) -> None:
        event.stop()
        draft = drafts.of_preset(event.name, self.session.machine.folder)
        self.post_message(messages.OpenDraft(draft))

    @on(Menu.Picked, "#recent")
    def _recent_picked(self, event: Menu.Picked) -> None:
        event.stop()
        self.post_message(messages.OpenFile(Path(event.name)))

    @on(Input.Submitted, "#path")
    def _path_given(self, event: Input.Submitted) -> None:
        if name := event.value.strip():
            event.stop()
            event.prevent_default()
            self.post_message(messages.OpenFile(Path(name)))

    # Taking over what runs already

    @on(Button.Pressed, "#look")
    def _look_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.query_one("#looked", Said).say("looking ...")
        self.in_background("setups", self._find_setups)

    async def _find_setups(self) -> None:
        context = str(self.draft.value("cluster", "context") or self.session.facts.current)
        found = await asyncio.to_thread(self.session.machine.setups, context)
        self._look_in = context
        self._setups = {f"{one.namespace}/{one.name}": one for one in found}
        listed = self.query_one("#setups", Menu)
        listed.offer({name: f"gitlab-runner {one.version}" for name, one in self._setups.items()})
        listed.display = bool(found)
        self.query_one("#looked", Said).say(
            "" if found else f"None in {context} that the wizard did not set up."
        )
        if found:
            self.screen.set_focus(listed)

    @on(Menu.Picked, "#setups")
    def _setup_picked(self, event: Menu.Picked) -> None:
        event.stop()
        self.query_one("#looked", Said).say("reading what it was made of ...")
        self.in_background("setups", self._take_over, self._setups[event.name], self._look_in)

    async def _take_over(self, setup: RunningSetup, context: str) -> None:
        from wizard.operations.discovery.taking_over import import_running

        found = await asyncio.to_thread(self.session.machine.setup, context, setup)
        imported = await asyncio.to_thread(import_running, found, new_id())
        draft = drafts.of_import(imported, self.session.machine.folder)
        draft.set(("cluster", "context"), context, Origin.FOUND)
        self.post_message(messages.OpenDraft(draft, imported))

    @on(Button.Pressed, "#findings")
    def _findings_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if self.session.imported:
            self.app.push_screen(findings(self.session.imported))

    @on(Row.Answered, "#name")
    def _named(self) -> None:
        """A new profile is saved under its name; one that has a file stays there."""
        if not self._is_opened:
            folder = self.session.machine.folder
            self.draft.path = free_name(folder / f"{drafts.named(self.draft)}.yaml")

    def _summary(self) -> str:
        draft = self.draft
        errors = sum(problem.severity == "error" for problem in draft.problems())
        state = f"{errors} things to set right" if errors else "valid"
        names = ", ".join(draft.runners[:4]) + (" ..." if len(draft.runners) > 4 else "")
        where = f"{draft.value('delivery', 'as')} to {draft.value('delivery', 'to')}"
        return (
            f"{draft.path.name} is open: {state}.\n"
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


def _ago(then: float) -> str:
    passed = time.time() - then
    for seconds, unit in _UNITS:
        if passed >= seconds:
            count = int(passed // seconds)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
