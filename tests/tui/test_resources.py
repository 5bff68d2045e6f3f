"""The step Resources: sizes, and a gauge of what fits."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.tui.conftest import sitting
from tests.tui.parts import GI, found, knows, node

_SIZES = [(80, 24), (120, 40)]
_TWO = (node("big", cpu_free=1500), node("small", cpu_free=450))


@pytest.mark.parametrize("size", _SIZES)
async def test_the_gauge_tells_what_fits_per_node_and_what_is_left(
    home: Path, size: tuple[int, int]
):
    async with sitting(home, size=size) as it:
        knows(it, found(nodes=_TWO))
        await it.go_to("Resources")
        # 100m for the build and 50m for the helper: ten on one node, three on the other
        await it.sees("13 jobs fit now on 2 nodes: 2 at once, and room for 11 more")
        await it.sees("big [ ▒▒▒▒▒▒▒▒▒] 10 1.50 CPU, 3.00 GiB free, limit: CPU")
        await it.sees("small [ ▒▒▒] 3")


async def test_the_gauge_follows_every_answer(home: Path):
    async with sitting(home) as it:
        knows(it, found(nodes=_TWO))
        await it.go_to("Resources")
        await it.focus("#size")
        await it.press("down", "enter")
        assert it.draft.value("runners", 0, "jobs", "memory", "request") == "1Gi"
        await it.sees("2 jobs fit now on 2 nodes: 2 at once, and room for 0 more")
        await it.focus("#runners-0-jobs-concurrent Input")
        await it.type("5")
        await it.sees("of 5 at once, 3 would wait")
        await it.focus("#runners-0-jobs-cpu-request Input")
        await it.type("1")
        await it.sees("(•) custom")
        await it.sees("1 job fit")


async def test_half_an_amount_stops_the_gauge_and_not_the_wizard(home: Path):
    async with sitting(home) as it:
        knows(it, found(nodes=_TWO))
        await it.go_to("Resources")
        await it.focus("#runners-0-jobs-memory-limit Input")
        await it.type("2 gigs")
        await it.press("tab")
        await it.sees("'2 gigs' is not a quantity")
        await it.focus("#runners-0-jobs-memory-request Input")
        await it.type("much")
        await it.sees("The gauge waits for amounts that can be read")
        await it.press("f2")
        await it.sees("Correct the amounts first.")


async def test_the_arithmetic_is_one_key_away(home: Path):
    async with sitting(home, size=(120, 40)) as it:
        knows(it, found(nodes=_TWO))
        await it.go_to("Resources")
        await it.press("f2")
        await it.sees("build 0.10 CPU, 128 MiB")
        await it.sees("together 0.15 CPU, 256 MiB")
        await it.sees("Each service of a job adds 0.05 CPU, 128 MiB")
        await it.sees("big 10 1.50 / 0.15 CPU = 10; 3.00 / 0.25 GiB = 12")
        await it.press("escape")


async def test_without_a_cluster_only_the_sum_is_told(home: Path):
    async with sitting(home) as it:
        await it.go_to("Resources")
        await it.sees("No nodes found, so this is just the total")
        await it.sees("each job asks for 0.15 CPU, 256 MiB, 2 at once for 0.30 CPU, 512 MiB")


async def test_facts_that_come_late_are_taken_up(home: Path):
    async with sitting(home) as it:
        await it.go_to("Resources")
        await it.sees("No nodes found")
        knows(it, found(nodes=_TWO))
        it.app.wizard.facts_found()
        await it.sees("13 jobs fit now on 2 nodes")


async def test_a_node_that_takes_no_jobs_says_why(home: Path):
    async with sitting(home) as it:
        knows(it, found(nodes=(node("one"), node("control", schedulable=False))))
        await it.go_to("Resources")
        await it.sees("control [ ░░░░░░░░░] no jobs: tainted, cordoned or not ready")
        await it.sees("on 1 node:")


async def test_mixed_nodes_ask_which_run_the_jobs(home: Path):
    async with sitting(home) as it:
        knows(it, found(nodes=(node("a"), node("b", architecture="arm64"))))
        it.draft.set(("cluster", "architectures"), ["amd64", "arm64"])
        await it.go_to("Resources")
        await it.press("ctrl+n")
        await it.sees("the helper of a job runs on one architecture only")
        await it.focus("#architecture")
        await it.press("down", "enter")
        assert it.draft.value("runners", 0, "jobs", "node_selector") == {
            "kubernetes.io/arch": "arm64"
        }
        await it.sees("no jobs: is amd64")
        assert not it.step.errors()


async def test_a_node_name_is_never_markup_and_keeps_its_end(home: Path):
    async with sitting(home) as it:
        names = ("[/red]", "aks-nodepool1-38812345-vmss000007")
        knows(it, found(nodes=tuple(node(name) for name in names)))
        await it.go_to("Resources")
        await it.sees("[/red]")
        await it.sees("vmss000007")


async def test_five_hundred_nodes_stay_fluid(home: Path):
    async with sitting(home) as it:
        knows(it, found(nodes=tuple(node(f"node-{n:03}", memory_free=8 * GI) for n in range(500))))
        await it.go_to("Resources")
        await it.sees("... and 497 nodes more")
        await it.focus("#runners-0-jobs-cpu-request Input")
        slowest = 0.0
        for text in ("2", "20", "200", "200m"):
            began = time.perf_counter()
            await it.type(text)
            slowest = max(slowest, time.perf_counter() - began)
        await it.sees("3000 jobs fit now on 500 nodes")
        assert slowest < 0.5, "a key takes effect at once, also on a machine with other work"


async def test_it_can_be_used_at_60_by_20(home: Path):
    async with sitting(home, size=(60, 20)) as it:
        knows(it, found(nodes=_TWO))
        await it.go_to("Resources")
        await it.sees("13 jobs fit now")
        for _ in range(8):
            await it.press("tab")
            focused = it.app.focused
            assert focused is not None
            gauge = it.app.screen.query_one("#gauge").region
            assert focused.region.y < gauge.y, "the gauge covers nothing that has the focus"
