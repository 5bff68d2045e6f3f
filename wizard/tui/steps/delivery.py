"""Delivery: how the runner is expressed, where that goes, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from wizard.core.errors import WizardError
from wizard.core.problems import Key, Problem
from wizard.operations.preview.contents import preview
from wizard.profile.not_yet import unavailable
from wizard.profile.packagings import PACKAGINGS
from wizard.profile.targets import FOLDER, target_of
from wizard.tui.outline import StepId
from wizard.tui.step import Step
from wizard.tui.widgets import FieldRow, Row
from wizard.tui.widgets.answers import Answers
from wizard.tui.widgets.file_tree import FileTree

_AS: Key = ("delivery", "as")
_TO: Key = ("delivery", "to")
_PAUSE = 0.15
"""Seconds after the last key before the preview is remade."""
_REPOSITORY = ("url", "branch", "apps_path", "manifests_path")


class DeliveryStep(Step):
    """Choose packaging and place; the preview follows."""

    step_id = StepId.DELIVERY
    purpose = "How the runner is expressed, and where that goes. Nothing is written here."
    more_help = (
        "Every packaging yields the same runner. Applied to the cluster, the wizard does it all; "
        "as files, you commit them and what watches the repository does the rest.\n\n"
        "The runner's token is in none of the files."
    )

    def fields(self) -> ComposeResult:
        with Answers():
            for key, label, path in (
                (_AS, "Expressed as", "delivery.packaging"),
                (_TO, "Goes to", "delivery.target"),
            ):
                row = FieldRow(
                    self.draft, *key, label=label, unavailable=unavailable(path), brief=True
                )
                row.add_class("-table")
                yield row
            yield Vertical(*self._details(), id="details")
        yield FileTree(id="tree")

    def on_mount(self) -> None:
        self._packaging = str(self.draft.value(*_AS))

    def check(self) -> None:
        self._preview_soon(0)

    @on(Row.Answered)
    async def _changed(self, event: Row.Answered) -> None:
        if event.row.key in {_AS, _TO}:
            if event.row.key == _AS:
                aside, now = self.session.set_aside, str(self.draft.value(*_AS))
                aside.remember(("as", self._packaging), self.draft, _TO)
                aside.bring_back(("as", now), self.draft)
                self._packaging = now
            spec = PACKAGINGS.get(self.draft.value(*_AS))
            goes = target_of(self.draft.value(*_TO))
            if spec and spec.not_applied and not goes.writes_files:
                self.draft.suggest(_TO, FOLDER.name)
                self.read()
            details = self.query_one("#details", Vertical)
            with self.app.batch_update():
                await details.remove_children()
                await details.mount_all(self._details())
        self._preview_soon(_PAUSE)

    def mine(self) -> list[Problem]:
        asked = any(row.unanswered for row in self.rows)
        # "needs the Git repository" is said better below its address, which is still asked for.
        return [one for one in super().mine() if not (asked and one.key == ("delivery",))]

    def _details(self) -> list[FieldRow]:
        return list(self._rows_for(self.draft.value(*_AS), self.draft.value(*_TO)))

    def _rows_for(self, packaging: str, target: str) -> Iterator[FieldRow]:
        goes = target_of(target)
        if goes.has_folder:
            yield FieldRow(self.draft, "delivery", "directory", label="Folder")
        spec = PACKAGINGS.get(packaging)
        if (spec and spec.operator) or goes.needs_repository:
            for name in _REPOSITORY:
                asked = name == "url"
                label = "Repository" if asked else ""
                yield FieldRow(self.draft, "delivery", "repository", name, label=label, ask=asked)
        for name, label in spec.settings.items() if spec else ():
            yield FieldRow(self.draft, "delivery", packaging, name, label=label)

    # The preview

    def _preview_soon(self, pause: float) -> None:
        self.in_background("preview", self._preview, pause)

    async def _preview(self, pause: float) -> None:
        await asyncio.sleep(pause)
        profile = self.draft.loaded().profile
        self.query_one(FileTree).show(await asyncio.to_thread(preview, profile))

    def failed(self, name: str, error: WizardError) -> None:  # noqa: ARG002
        title = "The result is shown once the profile is valid."
        self.query_one(FileTree).say(title, error.cause)
