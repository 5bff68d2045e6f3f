"""Start: a preset, a profile that was open before, and what was found on this machine."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from wizard.profile.presets import presets
from wizard.tui import drafts
from wizard.tui.step import Step
from wizard.tui.widgets import Choice, FieldRow, Said


class StartStep(Step):
    """Choose what to begin with."""

    title = "Start"
    purpose = "From nothing to a proven GitLab Runner. Nothing is written before you have reviewed."
    owns = ("version", "id", "name")

    def fields(self) -> ComposeResult:
        titles = {one.name: one.title for one in presets()}
        yield Said("Start from", classes="heading")
        yield Choice(titles, self.draft.preset, id="presets")
        yield FieldRow(self.draft, "name", label="Profile name")
        yield Said(id="about", classes="found")

    @on(Choice.Changed, "#presets")
    async def _preset_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        self.session.draft = drafts.of_preset(event.value, self.session.machine.folder)
        await self.wizard.go_to(0)
