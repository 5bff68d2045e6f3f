"""How many jobs fit, counted as the scheduler counts."""

from __future__ import annotations

from typing import Any

import pytest

from wizard.core.facts import NodeFacts
from wizard.operations.discovery.fit import Room, fit, size_of
from wizard.profile.sizes import CUSTOM, amounts, named

MI, GI = 2**20, 2**30


def node(name: str = "one", *, cpu: int = 2000, memory: int = 4 * GI, **more: Any) -> NodeFacts:
    return NodeFacts(name, more.pop("architecture", "amd64"), cpu, memory, 4000, 8 * GI, **more)


def share(request: str | None, limit: str | None = None) -> dict[str, str | None]:
    return {"request": request, "limit": limit}


def jobs(cpu: str = "450m", memory: str = "896Mi") -> dict[str, Any]:
    small = {"cpu": share("50m"), "memory": share("128Mi")}
    return {
        "cpu": share(cpu, "8"),
        "memory": share(memory, "8Gi"),
        "helper": small,
        "services": small,
    }


def test_a_job_asks_for_its_build_and_its_helper_together():
    size = size_of(jobs())
    assert size.room == Room(500, 1024 * MI)
    assert [part.name for part in size.parts] == ["build", "helper"]
    assert size.service == Room(50, 128 * MI)


def test_without_a_request_kubernetes_takes_the_limit():
    wish = jobs() | {"cpu": share(None, "2"), "memory": share(None, None)}
    assert size_of(wish).parts[0].room == Room(2000, 0)


def test_what_is_no_quantity_is_no_size():
    with pytest.raises(ValueError, match="lots"):
        size_of(jobs(cpu="lots"))


@pytest.mark.parametrize(
    ("free", "count", "short"),
    [
        ({"cpu": 2000, "memory": 64 * GI}, 4, "CPU"),
        ({"cpu": 1999, "memory": 64 * GI}, 3, "CPU"),
        ({"cpu": 32000, "memory": 3 * GI}, 3, "memory"),
        ({"cpu": 32000, "memory": GI - 1}, 0, "memory"),
    ],
)
def test_the_scarcer_of_cpu_and_memory_decides(free: dict[str, int], count: int, short: str):
    (found,) = fit(size_of(jobs()), [node(**free)], {}).nodes
    assert (found.jobs, found.short_of) == (count, short)


def test_nodes_that_take_no_job_count_for_nothing_and_say_why():
    nodes = [
        node("closed", schedulable=False),
        node("other", architecture="arm64"),
        node("open"),
    ]
    found = fit(size_of(jobs()), nodes, {"kubernetes.io/arch": "amd64"})
    assert found.jobs == 4
    assert found.free == Room(2000, 4 * GI), "of the nodes that take jobs"
    assert [(one.node.name, one.jobs) for one in found.nodes] == [
        ("open", 4),
        ("closed", 0),
        ("other", 0),
    ]
    assert found.nodes[2].short_of == "is arm64"


def test_any_architecture_will_do_where_none_is_selected():
    nodes = [node("a"), node("b", architecture="arm64")]
    assert fit(size_of(jobs()), nodes, {}).jobs == 8


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_a_size_is_known_by_its_amounts(size: str):
    written = amounts(size)
    assert named(written) == size
    assert named(written | {("cpu", "limit"): "77"}) == CUSTOM
