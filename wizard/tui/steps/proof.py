"""Proof: who has seen the runner, which job it ran, and what to do now."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, TextArea

from wizard.core.command_line import command
from wizard.core.errors import WizardError
from wizard.core.events import Left, ManagerSeen, Proven, SmokeJobPassed, Unproven, Waiting, Warned
from wizard.render.pipelines import pipeline
from wizard.tui import messages
from wizard.tui.look import signs
from wizard.tui.modals import Reading
from wizard.tui.outline import StepId
from wizard.tui.planning import headless, true_now
from wizard.tui.step import Step
from wizard.tui.widgets import Action, Said
from wizard.tui.work import State, Work, duration


class ProofStep(Step):
    """What `session.work` has proven; a result is never taken from a command's return."""

    step_id = StepId.PROOF
    purpose = "Green only where GitLab has heard from the runner and a job has run on it."
    more_help = (
        "A manager is known by its system id, which GitLab and the pod both show. The smoke job "
        "ran on a branch that has removed itself."
    )

    def fields(self) -> ComposeResult:
        yield Said(id="proof")
        yield Said("Next", classes="heading")
        yield Said(id="next")
        yield Said("A .gitlab-ci.yml to start from", classes="heading")
        yield TextArea(read_only=True, compact=True, id="example")
        with Horizontal(classes="actions"):
            yield Action("Copy the pipeline", id="copy-pipeline")
            yield Action("Copy the commands", id="copy-commands")
            yield Action("Status", id="now")
            yield Action("Change something", id="change")
            yield Action("Quit", id="quit")

    def on_mount(self) -> None:
        work = self.session.work
        commands = _commands(work) if work else ()
        self.query_one("#proof", Said).say(_proven(work) if work else "Nothing was applied yet.")
        self.query_one("#next", Said).say("\n".join(self._next(commands)))
        self.query_one("#example", TextArea).text = self._pipeline()
        self.query_one("#copy-commands").display = bool(commands)
        area = self.query_one("#example", TextArea)
        area.help_text = "Copy it into a project as .gitlab-ci.yml."  # type: ignore[attr-defined]

    def focus_first(self) -> None:
        self.screen.set_focus(self.query_one("#copy-pipeline"))

    def _next(self, commands: tuple[str, ...]) -> list[str]:
        if commands:
            return [
                "Run these, then open this profile again: it waits for the sync and proves.",
                *(f"  {command}" for command in commands),
            ]
        name = self.draft.path.name
        return [
            f"- commit {name}; it holds no secret",
            f"- change something: {command(name)}",
            f"- the same unattended: {headless(self.session)} --yes",
        ]

    def _pipeline(self) -> str:
        try:
            profile = self.draft.loaded().profile
        except WizardError:
            return ""
        return pipeline(profile, profile.runners[self.session.runner]).content

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "copy-pipeline":
                self._copy(self.query_one("#example", TextArea).text)
            case "copy-commands" if self.session.work:
                self._copy("\n".join(_commands(self.session.work)))
            case "now":
                self.app.notify("Looking ...", markup=False)
                self.in_background("now", self._look_now)
            case "change":
                self._change()
            case "quit":
                await self.app.run_action("app.leave")

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.app.notify("Copied.", markup=False)

    async def _look_now(self) -> None:
        self.app.push_screen(Reading("What is true now", await true_now(self.session)))

    def _change(self) -> None:
        self.post_message(messages.GoTo(StepId.RUNNER))


def _commands(work: Work) -> tuple[str, ...]:
    waiting = work.events_of(Waiting)
    return waiting[-1].commands if waiting else ()


def _proven(work: Work) -> str:
    """Who was seen and what ran, runner by runner."""
    jobs = {event.runner: event for event in work.events_of(SmokeJobPassed)}
    lines = [f"{signs().done} {event.sentence()}" for event in work.events_of(Proven)]
    lines += [f"{signs().skipped} {event.sentence()}" for event in work.events_of(Unproven)]
    lines += [
        f"{signs().done} {name}: heard from again, and proven before"
        for name in _proven_before(work)
    ]
    lines += [f"{signs().working} {event.what}" for event in work.events_of(Waiting)]
    for seen in work.events_of(ManagerSeen):
        lines.append(f"    seen by GitLab: manager {seen.system_id}, version {seen.version}")
        if job := jobs.get(seen.runner):
            lines.append(f"    smoke job {job.job}: passed, on manager {job.system_id}")
    lines += [event.sentence() for event in (*work.events_of(Warned), *work.events_of(Left))]
    if not lines:
        lines = [
            f"{signs().done} No change: everything is as the profile says, and was proven before."
        ]
    return "\n".join([*lines, f"It took {duration(work.seconds)}."])


def _proven_before(work: Work) -> list[str]:
    """Runners that were heard from and given no job, because they have run one with this token."""
    if work.state is not State.DONE:
        return []
    judged = {event.runner for event in work.events_of(Proven)}
    judged |= {event.runner for event in work.events_of(Unproven)}
    seen = dict.fromkeys(event.runner for event in work.events_of(ManagerSeen))
    return [name for name in seen if name not in judged]
