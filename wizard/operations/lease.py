"""One run at a time over one profile, from wherever it is run: a Lease in the profile's cluster.

The lock of the profile's file keeps apart two runs on one machine; this one, a laptop and a
pipeline. It is taken before the first change and renewed while the run lasts. One that is not
renewed for its 30 seconds, by the API server's clock, was left by a run that is dead.

A run that is first looks at everything and then takes the Lease as it was when the looking began:
if another has been at work in between, what was seen is no longer true, and the run is refused.
"""

from __future__ import annotations

import asyncio
import getpass
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from wizard.core.changes import Plan
from wizard.core.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
    RejectedError,
    WizardError,
)
from wizard.core.events import Event, Warned
from wizard.core.manifest import ObjectRef
from wizard.core.plain import strip_to_line
from wizard.operations.lock import name_of_run
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster, Lease, created_by

_SECONDS = 30
_RENEWED_EVERY = 10.0
_LONGEST = 300
"""Seconds: no run of another version may bar a profile for longer by not renewing its Lease."""
_GOODBYE = 5.0
_FAREWELL = 0.6
"""Seconds for giving it back, and where someone has interrupted; it ends by itself anyway."""
_FREE = {"holder": "", "doing": "", "since": None, "renewed": None}


def lease_ref(profile: Profile) -> ObjectRef:
    """Where the Lease of a profile is: among its managers."""
    name = f"runner-wizard-{profile.id}"
    return ObjectRef("coordination.k8s.io/v1", "Lease", profile.cluster.namespace, name)


@asynccontextmanager
async def turn_at(file: ProfileFile, cluster: Cluster | None, doing: str) -> AsyncIterator[Turn]:
    """A run's turn at a profile: refused while another is at work, and given back in any case.

    Args:
        cluster: None where it cannot be seen; then only the file's lock counts.
        doing: `apply`, `destroy`, ...; which the second run is told.

    Raises: RefusedError, naming the run that is at work.
    """
    turn = Turn(_who(), name_of_run(file.path), doing)
    await turn.look(file.profile, cluster)
    try:
        yield turn
    except (asyncio.CancelledError, GeneratorExit):
        await turn.end(_FAREWELL)
        raise
    except RefusedError:
        await turn.undo()
        raise
    except BaseException:
        await turn.end(_GOODBYE)
        raise
    await turn.end(_GOODBYE)


