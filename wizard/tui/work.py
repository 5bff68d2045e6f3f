"""What outlives the last three steps: the plan that was reviewed, and the work that was begun."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from wizard.core.changes import Action, Plan, System
from wizard.core.errors import WizardError
from wizard.core.events import Event, Planned, Progress, Proven, StepStarted, Unproven, Waiting
from wizard.core.run import RunOptions
from wizard.profile.draft import Draft
from wizard.tui.look import signs

Kind = TypeVar("Kind", bound=Event)
Clock = Callable[[], float]
Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A plan, and what it was made of: the profile's text, and where that lies.

    Relative paths in a profile start from its file: in another folder the same text says to write
    other files.
    """

    text: str
    path: Path
    plan: Plan
    files_only: bool

    def is_of(self, draft: Draft) -> bool:
        """Whether this is still what would be done."""
        return self.text == draft.text() and self.path == draft.path.absolute()


class Verb(StrEnum):
    """What is done."""

    APPLY = "apply"
    FILES = "files"
    DESTROY = "destroy"


class State(StrEnum):
    """Where it is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


def mark_of(state: State) -> str:
    """The sign of a state."""
    return {
        State.RUNNING: signs().working,
        State.DONE: signs().done,
        State.FAILED: signs().failed,
        State.STOPPED: signs().skipped,
    }[state]


@dataclass(slots=True)
class Stage:
    """One step of the work; seconds by the session's clock."""

    title: str
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Work:
    """One run of an operation: what it has told so far, and how it ended."""

    verb: Verb
    clock: Clock
    run: RunOptions = field(default_factory=lambda: RunOptions(attended=True))
    state: State = State.RUNNING
    error: WizardError | None = None
    first_setup: bool = False
    """Whether it began with no runner in GitLab, so that undoing it takes nothing else away."""
    awaited: str = ""
    """What was last seen while waiting."""
    events: list[tuple[float, Event]] = field(default_factory=list)
    """Each with the seconds since the beginning."""
    stages: list[Stage] = field(default_factory=list)
    began: float = field(init=False)
    ended: float | None = None

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def running(self) -> bool:
        return self.state is State.RUNNING

    @property
    def seconds(self) -> float:
        """How long it has taken so far, or took."""
        return (self.clock() if self.ended is None else self.ended) - self.began

    def events_of(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind."""
        return [event for _, event in self.events if isinstance(event, kind)]

    def known(self) -> str:
        """What the list of recent profiles says of it."""
        if self.state is not State.DONE:
            return f"{self.verb.value} {self.state.value}"
        if self.verb is Verb.DESTROY:
            return "destroyed"
        if self.events_of(Waiting):
            return "written, waiting for a commit"
        if self.events_of(Unproven):
            return "online, unproven"
        return "proven" if self.events_of(Proven) else "applied"

    async def follow(self, events: AsyncIterator[Event], tell: Listener) -> None:
        """Carry it through to its end, or until it is stopped; a `WizardError` is kept."""
        try:
            async for event in events:
                self._take(event)
                tell(event)
                if self.run.cancel.is_set() and not event.half_done:
                    self._end(State.STOPPED)
                    return
            self._end(State.DONE)
        except WizardError as error:
            self.error = error
            # A wait that is ended early fails, but that is what was asked for.
            self._end(State.STOPPED if self.run.cancel.is_set() else State.FAILED)

    def say(self, text: str) -> None:
        """Say what is waited for; may be called from any thread."""
        self.awaited = text

    def lines(self) -> str:
        """The steps, each with its mark and its seconds."""
        return "\n".join(map(self._line, self.stages))

    def _take(self, event: Event) -> None:
        self.events.append((self.clock() - self.began, event))
        if isinstance(event, StepStarted):
            self._close()
            self.stages.append(Stage(event.step, self.clock()))
        self.awaited = event.text if isinstance(event, Progress) else ""
        if isinstance(event, Planned):
            runners = list(event.plan.of(System.GITLAB))
            made = [change.action is Action.CREATE for change in runners]
            self.first_setup |= self.verb is Verb.APPLY and bool(made) and all(made)

    def _end(self, state: State) -> None:
        self.state, self.ended, self.awaited = state, self.clock(), ""
        self._close()

    def _close(self) -> None:
        if self.stages:
            self.stages[-1].ended = self.clock()

    def _line(self, stage: Stage) -> str:
        last = stage is self.stages[-1]
        mark = mark_of(self.state if last else State.DONE)
        took = (self.clock() if stage.ended is None else stage.ended) - stage.began
        return f"{mark} {stage.title:<38} {duration(took):>6}"


def duration(seconds: float) -> str:
    """`8 s`, `2:05`."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02}"
