"""Image builds: strategies side by side, and the pipeline that goes with the chosen one."""

from __future__ import annotations

import asyncio

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from wizard.core.errors import WizardError
from wizard.core.problems import Key
from wizard.operations.preview.strategies import Compared, compare, example
from wizard.profile.fields import declared
from wizard.profile.model import Profile
from wizard.profile.not_yet import unavailable
from wizard.profile.strategies import STRATEGIES
from wizard.tui import messages
from wizard.tui.outline import StepId
from wizard.tui.step import Step
from wizard.tui.widgets import Action, Choice, FieldRow, Row, Said
from wizard.tui.widgets.table import Table

_HEADINGS = ("builds", "here", "level", "privilege", "speed", "cache", "upkeep")


class BuildsStep(Step):
    """Choose how jobs build container images, by what that costs."""

    step_id = StepId.BUILDS
    purpose = "How jobs build container images, if they do, and what that asks of the nodes."
    more_help = (
        "here: fits; depends (on what the nodes allow, which cannot be seen); unsure.\n"
        "level: the strictest Pod Security level that admits the job pods, with the runner version "
        "that is pinned. A privileged job can take over its node.\n"
        "privilege: none; user ns (user namespaces); partial (no seccomp, no AppArmor); full.\n"
        "cache: whether layers are kept, in a registry, for the next job.\n"
        "upkeep: active; a fork that a community keeps alive; GitLab's own."
    )

    def fields(self) -> ComposeResult:
        refused = unavailable("runners[].builds.strategy")
        choices = declared(self._key("builds", "strategy")).choices
        self._ways = self._compared()
        rows = self._rows(self._ways)
        table = Table(_HEADINGS, rows, self._strategy, choices, refused, id="ways")
        strategy = Row(self.draft, self._key("builds", "strategy"), table, label="Strategy")
        strategy.add_class("-table")
        yield strategy
        yield Said(self._here, id="here", classes="about")
        yield Said("A pipeline to start from", classes="heading")
        with Horizontal(classes="actions"):
            yield Action("Copy it", id="copy")
        with VerticalScroll(id="pipeline", can_focus=True):
            yield Said(id="text")
        yield FieldRow(self.draft, *self._key("jobs", "pod_security"), label="Pod Security")
        yield Vertical(*self._details(), id="details")

    def _details(self) -> list[FieldRow]:
        rows = []
        spec = next((one for one in STRATEGIES.values() if one.name == self._strategy), None)
        if spec and spec.has_daemon:
            rows.append(FieldRow(self.draft, *self._key("builds", "mtu"), label="MTU"))
        if spec and spec.builds_here:
            rows.append(FieldRow(self.draft, *self._key("builds", "image"), label="Builder image"))
        return rows

    def entered(self) -> None:
        self.call_after_refresh(self._show)  # the pipeline takes a moment to be made

    def facts_found(self) -> None:
        self._ways = self._compared()
        self.query_one("#ways", Table).compare(self._rows(self._ways))

    def check(self) -> None:
        self.post_message(messages.LookAgain())

    @on(Choice.Changed, "#ways")
    async def _chosen(self, event: Choice.Changed) -> None:
        event.stop()
        key = self._key("builds", "strategy")
        if self.draft.value(*key) != event.value:
            # Another strategy has another builder; what was set for the old one comes back with it.
            runner, aside = self.session.runner, self.session.set_aside
            aside.take(("builds", runner, self._strategy), self.draft, [self._key("builds")])
            self.draft.set(self._key("builds"), event.value)
            aside.bring_back(("builds", runner, event.value), self.draft)
            details = self.query_one("#details", Vertical)
            with self.app.batch_update():
                await details.remove_children()
                await details.mount_all(self._details())
            self.read()
            self._ways = self._compared()
            self.post_message(messages.DraftChanged())
        self._show()

    @on(Row.Answered)
    def _changed(self) -> None:
        self._ways = self._compared()
        self._show()

    @on(Button.Pressed, "#copy")
    def _copy(self, event: Button.Pressed) -> None:
        event.stop()
        if self._pipeline:
            self.app.copy_to_clipboard(self._pipeline)
            self.app.notify("The pipeline is in the clipboard.", markup=False)

    def _show(self) -> None:
        if not self.is_attached:  # it has been left meanwhile
            return
        self.query_one("#here", Said).say(self._here)
        self._pipeline = ""
        self.in_background("pipeline", self._preview)

    async def _preview(self) -> None:
        profile = self.draft.loaded().profile
        self._pipeline = await asyncio.to_thread(example, profile, self.session.runner)
        self.query_one("#text", Said).say(self._pipeline)
        self.query_one("#copy").display = True

    def failed(self, name: str, error: WizardError) -> None:  # noqa: ARG002
        self.query_one("#copy").display = False
        self.query_one("#text", Said).say(f"It is shown once the profile is valid.\n{error.cause}")

    def _compared(self) -> list[Compared]:
        facts = self.session.cluster
        written = self.draft.value("cluster", "architectures") or ()
        architectures = facts.architectures if facts and facts.nodes else map(str, written)
        return compare(architectures, self._valid(), self.session.runner)

    def _valid(self) -> Profile | None:
        try:
            return self.draft.loaded().profile
        except WizardError:
            return None

    def _rows(self, compared: list[Compared]) -> dict[str, tuple[str, ...]]:
        refused = unavailable("runners[].builds.strategy")
        return {
            one.name: (
                "not yet" if one.name in refused else one.here,
                one.level,
                one.traits.privilege,
                one.traits.speed,
                one.traits.cache,
                one.traits.upkeep,
            )
            for one in compared
        }

    @property
    def _here(self) -> str:
        chosen = next((one for one in self._ways if one.name == self._strategy), None)
        return f"{chosen.name}: {_verdict(chosen)}" if chosen else ""

    @property
    def _strategy(self) -> str:
        return str(self.draft.value(*self._key("builds", "strategy")))

    def _key(self, *key: str) -> Key:
        return ("runners", self.session.runner, *key)


def _verdict(one: Compared) -> str:
    """Whether it fits, and why."""
    words = {
        "fits": "fits these nodes",
        "depends": "runs on these nodes if they allow it",
        "unsure": "may not run on these nodes",
    }
    return f"{words[one.here]}; {one.why}."
