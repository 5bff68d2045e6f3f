"""What `status` knows: plain records without a sentence to parse, for every front end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from wizard.core.findings import Finding


class State(StrEnum):
    """How something is, from good to bad; the worst of a status is the status's own."""

    OK = "ok"
    """It works, and is as the profile says."""
    UNSEEN = "unseen"
    """It could not be looked at: nothing is known to be wrong."""
    DIFFERS = "differs"
    """It works, and is not as the profile says, or will not work for long."""
    BROKEN = "broken"
    """It does not work."""


_RANK = {state: rank for rank, state in enumerate(State)}


def worst(states: Iterable[State]) -> State:
    """The worst of them; OK where there are none."""
    return max(states, key=_RANK.__getitem__, default=State.OK)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is not as it should be, or could not be seen."""

    state: State
    finding: Finding


@dataclass(frozen=True, slots=True)
class ManagerStatus:
    """A manager of a runner, as GitLab knows it."""

    system_id: str
    version: str
    contacted_at: datetime | None
    is_heard: bool
    """Whether GitLab has heard from it lately, by GitLab's own clock."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The token in one place."""

    place: str
    """Its place, for people: `Secret gitlab-runner/x-token`, `2 running pods`."""
    is_same: bool | None
    """Whether it is the one that GitLab was last given; None where that cannot be seen."""
    seen: str = ""
    """What is there instead, or why it cannot be seen."""


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """A runner's token. It is never part of a record."""

    where: str = ""
    stored_at: datetime | None = None
    expires_at: datetime | None = None
    is_accepted: bool | None = None
    """Whether GitLab accepts the stored token now; None where it could not be asked."""
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """One field that is not as rendered. Values of a Secret never are among them."""

    path: str
    wanted: object
    found: object
    by: str = ""
    """The field manager that wrote it last; empty where the cluster does not say."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """An object that the profile wants in the cluster."""

    name: str
    """For people: `Deployment gitlab-runner/x`."""
    is_there: bool | None
    """None where it could not be seen."""
    drift: tuple[Drift, ...] = ()
    runner: str = ""
    """The runner it belongs to; empty where several share it."""


@dataclass(frozen=True, slots=True)
class RunnerStatus:
    """One runner of the profile, in every system."""

    name: str
    state: State = State.OK
    id: int = 0
    """In GitLab; 0 where there is none, or it could not be seen."""
    place: str = ""
    is_online: bool | None = None
    """Whether GitLab has heard from as many managers as there should be; None: not seen."""
    last_contact: datetime | None = None
    is_paused: bool = False
    jobs_running: int | None = None
    managers: tuple[ManagerStatus, ...] = ()
    managers_wanted: int = 1
    token: TokenStatus = field(default_factory=TokenStatus)
    remarks: tuple[Remark, ...] = ()

    def with_remarks(self, more: Iterable[Remark]) -> RunnerStatus:
        """The same runner, of which more is known."""
        remarks = (*self.remarks, *more)
        state = worst([self.state, *(remark.state for remark in remarks)])
        return replace(self, state=state, remarks=remarks)


@dataclass(frozen=True, slots=True)
class FilesStatus:
    """The files of a delivery that goes through Git."""

    folder: str
    count: int
    missing: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    """Files whose text is not what the profile renders."""
    unwanted: tuple[str, ...] = ()
    uncommitted: tuple[str, ...] = ()
    unpushed: tuple[str, ...] = ()
    """Files in commits that the remote has not, as far as this clone knows."""
    is_in_git: bool = True
    revision: str = ""
    """The newest commit that touched them; empty where there is none."""
    unsynced: tuple[str, ...] = ()
    """What has not reached the cluster yet, one sentence a runner."""


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """The versions in use, and the newest of our table that go with them."""

    runner: str
    chart: str = ""
    gitlab: str = ""
    """As GitLab says it; empty where it was not asked."""
    newest_runner: str = ""
    """The newest of our table that is not newer than GitLab; empty where ours is that."""
    newest_chart: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """One screen of truth about a profile."""

    profile: str
    at: datetime | None
    """By GitLab's clock; None where GitLab could not be asked."""
    gitlab: str
    cluster: str
    """The context; empty where it could not be seen."""
    runners: tuple[RunnerStatus, ...]
    objects: tuple[ObjectStatus, ...] = ()
    files: FilesStatus | None = None
    versions: VersionStatus | None = None
    remarks: tuple[Remark, ...] = ()
    """What concerns no single runner."""

    @property
    def state(self) -> State:
        """The worst of all that was found."""
        found = [remark.state for remark in self.remarks]
        return worst([*found, *(runner.state for runner in self.runners)])

    @property
    def all_remarks(self) -> list[tuple[str, Remark]]:
        """Every remark, with its runner's name; empty for what concerns none."""
        of_runners = [(one.name, remark) for one in self.runners for remark in one.remarks]
        return [*of_runners, *(("", remark) for remark in self.remarks)]
