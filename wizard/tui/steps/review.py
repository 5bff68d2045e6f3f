"""Review: everything that would change, before anything has been written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.widgets import Button, Tree

from wizard.core.errors import WizardError
from wizard.core.plan_format import value_text
from wizard.core.problems import Key, Problem, key_path
from wizard.profile.draft import Origin
from wizard.profile.targets import target_of
from wizard.tui import messages
from wizard.tui.outline import StepId, owner_of
from wizard.tui.planning import answerable_here, headless, review, verdict
from wizard.tui.step import Step
from wizard.tui.widgets import Action, Said
from wizard.tui.widgets.plan_tree import Difference, PlanTree

_SHOWN_PROBLEMS = 6


class ReviewStep(Step):
    """Show the plan, where each answer came from, and the command that does the same."""

    step_id = StepId.REVIEW
    purpose = "What would change where. Nothing is written before the next step."
    more_help = (
        "Signs: + is created, ~ is changed, ! is replaced, - is deleted, = stays. Ctrl+S saves "
        "the profile without applying it; F5 looks again."
    )

    def fields(self) -> ComposeResult:
        yield Said(id="verdict")
        with Container(id="plan"):
            yield PlanTree(id="plan-tree")
            yield Difference(id="difference")
        yield Said(id="command")
        with Horizontal(classes="actions"):
            yield Action("Copy the command", id="copy")
            yield Action("Only write the files", id="files")
            yield Action("Destroy all of it ...", id="destroy")

    def on_mount(self) -> None:
        self.query_one("#files").display = False
        self.query_one("#destroy").display = self._may_be_there()

    def entered(self) -> None:
        self.session.work = None
        self.session.visited -= {StepId.APPLY, StepId.PROOF}
        self.post_message(messages.DraftChanged())
        super().entered()

    def check(self) -> None:
        self.session.reviewed = None
        self._say_command()
        self.say_trouble("")
        self.query_one("#plan").display = False
        if wrong := self._wrong():
            self.query_one("#verdict", Said).say(wrong)
            return
        self.query_one("#verdict", Said).say("Looking at what is there ...")
        self.in_background("plan", self._plan)

    def blocking(self) -> Iterable[Problem]:
        if self.session.reviewed is None:
            yield Problem("there is no plan yet", "see why it cannot be made; F5 tries again")
        elif self.session.reviewed.plan.refusals:
            yield Problem("apply would refuse this", "fix what is named above; F5 looks again")

    def focus_first(self) -> None:
        self.screen.set_focus(self.query_one(PlanTree))

    def failed(self, name: str, error: WizardError) -> None:
        self.query_one("#verdict", Said).say("There is no plan.")
        self.query_one("#files").display = target_of(self.draft.value("delivery", "to")).has_folder
        super().failed(name, answerable_here(error))

    async def _plan(self) -> None:
        reviewed = await review(self.session)
        self.session.reviewed = reviewed
        self.query_one("#verdict", Said).say(verdict(reviewed.plan))
        tree = self.query_one(PlanTree)
        tree.show(reviewed.plan)
        answers = sorted(self.draft.origins(), key=lambda pair: list(Origin).index(pair[1]))
        if answers:
            counts = Counter(origin.value for _, origin in answers)
            about = ", ".join(f"{count} {origin}" for origin, count in counts.items())
            tree.add(f"Your answers  ({about})", (self._answer(*one) for one in answers))
        self.query_one("#plan").display = True
        self.query_one("#files").display = False
        self._say_command()
        if self.screen.focused is None or not self.has_focus_within:
            self.focus_first()

    def _answer(self, key: Key, origin: Origin) -> str:
        value: Any = self.draft.value(*key)
        shown = "(the default)" if value is None else value_text(value)
        return f"{key_path(key)}: {shown}  ({origin.value})"

    def _wrong(self) -> str:
        """What is not valid yet, each with the step that it belongs to."""
        errors = [one for one in self.draft.problems() if one.severity == "error"]
        lines = []
        for one in errors[:_SHOWN_PROBLEMS]:
            owner = owner_of(one.key)
            lines.append(f"! {owner.title if owner else 'the file'}: {one}")
        if len(errors) > _SHOWN_PROBLEMS:
            lines.append(f"and {len(errors) - _SHOWN_PROBLEMS} more")
        return "\n".join(["The profile is not valid yet.", *lines]) if lines else ""

    def _say_command(self) -> None:
        self.query_one("#command", Said).say(f"The same without screens:  {headless(self.session)}")

    def _may_be_there(self) -> bool:
        return self.draft.base is Origin.PROFILE and bool(self.draft.value("id"))

    @on(Tree.NodeHighlighted)
    def _chosen(self, event: Tree.NodeHighlighted[str]) -> None:
        event.stop()
        self.query_one(Difference).say(event.node.data or "")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "copy":
                self.app.copy_to_clipboard(headless(self.session))
                self.app.notify("Copied.", markup=False)
            case "files":
                self.session.just_files = True
                self.check()
            case "destroy":
                self.post_message(messages.DestroyWanted())
