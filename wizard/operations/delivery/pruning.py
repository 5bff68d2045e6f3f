"""Waiting until what the removed files made is gone from the cluster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from wizard.core.errors import NotAllowedError, NotFoundError, WizardError
from wizard.core.events import Event, Progress, Waiting
from wizard.core.manifest import ObjectRef
from wizard.core.run import RunOptions
from wizard.operations.delivery.arrival import arrival_of, operator_reports
from wizard.operations.explaining import said_of
from wizard.profile.model import Profile
from wizard.render.packagings import packaging_of
from wizard.systems.gitops.git import Checkout
from wizard.systems.kubernetes import Cluster

_POLL = 1.0
_TIME_TO_REFRESH = 10.0
"""Seconds after which an operator that was asked to look has said what it thinks now."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """The managers of a profile, and the operator that is to take them away.

    Args:
        git: what Git says of the folder; None where it is in no work tree.
    """

    profile: Profile
    cluster: Cluster
    git: Checkout | None
    run: RunOptions

    async def wait(self) -> AsyncIterator[Event]:
        """Wait while an operator may be at it; ends with a `Waiting` where a manager is left."""
        still = await asyncio.to_thread(self._still_there)
        if still and self._may_be_under_way:
            await asyncio.to_thread(self._look_now)
            yield Progress(f"waiting until {still} is pruned")
            began = time.monotonic()
            while still and not self._given_up(began):
                await asyncio.sleep(_POLL)
                still = await asyncio.to_thread(self._still_there)
                stuck = time.monotonic() - began > _TIME_TO_REFRESH
                said = await asyncio.to_thread(self._said) if stuck else []
                if said:
                    break
        if still:
            yield await asyncio.to_thread(self._left, still)

    @property
    def _may_be_under_way(self) -> bool:
        """Whether an operator has been given the removal: it is committed, and pushed."""
        pushed = self.git is not None and bool(self.git.remotes) and not self.git.unpushed
        return pushed and self.profile.delivery.spec.operator is not None

    def _given_up(self, began: float) -> bool:
        return self.run.cancel.is_set() or time.monotonic() - began > self.run.deadline

    def _still_there(self) -> str:
        for runner in self.profile.runners:
            ref = ObjectRef("apps/v1", "Deployment", self.profile.cluster.namespace, runner.release)
            if self.cluster.get(ref) is not None:
                return str(ref)
        return ""

    def _look_now(self) -> None:
        for runner in self.profile.runners:
            with suppress(NotAllowedError, NotFoundError):  # then it comes in its own time
                arrival_of(self.profile, runner, self.cluster, self.git).look_now()

    def _said(self) -> list[str]:
        """What the operator says of what is not as it should be, as far as it may be read."""
        said: list[str] = []
        with suppress(WizardError):
            for ref in operator_reports(self.profile, self.cluster):
                said += said_of(ref, self.cluster.get(ref) or {})
        return list(dict.fromkeys(said))

    def _left(self, still: str) -> Waiting:
        """What is left, why as far as the operator says it, and what there is to do."""
        push = ""
        if self.git and self.git.unpushed:
            push = " The removal is committed, and not pushed yet."
        said = "".join(f"\n  {line}" for line in self._said())
        commands = tuple(packaging_of(self.profile).uninstall_commands(self.profile))
        return Waiting(
            f"The cluster still has {still}: it waits for its prune.{push}{said}", commands
        )