@dataclass(slots=True)
class Turn:
    """What one run holds of a profile's Lease; see `turn_at`."""

    who: str
    name: str
    """Of the run; see `name_of_run`."""
    doing: str
    _cluster: Cluster | None = field(init=False, default=None)
    _seen: Lease | None = field(init=False, default=None)
    """As it was before anything was looked at."""
    _held: Lease | None = field(init=False, default=None)
    _renewing: asyncio.Task[None] | None = field(init=False, default=None)
    _lost: ConflictError | None = field(init=False, default=None)
    _barred: str = field(init=False, default="")
    """Why there can be no Lease."""

    async def look(self, profile: Profile, cluster: Cluster | None) -> None:
        """Raises: RefusedError, where another run is at work."""
        if self._held is not None:
            return
        self._cluster = cluster
        if cluster is None or profile.id is None:
            return
        try:
            self._seen = await asyncio.to_thread(cluster.lease, lease_ref(profile))
        except NotAllowedError as no:
            self._barred = no.problem
        if self._seen and self._is_anothers(self._seen, cluster):
            raise self._refused(self._seen)

    async def take(self, profile: Profile, plan: Plan | None = None) -> AsyncIterator[Event]:
        """Take the Lease, if that has not been done yet and can be; call it before each change.

        In a namespace that is not there yet there can be none: then the next call takes it.

        Args:
            plan: what is about to be done; for one that changes nothing, nothing is taken.

        Raises: RefusedError, where another run is at work, or was since this one looked.
        """
        cluster = self._cluster
        if cluster is None or self._held or self._lost or not (plan is None or plan.pending):
            return
        wanted = self._wanted(profile, cluster)
        if not self._barred and wanted.profile != profile.id:
            self._barred = f"{wanted.ref} is not this profile's"
        try:
            if not self._barred:
                self._held = await asyncio.to_thread(cluster.write_lease, wanted)
                self._renewing = asyncio.create_task(self._renew(cluster))
        except NotFoundError:
            return
        except ConflictError:
            found = await asyncio.to_thread(cluster.lease, wanted.ref)
            raise self._refused(found) from None
        except (NotAllowedError, RejectedError) as no:
            self._barred = no.problem
        if self._barred:
            self._cluster = None
            if not profile.delivery.writes_files:
                yield Warned(f"runs on other machines are not kept away meanwhile: {self._barred}")

    async def while_ours(self, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """The events of the work, ended where another run has taken over.

        Raises: ConflictError, naming it.
        """
        async for event in events:
            yield event
            if self._lost:
                raise self._lost

    async def remove(self, profile: Profile, cluster: Cluster | None) -> None:
        """Delete the Lease: nothing of the profile is left that two runs could change."""
        if cluster is not None and not self._barred:
            with suppress(NotAllowedError):  # who may not see it has taken none
                await self._delete(lease_ref(profile), profile.id or "", cluster)

    async def _delete(self, ref: ObjectRef, profile_id: str, cluster: Cluster) -> None:
        await self._stop_renewing()
        self._held = None
        live = await asyncio.to_thread(cluster.get, ref)
        if live and created_by(live, profile_id):
            await asyncio.to_thread(cluster.delete, ref, uid=live["metadata"]["uid"])

    async def undo(self) -> None:
        """Give it back as it was found: a run that is refused has changed nothing."""
        held, cluster = self._held, self._cluster
        if held is not None and cluster is not None and self._seen is None:
            with suppress(WizardError):
                await self._delete(held.ref, held.profile, cluster)
        await self.end(_GOODBYE)

    async def end(self, seconds: float) -> None:
        """Give it back, if it is held; it ends by itself where that cannot be done in time."""
        await self._stop_renewing()
        if self._held is None or self._cluster is None:
            return
        with suppress(TimeoutError, WizardError):
            free = asyncio.to_thread(_change, self._held, self._cluster, **_FREE)
            await asyncio.wait_for(free, seconds)
        self._held = None

    def _wanted(self, profile: Profile, cluster: Cluster) -> Lease:
        now = cluster.now()
        seen = self._seen or Lease(lease_ref(profile), profile.id or "")
        return replace(
            seen,
            holder=f"{self.who}/{self.name}",
            doing=self.doing,
            since=now,
            renewed=now,
            seconds=_SECONDS,
            turns=seen.turns + 1,
        )

    async def _renew(self, cluster: Cluster) -> None:
        while self._held is not None:
            await asyncio.sleep(_RENEWED_EVERY)
            try:
                self._held = await asyncio.to_thread(
                    _change, self._held, cluster, renewed=cluster.now()
                )
            except NotFoundError:  # it goes with its namespace
                return
            except ConflictError as lost:
                self._lost, self._held = lost, None
            except WizardError:
                continue  # while nothing is heard of it, the Lease runs on

    async def _stop_renewing(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError, WizardError):
                await self._renewing
            self._renewing = None

    def _is_anothers(self, lease: Lease, cluster: Cluster) -> bool:
        """Whether a run that lives holds it, and not one before ours of the same name."""
        if not lease.holder or lease.holder.rpartition("/")[2] == self.name:
            return False
        if lease.renewed is None:
            return False
        lasts = timedelta(seconds=min(lease.seconds, _LONGEST))
        # A time to come is of no clock that could be waited for.
        return abs(cluster.now() - lease.renewed) <= lasts

    def _refused(self, found: Lease | None) -> RefusedError:
        if found is None or not found.holder:
            return RefusedError(
                "Another run has worked on this profile since this one looked at it.",
                "what this run has seen is perhaps no longer so",
                "Run it again: what is there by then is looked at first",
            )
        return RefusedError(
            "Another run is working on this profile.",
            _told(found),
            "Wait until it has ended, then run it again; of a run that was killed nothing is left "
            f"after {min(found.seconds, _LONGEST)} seconds",
        )


def _change(held: Lease, cluster: Cluster, **changes: Any) -> Lease:
    """Change what a run holds. Blocking.

    Raises: ConflictError, where another run has taken over.
    """
    try:
        return cluster.write_lease(replace(held, **changes))
    except ConflictError:  # renewed at this very moment, or labelled by a person, or lost
        found = cluster.lease(held.ref)
        if found is None or not _same_turn(found, held):
            raise ConflictError(
                "Another run has taken over: this one had not been heard of for too long.",
                _told(found),
                "Wait until it has ended, then run it again",
            ) from None
        return cluster.write_lease(replace(found, **changes))


def _same_turn(one: Lease, other: Lease) -> bool:
    return (one.holder, one.turns) == (other.holder, other.turns)


def _told(lease: Lease | None) -> str:
    if lease is None:
        return "its Lease was deleted"
    who = strip_to_line(lease.holder.rpartition("/")[0] or lease.holder)
    doing = strip_to_line(lease.doing or "something")
    since = f", since {lease.since:%H:%M:%S} UTC" if lease.since else ""
    return f"it is {doing} by {who}{since} ({lease.ref})"


def _who() -> str:
    """User and host, for people."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
