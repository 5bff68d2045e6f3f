"""Reaching every system that a profile names; what says no becomes a failed check."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from wizard.checks.connected import Connected
from wizard.core.errors import NotReachedError, RefusedError, StoppedError, UsageError, WizardError
from wizard.core.facts import Identity
from wizard.core.findings import Check, Verdict
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.systems import Systems
from wizard.systems.kubernetes import Cluster

T = TypeVar("T")
NO_ANSWER = (NotReachedError, UsageError, StoppedError)
"""Errors that say nothing about what was asked: they end the run as what they are."""


async def connect(file: ProfileFile, systems: Systems, run: RunOptions) -> Connected:
    """Reach GitLab, the backend and the cluster side by side, and ask who we are.

    Raises: NotReachedError, when one of them does not answer; UsageError, when it cannot be asked.
    """
    # Each system is reached in a thread of its own: importing its client takes time as well.
    (gitlab, no_gitlab), (backend, no_backend), (seen, no_cluster) = await asyncio.gather(
        answered("reach GitLab", "gitlab.reached", systems.gitlab),
        answered("reach the backend", "backend.reached", lambda: systems.backend(file.profile)),
        answered("reach the cluster", "cluster.reached", lambda: _cluster(file, systems, run)),
    )
    cluster, unseen = seen or (None, "")
    identity: Identity | None = None
    unknown: list[Check] = []
    if gitlab:
        identity, unknown = await answered("sign in to GitLab", "gitlab.token", gitlab.whoami)
    return Connected(
        file,
        systems,
        run,
        gitlab=gitlab,
        backend=backend,
        cluster=cluster,
        identity=identity,
        unseen=unseen,
        refusals=(*no_gitlab, *unknown, *no_backend, *no_cluster),
    )


async def answered(what: str, check_id: str, ask: Callable[[], T]) -> tuple[T | None, list[Check]]:
    """What a system answers; where it says no, None and the check that failed.

    Args:
        what: what is asked, for people.
        check_id: the same, for machines.
        ask: blocking.

    Raises: NotReachedError and UsageError: those are no answers.
    """
    try:
        return await asyncio.to_thread(ask), []
    except NO_ANSWER:
        raise
    except WizardError as refused:
        return None, [Check(what, Verdict.FAIL, refused.finding, check_id)]


def _cluster(file: ProfileFile, systems: Systems, run: RunOptions) -> tuple[Cluster | None, str]:
    if not file.profile.delivery.writes_files:
        return systems.cluster(), ""
    return cluster_if_seen(file.profile, systems, run)


def cluster_if_seen(
    profile: Profile, systems: Systems, run: RunOptions
) -> tuple[Cluster | None, str]:
    """The cluster, or why it cannot be seen. Unattended, only one that the profile names.

    Raises: RefusedError, when it is another cluster than the profile's: not to be passed over.
    """
    if not run.attended and not profile.cluster.context and not profile.cluster.uid:
        return None, "the profile names neither a context nor a uid"
    try:
        cluster = systems.cluster()
        if profile.cluster.namespaces == "existing":  # who has only these may not know the uid
            cluster.get(ObjectRef("v1", "Namespace", "", profile.cluster.namespace))
        else:
            cluster.uid()
    except RefusedError:
        raise
    except WizardError as error:
        return None, error.problem.rstrip(".")
    return cluster, ""
