"""Reaching what a status looks at: what does not answer is said, and the rest is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from wizard.checks.connecting import cluster_if_seen
from wizard.core.errors import StoppedError, WizardError
from wizard.core.findings import Finding
from wizard.core.run import RunOptions
from wizard.operations.status.nouns import Remark, State
from wizard.profile.file import ProfileFile
from wizard.profile.runner import Runner
from wizard.systems import Systems
from wizard.systems.backends import Backend, Stored
from wizard.systems.gitlab import GitLab
from wizard.systems.kubernetes import Cluster

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reached:
    """The systems of a profile, each None where it could not be reached."""

    gitlab: GitLab | None
    backend: Backend | None
    cluster: Cluster | None
    remarks: tuple[Remark, ...] = ()


async def reach(file: ProfileFile, systems: Systems, run: RunOptions) -> Reached:
    """Reach GitLab, the backend and the cluster side by side. Raises: StoppedError."""
    (gitlab, no_gitlab), (backend, no_backend), (seen, no_cluster) = await asyncio.gather(
        tried(systems.gitlab),
        tried(lambda: systems.backend(file.profile)),
        tried(lambda: _cluster(file, systems, run)),
    )
    cluster, unseen = seen or (None, "")
    remarks = [
        not_asked(what, error)
        for what, error in (
            ("GitLab", no_gitlab),
            ("The secret backend", no_backend),
            ("The cluster", no_cluster),
        )
        if error
    ]
    if unseen:
        found = Finding("The cluster was not looked at.", cause=unseen)
        remarks.append(Remark(State.UNSEEN, found))
    return Reached(gitlab, backend, cluster, tuple(remarks))


async def tried(ask: Callable[[], T]) -> tuple[T | None, WizardError | None]:
    """What a system answers, or the error instead. Raises: StoppedError."""
    try:
        return await asyncio.to_thread(ask), None
    except StoppedError:
        raise
    except WizardError as error:
        return None, error


def not_asked(what: str, error: WizardError, state: State = State.BROKEN) -> Remark:
    """A system that gave no answer."""
    reason = " ".join(filter(None, (error.problem, error.cause)))
    return Remark(state, Finding(f"{what} could not be asked.", cause=reason, fix=error.fix))


def _cluster(file: ProfileFile, systems: Systems, run: RunOptions) -> tuple[Cluster | None, str]:
    cluster, unseen = cluster_if_seen(file.profile, systems, run)
    if cluster is None and not file.profile.delivery.writes_files:
        cluster = systems.cluster()  # the context in use will do for looking
        cluster.version()
        return cluster, ""
    return cluster, unseen


class LenientBackend:
    """A backend whose refusals are kept, so that one of them does not hide all the rest."""

    def __init__(self, backend: Backend | None) -> None:
        self._backend = backend
        self.troubles: dict[str, WizardError] = {}

    def where(self, runner: Runner) -> str:
        return self._backend.where(runner) if self._backend else ""

    def read(self, runner: Runner) -> Stored | None:
        if self._backend is None:
            return None
        try:
            return self._backend.read(runner)
        except StoppedError:
            raise
        except WizardError as error:
            self.troubles[runner.name] = error
            return None

    @property
    def is_open(self) -> bool:
        return self._backend is not None
