"""Carrying a plan out, and taking it back: to the cluster, or through files and Git."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from wizard.core.changes import Plan
from wizard.core.events import Event
from wizard.core.run import RunOptions
from wizard.operations.delivery.to_cluster import ToCluster
from wizard.operations.delivery.to_directory import ToDirectory
from wizard.profile.file import ProfileFile
from wizard.systems import Systems


class Delivery(Protocol):
    """One profile on its way to one place."""

    async def plan(self) -> Plan:
        """What `apply` would change; writes nothing. Raises: WizardError."""
        ...

    def apply(self) -> AsyncIterator[Event]:
        """Carry it out, and prove it where that is possible. Raises: WizardError."""
        ...

    async def plan_destroy(self) -> Plan:
        """What `destroy` would remove; writes nothing. Raises: WizardError."""
        ...

    def destroy(self) -> AsyncIterator[Event]:
        """Remove it, and look whether it is gone. Raises: WizardError."""
        ...


DELIVERIES: Mapping[str, Callable[[ProfileFile, Systems, RunOptions], Delivery]] = MappingProxyType(
    {"cluster": ToCluster, "directory": ToDirectory}
)
"""By `delivery.to`."""


def delivery_of(file: ProfileFile, systems: Systems, run: RunOptions) -> Delivery:
    """How a profile is delivered."""
    return DELIVERIES[file.profile.delivery.target](file, systems, run)
