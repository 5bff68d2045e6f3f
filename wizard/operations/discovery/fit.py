"""How many jobs of a size fit on a cluster's nodes now, by what the scheduler counts: requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from wizard.core.facts import NodeFacts
from wizard.core.units import parse_bytes, parse_cpu


@dataclass(frozen=True, slots=True)
class Room:
    """CPU in millicores and memory in bytes."""

    cpu: int = 0
    memory: int = 0

    def __add__(self, other: Room) -> Room:
        return Room(self.cpu + other.cpu, self.memory + other.memory)

    def times(self, count: int) -> Room:
        return Room(self.cpu * count, self.memory * count)


@dataclass(frozen=True, slots=True)
class Part:
    """One container of a job's pod, and what is kept free for it."""

    name: str
    room: Room


@dataclass(frozen=True, slots=True)
class JobSize:
    """What one job asks for."""

    parts: tuple[Part, ...]
    """Build and helper container; the init container asks for less than both and does not count."""
    service: Room
    """What each service of a job adds."""

    @property
    def room(self) -> Room:
        return reduce(Room.__add__, (part.room for part in self.parts), Room())


@dataclass(frozen=True, slots=True)
class NodeFit:
    """One node and how many jobs fit on it beside what runs there now."""

    node: NodeFacts
    jobs: int
    short_of: str
    """What keeps another job away: `CPU`, `memory`, or why the node takes none at all."""
    taking: bool = True


@dataclass(frozen=True, slots=True)
class Fit:
    """How jobs of one size fit on all nodes; nodes with the most room first."""

    size: JobSize
    nodes: tuple[NodeFit, ...]

    @property
    def jobs(self) -> int:
        return sum(one.jobs for one in self.nodes)

    @property
    def free(self) -> Room:
        """What is free on the nodes that take jobs."""
        rooms = (Room(one.node.cpu_free, one.node.memory_free) for one in self.nodes if one.taking)
        return reduce(Room.__add__, rooms, Room())


def size_of(jobs: Mapping[str, Any]) -> JobSize:
    """The size of a job. Raises: ValueError, where an amount is no quantity.

    Args:
        jobs: `runners[].jobs` as plain data, in full: cpu and memory of build, helper, services.
    """
    return JobSize(
        (Part("build", _room(jobs)), Part("helper", _room(jobs["helper"]))),
        _room(jobs["services"]),
    )


def fit(size: JobSize, nodes: Iterable[NodeFacts], selector: Mapping[str, str]) -> Fit:
    """Put as many jobs on each node as fit.

    Args:
        selector: `runners[].jobs.node_selector`; of its labels only the architecture is known here.
    """
    architecture = selector.get("kubernetes.io/arch", "")
    fits = [_on_node(size.room, node, architecture) for node in nodes]
    fits.sort(key=lambda one: (not one.taking, -one.jobs, one.node.name))
    return Fit(size, tuple(fits))


def _on_node(job: Room, node: NodeFacts, architecture: str) -> NodeFit:
    if not node.schedulable:
        return NodeFit(node, 0, "tainted, cordoned or not ready", taking=False)
    if architecture and node.architecture != architecture:
        return NodeFit(node, 0, f"is {node.architecture}", taking=False)
    by_cpu = node.cpu_free // max(job.cpu, 1)
    by_memory = node.memory_free // max(job.memory, 1)
    return NodeFit(node, min(by_cpu, by_memory), "CPU" if by_cpu <= by_memory else "memory")


def _room(containers: Mapping[str, Any]) -> Room:
    return Room(_amount(containers["cpu"], parse_cpu), _amount(containers["memory"], parse_bytes))


def _amount(share: Mapping[str, Any], parse: Callable[[str], int]) -> int:
    # Kubernetes takes the limit for the request where there is none.
    amount = share.get("request") or share.get("limit")
    return parse(str(amount)) if amount else 0
