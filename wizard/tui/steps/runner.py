"""Runner: where it is offered, which jobs it takes; one of them, or several."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button

from wizard.core.errors import WizardError
from wizard.core.problems import Key, Problem
from wizard.operations.discovery.scopes import search
from wizard.operations.discovery.sign_in import sign_in
from wizard.operations.runners.adopt import Existing, existing
from wizard.systems.gitlab import GitLab, Page
from wizard.tui import messages
from wizard.tui.outline import StepId
from wizard.tui.step import Step, format_error
from wizard.tui.widgets import Action, Choice, FieldRow, Menu, Row, Said
from wizard.tui.widgets.adoption import Adoption, Look
from wizard.tui.widgets.chips import Chips
from wizard.tui.widgets.field_row import is_example, row_id
from wizard.tui.widgets.scope_picker import ScopePicker, Search

_KINDS = {
    "project": "made by its maintainers",
    "group": "every project in it; made by its owners",
    "instance": "every project there is; made by administrators",
}
_KINDS_HELP = "Whose jobs it takes: one project's, a whole group's, or everyone's."

_OTHERWISE = "Go back and give another token (Escape), or write the whole path."
_BY_NUMBER = "Not signed in, so write its number: Settings, CI/CD, Runners shows it as #42."


class RunnerStep(Step):
    """Where the runner belongs and what it takes."""

    step_id = StepId.RUNNER
    purpose = "Where the runner is offered, and which jobs it takes."
    more_help = (
        "Each runner is a release of its own, with its own token, tags and limits. Several are "
        "good for several projects, or for jobs of different sizes."
    )

    def fields(self) -> ComposeResult:
        yield from self._several()
        kind, path = self._scope
        with Horizontal(classes="line"):
            yield Said("Offered to", classes="label")
            yield Choice(_KINDS, kind, help_text=_KINDS_HELP, id="kind")
        scope, tags = self._key("scope"), self._key("tags")
        picker = ScopePicker("" if is_example(self.draft, scope) else path, path, id="scope")
        yield Row(self.draft, scope, picker, label="Which one", ask=True)
        yield Adoption(self.draft, self.session.runner, self.session.set_aside)
        chips = Chips([str(tag) for tag in self.draft.value(*tags) or ()], "a tag, then Enter")
        yield Row(self.draft, tags, chips)
        for name in ("run_untagged", "protected", "locked"):
            yield FieldRow(self.draft, *self._key(name))

    def below(self) -> Iterator[Widget]:
        for name in ("name", "maximum_timeout", "description"):
            yield FieldRow(self.draft, *self._key(name))
        buttons = [Action("Add another like this one", id="add")]
        if len(self.draft.runners) > 1:
            buttons.append(Action("Remove this one", id="remove"))
        yield Horizontal(*buttons, classes="actions")

    def entered(self) -> None:
        self._show_scope_line()
        self.check()

    def check(self) -> None:
        self._look()
        if self.session.identity is None:
            self.in_background("sign in", self._sign_in)

    def _look(self) -> None:
        self.query_one(ScopePicker).search_with(self._search())
        self._list_existing()

    async def _sign_in(self) -> None:
        """Anyone who pastes a token and presses Enter is here before GitLab has answered."""
        if await self.session.hold_token() is None:
            return
        self.query_one(ScopePicker).say("signing in ...")
        if (gitlab := self.session.gitlab()) is None:
            return  # its token was given up meanwhile
        self.session.identity = (await sign_in(gitlab)).identity
        self._look()

    def failed(self, name: str, error: WizardError) -> None:
        if name == "sign in":
            self.query_one(ScopePicker).say(f"! {error.problem} {_OTHERWISE}")
        else:
            super().failed(name, error)

    def _list_existing(self) -> None:
        """What is there depends on the scope; what is not asked for is not looked up."""
        gitlab, (kind, path), scope = self.session.gitlab(), self._scope, self._key("scope")
        adoption = self.query_one(Adoption)
        wrong = [one for one in self.mine() if one.key[: len(scope)] == scope]
        if gitlab is None or self.session.identity is None:
            adoption.look_with(None, _BY_NUMBER)
        elif wrong or is_example(self.draft, scope):
            adoption.look_with(None, "Say first whose runner it is, above.")
        else:
            adoption.look_with(self._pages(gitlab, kind, path))

    def _pages(self, gitlab: GitLab, kind: str, path: str) -> Look:
        async def look(page: int) -> tuple[list[Existing], int | None]:
            return await existing(gitlab, kind, path, str(self.draft.value("id") or ""), page)

        return look

    def blocking(self) -> list[Problem]:
        """The other runners, whose rows are not on the screen, are someone's too."""
        others = (n for n in range(len(self.draft.runners)) if n != self.session.runner)
        keys: list[Key] = [("runners", index, "scope") for index in others]
        return [
            Problem("this is the preset's example", "choose that runner, and write your own", key)
            for key in keys
            if is_example(self.draft, key)
        ]

    # Several runners

    def _several(self) -> ComposeResult:
        names = self.draft.runners
        if len(names) > 1:
            numbers = range(1, len(names) + 1)
            shown = {str(n): "below" if n == self.session.runner + 1 else "" for n in numbers}
            labels = {str(n): f"{n} {name}" for n, name in zip(numbers, names, strict=True)}
            with Horizontal(classes="line"):
                yield Said("Runners", classes="label")
                help_text = "Enter shows the one that the arrows are on."
                yield Menu(shown, labels, help_text=help_text, id="which", classes="control")

    @on(Menu.Picked, "#which")
    def _another_runner(self, event: Menu.Picked) -> None:
        event.stop()
        self._show_runner(int(event.name) - 1)

    @on(Button.Pressed, "#add")
    def _add(self, event: Button.Pressed) -> None:
        event.stop()
        names = self.draft.runners
        number = next(n for n in range(2, len(names) + 3) if f"runner-{n}" not in names)
        try:
            added = self.draft.add_runner(f"runner-{number}", self.session.runner)
        except WizardError as error:
            self.say_trouble(format_error(error))
        else:
            self._show_runner(added)

    @on(Button.Pressed, "#remove")
    def _remove(self, event: Button.Pressed) -> None:
        event.stop()
        try:
            self.draft.remove_runner(self.session.runner)
        except WizardError as error:
            self.say_trouble(format_error(error))
        else:
            self.session.set_aside.runner_removed(self.session.runner)
            self._show_runner(max(self.session.runner - 1, 0))

    def _show_runner(self, index: int) -> None:
        self.session.runner = index
        self.post_message(messages.GoTo(self.step_id))

    # Where it is offered

    @on(Choice.Changed, "#kind")
    def _kind_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        self._answer_scope(self.query_one(ScopePicker).path)
        self._show_scope_line()
        self._look()

    def _answer_scope(self, path: str) -> None:
        """What is chosen and what is in the input are one answer: never one without the other.

        Nothing in the input is no answer, so that it is asked for.
        """
        kind = self.query_one("#kind", Choice).value
        if kind == "instance":
            self._scope_row.answer("instance")
        elif path:
            self._scope_row.answer({kind: int(path) if path.isdecimal() else path})
        else:
            self._scope_row.answer(None)

    @on(ScopePicker.Chosen)
    def _scope_chosen(self, event: ScopePicker.Chosen) -> None:
        event.stop()
        self._answer_scope(event.path)
        self._list_existing()

    @on(Adoption.Adopted)
    async def _taken_over(self, event: Adoption.Adopted) -> None:
        event.stop()
        self.read()
        await self.query_one(Chips).offer(
            [str(tag) for tag in self.draft.value(*self._key("tags"))]
        )
        self.post_message(messages.DraftChanged())

    @on(Chips.Changed)
    def _tags_changed(self, event: Chips.Changed) -> None:
        event.stop()
        self.query_one(f"#{row_id(self._key('tags'))}", Row).answer(event.values)

    @property
    def _scope_row(self) -> Row:
        return self.query_one(f"#{row_id(self._key('scope'))}", Row)

    @property
    def _scope(self) -> tuple[str, str]:
        scope = self.draft.value(*self._key("scope"))
        if not isinstance(scope, dict) or not scope:
            return "instance", ""
        kind, path = next(iter(scope.items()))
        return str(kind), str(path)

    def _show_scope_line(self) -> None:
        self._scope_row.display = self.query_one("#kind", Choice).value != "instance"

    def _search(self) -> Search | None:
        gitlab, kind = self.session.gitlab(), self.query_one("#kind", Choice).value
        if gitlab is None or self.session.identity is None or kind == "instance":
            return None

        async def ask(text: str, page: int) -> Page:
            return await search(gitlab, kind, text, page)

        return ask

    def _key(self, name: str) -> Key:
        return ("runners", self.session.runner, name)
