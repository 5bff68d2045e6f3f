"""The step Image builds: strategies side by side, and the pipeline that goes with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Sitting, sitting
from tests.tui.parts import found, knows, node, text_of
from wizard.profile import not_yet
from wizard.profile.fields import ITEM
from wizard.tui.widgets.table import Table

_SIZES = [(80, 24), (120, 40)]


async def choose(it: Sitting, strategy: str) -> None:
    await it.focus("#ways")
    table = it.app.screen.query_one("#ways", Table)
    table.highlighted = table.get_option_index(strategy)
    await it.press("enter")
    await it.pilot.pause()


@pytest.mark.parametrize("size", _SIZES)
async def test_strategies_stand_side_by_side(home: Path, size: tuple[int, int]):
    async with sitting(home, size=size) as it:
        await it.go_to("Image builds")
        await it.sees("builds here level privilege speed cache upkeep")
        await it.sees("(•) kaniko fits baseline none slow kept fork")
        await it.sees("( ) none fits restricted none - - none")


async def test_a_strategy_that_is_not_built_yet_is_marked_and_cannot_be_chosen(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    key = ("runners", ITEM, "builds", "strategy")
    line = not_yet.NotYet(key, "podman", "Podman builds", "write buildah")
    monkeypatch.setattr(not_yet, "NOT_YET", (*not_yet.NOT_YET, line))
    async with sitting(home) as it:
        await it.go_to("Image builds")
        table = it.app.screen.query_one("#ways", Table)
        assert [one.id for one in table.options if one.id and one.disabled] == ["podman"]
        await it.sees("podman not yet")


async def test_the_level_follows_the_version_that_is_pinned(home: Path):
    async with sitting(home) as it:
        it.draft.set(("manager", "runner_version"), "18.5.0")
        it.draft.set(("delivery", "as"), "manifests")
        await it.go_to("Image builds")
        await it.sees("( ) none fits baseline")


async def test_choosing_shows_whether_it_fits_and_its_pipeline(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Image builds")
        await it.until(lambda: "/kaniko/executor" in text_of(it, "#text"))
        await choose(it, "none")
        assert it.draft.value("runners", 0, "builds", "strategy") == "none"
        await it.sees("none: fits these nodes; nothing runs")
        await it.until(lambda: "job" in text_of(it, "#text"))
        assert "/kaniko/executor" not in text_of(it, "#text")
        assert "Builder image" not in it.words, "nothing builds, so nothing is asked about it"
        assert it.app.focused is it.app.screen.query_one("#ways")


async def test_nodes_that_a_builder_may_not_run_on_are_named(home: Path):
    async with sitting(home) as it:
        knows(it, found(nodes=(node("one", architecture="riscv64"),)))
        await it.go_to("Image builds")
        await it.sees("kaniko unsure")
        await it.sees("its image may not be there for riscv64")


async def test_the_pipeline_can_be_copied(home: Path):
    async with sitting(home) as it:
        await it.go_to("Image builds")
        await it.sees("A pipeline to start from")
        await it.until(lambda: it.app.screen.query_one("#copy").display)
        await it.focus("#copy")
        await it.press("enter")
        assert "/kaniko/executor" in it.app.clipboard
        await it.sees("The pipeline is in the clipboard.")


async def test_while_the_profile_is_wrong_the_pipeline_waits_and_says_for_what(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        it.draft.set(("cluster", "namespace"), "kube-system")
        await it.go_to("Image builds")
        await it.sees("It is shown once the profile is valid.")
        await it.sees("kube-system belongs to Kubernetes itself")
        assert not it.app.screen.query_one("#copy").display
        assert not it.step.errors(), "that is another step's to set right"


async def test_a_level_that_the_strategy_does_not_run_under_is_refused_here(home: Path):
    async with sitting(home, size=(120, 50)) as it:
        await it.go_to("Image builds")
        it.draft.set(("runners", 0, "jobs", "pod_security"), "restricted")
        await it.press("ctrl+n")
        await it.sees("kaniko does not run under restricted")
        assert it.step.title == "Image builds"


async def test_it_can_be_used_at_60_by_20(home: Path):
    async with sitting(home, size=(60, 20)) as it:
        await it.go_to("Image builds")
        await it.sees("(•) kaniko fits baseline")
        await choose(it, "none")
        await it.sees("(•) none")
