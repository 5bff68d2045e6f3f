"""Apply: carry it out before the user's eyes; stop it, try again, take it back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, RichLog

from wizard.core.changes import Plan
from wizard.core.errors import WizardError
from wizard.core.events import Event, StepStarted
from wizard.core.plain import strip_controls
from wizard.core.plan_format import counted
from wizard.core.problems import Problem
from wizard.core.run import RunOptions
from wizard.operations.profiles import open_profile
from wizard.tui import drafts, messages
from wizard.tui.handing_over import Handing, show_outside
from wizard.tui.look import signs
from wizard.tui.modals import Question
from wizard.tui.outline import StepId
from wizard.tui.planning import look_command, noted, place
from wizard.tui.report import save_report
from wizard.tui.step import Step, format_error
from wizard.tui.widgets import Action, Said
from wizard.tui.work import State, Verb, Work, duration

_LOG_LINES = 2000
_NOTHING = "nothing to change; a runner that no job has proven yet runs a small one"
_DOING = {
    Verb.APPLY: "Applying",
    Verb.FILES: "Writing",
    Verb.DESTROY: "Taking everything away",
}
_BUTTONS = {
    "back": "Back to the review",
    "begin": "Apply now",
    "stop": "Stop",
    "retry": "Try again",
    "report": "Save a report",
    "undo": "Undo ...",
}
_SHOWN = {
    State.RUNNING: {"stop"},
    State.DONE: {"report"},
    State.FAILED: {"retry", "report"},
    State.STOPPED: {"retry", "report"},
}
_UNEXPLAINED = WizardError("It failed.", "it ended without a reason", "Try again, or save a report")


class ApplyStep(Step):
    """A view of `session.work`, and the only place that begins any."""

    step_id = StepId.APPLY
    purpose = "Every step can safely be stopped and run again: it continues where it was."
    more_help = (
        "The profile is saved first. GitLab gives the runner a token, the token goes to its place "
        "and is read back, then the objects follow. After a failure, what was done stays; Try "
        "again continues from there."
    )

    def fields(self) -> ComposeResult:
        yield Said(id="state")
        yield Said(id="stages")
        yield Said(id="awaited")
        with Horizontal(classes="actions"):
            for name, label in _BUTTONS.items():
                yield Action(label, id=name)
        yield RichLog(id="log", markup=False, wrap=True, min_width=20, max_lines=_LOG_LINES)

    def on_mount(self) -> None:
        self._asking: Question | None = None
        self._look_with = look_command(self.session) if self.session.work else ""
        log = self.query_one("#log", RichLog)
        log.help_text = "What was done, line by line. Up and down scroll."  # type: ignore[attr-defined]
        if work := self.session.work:
            for seconds, event in work.events:
                self._log(seconds, event)
        self.set_interval(1, self._tick)
        self._show()

    def focus_first(self) -> None:
        """Never the button that changes something."""
        work = self.session.work
        first = "#back" if work is None else "#log"
        self.screen.set_focus(self.query_one(first))

    def blocking(self) -> Iterable[Problem]:
        work = self.session.work
        if work is None:
            yield Problem("nothing has been applied yet", "choose Apply now, or leave with Ctrl+Q")
        elif work.running:
            yield Problem("it is still running", "wait until it ends, or stop it")
        elif work.state is not State.DONE:
            yield Problem("it has not come to its end", "try again")

    def may_leave(self) -> bool:
        """While something is under way, leaving asks; it is not carried on behind one's back."""
        if self.session.work is None or not self.session.work.running:
            return True
        self._asking = Question(
            "It is still running. Stop it?",
            "What was done stays, and the next run continues from there.",
            {"stay": "Keep going", "stop": "Stop"},
        )
        self.app.push_screen(self._asking, self._stop_if)
        return False

    # Beginning

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "back":
                self.post_message(messages.Back())
            case "begin":
                self.post_message(messages.SaveFirst(self._begin))
            case "retry":
                self._again()
            case "stop":
                self._stop_if("stop")
            case "undo":
                self.offer_destroy()
            case "report":
                self._report()

    def _begin(self) -> None:
        """The draft is in its file. Choosing the file may have moved it into another folder, and
        with it where things are written: then what was agreed to is something else."""
        reviewed = self.session.reviewed
        if reviewed is None or not self._is_reviewed():
            self._show()
            self.focus_first()
            return
        if reviewed.files_only:
            self._run(Verb.FILES)
        elif reviewed.plan.pending:
            self.query_one("#state", Said).say("Looking at the namespaces ...")
            self.in_background("levels", self._ask_and_apply)
        else:
            self._run(Verb.APPLY)

    async def _ask_and_apply(self) -> None:
        from wizard.tui.levels import agreed_levels

        levels = await agreed_levels(self.app, self.session)
        self._run(Verb.APPLY, RunOptions(attended=True, levels=levels))

    def _again(self) -> None:
        work = self.session.work
        if self.draft.dirty:
            self.say_trouble("! The profile has changed since this began: review it again first.")
        elif work:
            again = RunOptions(attended=True, levels=work.run.levels)
            self._run(work.verb, again, first_setup=work.first_setup)

    def _run(self, verb: Verb, how: RunOptions | None = None, *, first_setup: bool = False) -> None:
        how = how or RunOptions(attended=True)
        work = Work(verb, self.session.facts.clock, how, first_setup=first_setup)
        self.session.work = work
        self._look_with = look_command(self.session)
        self.query_one("#log", RichLog).clear()
        self._show()
        self.focus_first()
        self.in_background("work", self._follow, work)

    async def _follow(self, work: Work) -> None:
        await work.follow(self._events(work), lambda event: self._happened(work, event))
        if self._asking and self._asking.is_current:
            self._asking.dismiss("stay")  # there is nothing left to stop
        self._reread()
        self.session.facts.memory.note(self.draft.path, work.known())
        self._show()
        if work.state is State.DONE and work.verb is not Verb.DESTROY:
            self.post_message(messages.Next())
        else:
            button = "#report" if work.state is State.DONE else "#retry"
            self.screen.set_focus(self.query_one(button))

    async def _events(self, work: Work) -> AsyncIterator[Event]:
        from wizard.operations import dispatch as verbs

        file = await asyncio.to_thread(open_profile, self.draft.path)
        cancel = work.run.cancel
        hand_over = Handing(self.app, cancel, self.session.facts.show_outside or show_outside)
        systems = self.session.wiring(
            lambda text: work.say(strip_controls(text)), hand_over, cancel, loaded=file
        )
        if work.verb is Verb.DESTROY:
            events = verbs.destroy(file, systems, work.run)
        else:
            files_only = work.verb is Verb.FILES
            events = verbs.apply(file, systems, work.run, files_only=files_only)
        async for event in events:
            yield event

    def _reread(self) -> None:
        """The file may hold more than the draft now: an id, the cluster's uid."""
        if self.draft.dirty:
            return  # it never was in the file: what was only looked at is not taken from anyone
        try:
            self.session.draft = drafts.of_file(self.draft.path)
        except WizardError as error:
            self.say_trouble(format_error(error))
        self.post_message(messages.DraftChanged())

    # Ending

    def _stop_if(self, answer: str | None) -> None:
        work = self.session.work
        if answer == "stop" and work and work.running:
            work.run.cancel.set()
            work.say("stopping after the current action")
            self._show()

    def offer_destroy(self) -> None:
        """Look at what there is, and ask whether to take it away."""
        self.query_one("#state", Said).say("Looking at what there is ...")
        self.in_background("look", self._look)

    async def _look(self) -> None:
        from wizard.operations import dispatch as verbs

        file = await asyncio.to_thread(open_profile, self.draft.path)
        plan = await verbs.plan_destroy(file, self.session.wiring(loaded=file))
        self._show()
        if not plan.pending:
            self.query_one("#state", Said).say("There is nothing of this profile to remove.")
            return
        self.app.push_screen(
            Question(
                f"Remove everything that {self.draft.path.name} created?",
                f"{_listed(plan)}\n\nIn {place(self.session)}, and in GitLab. Jobs that run end.",
                {"no": "No", "destroy": "Take it away"},
            ),
            self._destroy_if,
        )

    def _destroy_if(self, answer: str | None) -> None:
        if answer == "destroy":
            self._run(Verb.DESTROY)

    def _report(self) -> None:
        if work := self.session.work:
            try:
                path = save_report(work, self.draft.path, self.session.machine.folder)
            except WizardError as error:
                self.say_trouble(format_error(error))
            else:
                self.app.notify(f"Saved {path}; secrets are left out of it.", markup=False)

    def failed(self, name: str, error: WizardError) -> None:
        self._show()
        super().failed(name, error)

    # Showing

    def _tick(self) -> None:
        if self.session.work and self.session.work.running:
            self._show()

    def _happened(self, work: Work, event: Event) -> None:
        self._log(work.events[-1][0], event)
        self._show()

    def _log(self, seconds: float, event: Event) -> None:
        first, *rest = strip_controls(event.sentence()).splitlines() or [""]
        log = self.query_one("#log", RichLog)
        mark = "" if isinstance(event, StepStarted) else "  "
        log.write(f"{duration(seconds):>6}  {mark}{first}")
        for line in rest:
            log.write(f"          {line}")

    def _show(self) -> None:
        """Bring everything but the log up to date."""
        work = self.session.work
        self.query_one("#state", Said).say(self._state())
        self.query_one("#stages", Said).say(work.lines() if work else "")
        self.query_one("#awaited", Said).say("\n".join(self._awaited()))
        shown = {"back", "begin"} if work is None else _SHOWN[work.state]
        if work is None and not self._is_reviewed():
            shown = {"back"}
        if work and work.first_setup and work.state in {State.FAILED, State.STOPPED}:
            shown = {*shown, "undo"}
        for name in _BUTTONS:
            self.query_one(f"#{name}").display = name in shown
        self.query_one("#log").display = work is not None

    def _awaited(self) -> Iterator[str]:
        """What is waited for now, until when, and what shows the same outside."""
        work = self.session.work
        if work is None or not work.running:
            return
        if work.awaited:
            yield f"{signs().working} {work.awaited}"
        if work.verb is not Verb.FILES:
            yield f"  at most  {duration(work.run.deadline)} for each wait; stopping is safe"
        if work.verb is Verb.APPLY and self._look_with:
            yield f"  look     {self._look_with}"

    def _is_reviewed(self) -> bool:
        reviewed = self.session.reviewed
        return reviewed is not None and reviewed.is_of(self.draft)

    def _state(self) -> str:
        work = self.session.work
        if work is None:
            return self._about_to()
        took = duration(work.seconds)
        match work.state:
            case State.RUNNING:
                return f"{_DOING[work.verb]}: {place(self.session)}. {took} so far."
            case State.DONE if work.verb is Verb.DESTROY:
                return f"Done in {took}: what this profile created is gone. The profile stays."
            case State.DONE:
                return f"Done in {took}."
            case State.STOPPED:
                stopped = (
                    f"Stopped after {took}. What was done stays; Try again continues from there."
                )
                return f"{stopped}\n{format_error(work.error)}" if work.error else stopped
        return format_error(work.error or _UNEXPLAINED)

    def _about_to(self) -> str:
        reviewed = self.session.reviewed
        if reviewed is None or not self._is_reviewed():
            return "The profile has changed since the review: look at it again first."
        pending = counted(reviewed.plan) or _NOTHING
        lines = [f"Ready: {pending}.", f"In {place(self.session)}.", *noted(reviewed.plan)]
        identity = self.session.identity
        if identity and identity.may("manage_runner") is False:
            lines.append(
                "note: your token cannot find a runner again. Stopped half-way, the next run may "
                "make a second one; a token with manage_runner or api avoids this."
            )
        lines.append(f"{self.draft.path} is saved first.")
        return "\n".join(lines)


def _listed(plan: Plan) -> str:
    subjects = [f"- {change.subject}" for change in plan.pending]
    more = [f"and {len(subjects) - 8} more"] if len(subjects) > 8 else []
    return "\n".join([*subjects[:8], *more])
