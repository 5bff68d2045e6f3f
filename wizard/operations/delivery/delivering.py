"""One way to deliver a profile, whatever brings it where it goes and takes it back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass

from wizard.checks import connect
from wizard.core.changes import Plan
from wizard.core.events import Event
from wizard.core.run import RunOptions
from wizard.operations.delivery import removing
from wizard.operations.delivery.applying import Reconciler, apply
from wizard.operations.delivery.removing import Remover
from wizard.operations.plan.survey import survey
from wizard.profile.file import ProfileFile
from wizard.systems import Systems


@dataclass(frozen=True, slots=True)
class Delivering(ABC):
    """A `Delivery` by the one algorithm; a subclass names what differs."""

    file: ProfileFile
    systems: Systems
    run: RunOptions

    @abstractmethod
    def reconciler(self) -> Reconciler:
        """What `apply` does in this way to deliver."""

    @abstractmethod
    def remover(self) -> Remover:
        """What `destroy` does for it."""

    async def plan(self) -> Plan:
        return (await survey(await connect(self.file, self.systems, self.run))).plan

    def apply(self) -> AsyncIterator[Event]:
        return apply(self.file, self.systems, self.run, self.reconciler())

    async def plan_destroy(self) -> Plan:
        return await removing.plan(self.file.profile, self.systems, self.run, self.remover())

    def destroy(self) -> AsyncIterator[Event]:
        return removing.destroy(self.file, self.systems, self.run, self.remover())
