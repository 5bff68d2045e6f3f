"""What an operation did, one fact at a time, in the past tense."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from wizard.core.changes import Plan


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. `sentence` says it to people; the fields say it to machines."""

    changes_nothing: ClassVar[bool] = False
    """Whether everything is as it was: something was only seen, planned or said."""
    half_done: ClassVar[bool] = False
    """Whether stopping right here would lose a token: the next run would have to replace it."""

    def sentence(self) -> str:
        raise NotImplementedError

    def record(self) -> dict[str, Any]:
        """The event as plain data: its name, its sentence, and its fields."""
        return {"event": type(self).__name__, "sentence": self.sentence(), **asdict(self)}


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """A step began; every later event belongs to it until the next one begins."""

    changes_nothing = True

    step: str

    def sentence(self) -> str:
        return self.step


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """Something was seen while waiting."""

    changes_nothing = True

    text: str

    def sentence(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something the user must know, though the work goes on."""

    changes_nothing = True

    text: str

    def sentence(self) -> str:
        return f"note: {self.text}"


@dataclass(frozen=True, slots=True)
class Planned(Event):
    """The plan that the rest carries out."""

    changes_nothing = True

    plan: Plan

    def sentence(self) -> str:
        pending = len(self.plan.pending)
        return f"{pending} change{'s' if pending != 1 else ''} planned" if pending else "No change"


@dataclass(frozen=True, slots=True)
class ProfileSaved(Event):
    """A found value was written into the profile before it was used."""

    key: str
    value: str

    def sentence(self) -> str:
        return f"wrote {self.key}: {self.value} into the profile"


@dataclass(frozen=True, slots=True)
class RunnerCreated(Event):
    half_done = True

    runner: str
    id: int

    def sentence(self) -> str:
        return f"created runner {self.runner} in GitLab (id {self.id})"


@dataclass(frozen=True, slots=True)
class RunnerFound(Event):
    runner: str
    id: int

    def sentence(self) -> str:
        return f"found runner {self.runner} in GitLab (id {self.id})"


@dataclass(frozen=True, slots=True)
class RunnerAdopted(Event):
    runner: str
    id: int

    def sentence(self) -> str:
        return f"took over runner {self.id} of GitLab as {self.runner}"


@dataclass(frozen=True, slots=True)
class RunnerUpdated(Event):
    runner: str
    id: int
    fields: tuple[str, ...]

    def sentence(self) -> str:
        return f"set {', '.join(self.fields)} of runner {self.runner} in GitLab"


@dataclass(frozen=True, slots=True)
class RunnerPaused(Event):
    runner: str
    id: int
    who: str

    def sentence(self) -> str:
        return f"paused runner {self.runner} in GitLab (id {self.id}), held by {self.who}"


@dataclass(frozen=True, slots=True)
class RunnerUnpaused(Event):
    runner: str
    id: int

    def sentence(self) -> str:
        return f"runner {self.runner} takes new jobs again (id {self.id})"


@dataclass(frozen=True, slots=True)
class RunnerDrained(Event):
    changes_nothing = True

    runner: str

    def sentence(self) -> str:
        return f"{self.runner} is drained: it takes no new jobs, and none runs"


@dataclass(frozen=True, slots=True)
class RunnerDeleted(Event):
    runner: str
    id: int

    def sentence(self) -> str:
        return f"deleted runner {self.runner} from GitLab (id {self.id})"


@dataclass(frozen=True, slots=True)
class ManagerRemoved(Event):
    runner: str
    system_id: str

    def sentence(self) -> str:
        return f"removed the old manager {self.system_id} of {self.runner} from GitLab"


@dataclass(frozen=True, slots=True)
class TokenReset(Event):
    half_done = True

    runner: str
    id: int
    why: str

    def sentence(self) -> str:
        return f"gave runner {self.runner} a new token: {self.why}"


@dataclass(frozen=True, slots=True)
class SecretWritten(Event):
    half_done = True

    runner: str
    where: str

    def sentence(self) -> str:
        return f"wrote the token of {self.runner} to {self.where} and read it back"


@dataclass(frozen=True, slots=True)
class SecretRemoved(Event):
    runner: str
    where: str

    def sentence(self) -> str:
        return f"removed the token of {self.runner} from {self.where}"


@dataclass(frozen=True, slots=True)
class ObjectApplied(Event):
    subject: str
    outcome: str
    """`created` or `updated`."""

    def sentence(self) -> str:
        return f"{self.outcome} {self.subject}"


@dataclass(frozen=True, slots=True)
class ObjectDeleted(Event):
    subject: str

    def sentence(self) -> str:
        return f"deleted {self.subject}"


@dataclass(frozen=True, slots=True)
class RolloutFinished(Event):
    runner: str

    def sentence(self) -> str:
        return f"the manager of {self.runner} is running"


@dataclass(frozen=True, slots=True)
class ManagerSeen(Event):
    """GitLab has heard from the manager; the one proof that a pod alone is not."""

    runner: str
    system_id: str
    version: str

    def sentence(self) -> str:
        return f"GitLab heard from runner manager {self.system_id} (version {self.version})"


@dataclass(frozen=True, slots=True)
class SmokeJobStarted(Event):
    runner: str
    url: str

    def sentence(self) -> str:
        return f"started a smoke job for {self.runner}: {self.url}"


@dataclass(frozen=True, slots=True)
class SmokeJobPassed(Event):
    runner: str
    job: int
    system_id: str

    def sentence(self) -> str:
        return f"job {self.job} ran on {self.runner} (manager {self.system_id})"


@dataclass(frozen=True, slots=True)
class Proven(Event):
    runner: str

    def sentence(self) -> str:
        return f"{self.runner}: proven by a job"


@dataclass(frozen=True, slots=True)
class Probed(Event):
    """Something that a job would meet was looked at from where jobs run, and is as it should be."""

    changes_nothing = True

    runner: str
    what: str

    def sentence(self) -> str:
        return f"{self.runner}, from a job's pod: {self.what}"


@dataclass(frozen=True, slots=True)
class Unproven(Event):
    """Online as far as GitLab says, but no job has proven it."""

    runner: str
    why: str

    def sentence(self) -> str:
        return f"{self.runner}: online, unproven ({self.why})"


@dataclass(frozen=True, slots=True)
class NotProven(Event):
    """The proof of one runner has failed; the others are proven all the same."""

    runner: str
    why: str

    def sentence(self) -> str:
        return f"{self.runner}: not proven. {self.why}"


@dataclass(frozen=True, slots=True)
class RunnersDone(Event):
    """How many of several runners are done, where others have failed."""

    changes_nothing = True

    done: int
    failed: tuple[str, ...]

    def sentence(self) -> str:
        total = self.done + len(self.failed)
        return f"{self.done} of {total} runners are done; not: {', '.join(self.failed)}"


@dataclass(frozen=True, slots=True)
class FilesWritten(Event):
    directory: str
    created: int
    changed: int
    removed: int

    def sentence(self) -> str:
        return (
            f"wrote {self.directory}: {self.created} created, {self.changed} changed, "
            f"{self.removed} removed"
        )


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """The operation ends here; the next move is another's, and then it is run again."""

    what: str
    commands: tuple[str, ...] = ()

    def sentence(self) -> str:
        return "\n".join((self.what, *(f"  {command}" for command in self.commands)))


@dataclass(frozen=True, slots=True)
class Left(Event):
    """Something stays behind on purpose."""

    changes_nothing = True

    what: str
    why: str

    def sentence(self) -> str:
        return f"left {self.what}: {self.why}"
