"""Taking over a runner that GitLab has: found in a list, said as a downtime, and left again."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.fakes.gitlab import FakeGitLab
from tests.journeys.test_adopt import made_by_hand
from tests.journeys.world import World
from tests.tui.conftest import Sitting, sitting
from tests.tui.parts import text_of
from tests.tui.test_apply import begin, ended
from tests.tui.test_review import reviewed
from wizard.profile.draft import Origin
from wizard.tui.widgets import Choice
from wizard.tui.work import State


async def at_list(it: Sitting, world: World) -> None:
    """Signed in, on the step Runner, with the list open."""
    await it.go_to("GitLab")
    await it.sees("You are owner")
    await it.press("ctrl+n")
    await it.until(lambda: it.step.title == "Runner")
    await it.focus("#take-over")
    await it.press("enter")
    await it.until(lambda: it.step.query_one("#existing").display)


def listed(it: Sitting) -> str:
    choice = it.step.query_one("#existing", Choice)
    return " ".join(" ".join(str(one.prompt).split()) for one in choice.options)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_one_is_chosen_from_a_list_and_the_review_says_what_stops(
    world: World, size: tuple[int, int]
):
    old = made_by_hand(world, description="the old one", tags=["old", "docker"])
    async with sitting(world.folder, preset="direct", size=size) as it:
        it.draft.set(("gitlab", "url"), world.gitlab.url)
        it.draft.set(("runners", 0, "scope"), {"project": "acme/homelab"})
        it.draft.set(("cluster", "context"), "fake")
        await at_list(it, world)
        assert (
            f"( ) #{old.id} the old one (never contacted, no manager yet, docker, old)"
            in listed(it)
        )
        await it.focus("#existing")
        await it.press("enter")
        assert it.draft.value("runners", 0, "adopt") == old.id
        assert "its present managers stop" in text_of(it, "#existing-said")
        tags = it.draft.answer("runners", 0, "tags")
        assert (tags.value, tags.origin) == (["docker", "old"], Origin.FOUND)
        assert it.draft.value("runners", 0, "run_untagged") is False
        assert "docker ×" in " ".join(str(one.label) for one in it.step.query(".chip"))

        await reviewed(it)
        await it.sees("note: downtime: direct takes over runner")
        await it.press("ctrl+n")
        await it.sees("note: downtime: direct takes over runner")
        assert not world.gitlab.writes


async def test_what_was_chosen_is_taken_over_and_proven(world: World):
    old = made_by_hand(world)
    world.change("- name: direct\n", f"- name: direct\n    adopt: {old.id}\n")
    async with sitting(world.folder, world.profile) as it:
        await begin(it)
        await ended(it, State.DONE)
        await it.sees("direct: proven by a job")
    assert world.gitlab.runners == [old]
    assert not it.session.work.first_setup, "undoing it would delete somebody's runner"


async def test_one_that_is_somebody_else_s_is_shown_with_the_reason(world: World):
    made_by_hand(world, description="x [rw:0badcafe/theirs]")
    async with sitting(world.folder, world.profile) as it:
        await at_list(it, world)
        assert "it is runner theirs of another profile" in listed(it)
        await it.focus("#existing")
        await it.press("enter")
        assert it.draft.value("runners", 0, "adopt") is None


async def test_a_new_one_instead_brings_back_what_was_answered(world: World):
    made_by_hand(world)
    async with sitting(world.folder, preset="direct") as it:
        it.draft.set(("gitlab", "url"), world.gitlab.url)
        it.draft.set(("runners", 0, "scope"), {"project": "acme/homelab"})
        before = it.draft.text()
        await at_list(it, world)
        await it.focus("#existing")
        await it.press("enter")
        assert it.draft.value("runners", 0, "tags") == ["old"]
        await it.focus("#anew")
        await it.press("enter")
        assert it.draft.value("runners", 0, "adopt") is None
        assert it.draft.value("runners", 0, "tags") == ["kubernetes"]
        assert it.draft.answer("runners", 0, "tags").origin is Origin.PRESET
        assert it.draft.loaded().profile == loaded(it, before)
        assert it.app.focused
        assert it.app.focused.id == "take-over"


async def test_without_a_token_its_number_is_written_out(home: Path):
    async with sitting(home) as it:
        await it.go_to("Runner")
        await it.focus("#take-over")
        await it.press("enter")
        assert "Not signed in, so write its number" in text_of(it, "#existing-said")
        assert isinstance(it.app.focused, Input)
        await it.type("42")
        assert it.draft.value("runners", 0, "adopt") == 42
        await it.type("nonsense")
        await it.press("ctrl+n")
        assert it.step.title == "Runner"
        assert "nonsense" in text_of(it, "#runners-0-adopt .problem")


async def test_a_scope_without_runners_says_so(home: Path, gitlab: FakeGitLab):
    async with sitting(home) as it:
        it.draft.set(("gitlab", "url"), gitlab.url)
        it.draft.set(("runners", 0, "scope"), {"project": "acme/website"})
        it.session.keep_secret("GITLAB_TOKEN", gitlab.add_token("api").get_secret_value())
        await it.go_to("GitLab")
        await it.sees("You are owner")
        await it.go_to("Runner")
        await it.focus("#take-over")
        await it.press("enter")
        await it.until(lambda: "There is none" in text_of(it, "#existing-said"))


def loaded(it: Sitting, text: str):
    from wizard.profile.load import load_text

    return load_text(text, it.draft.path).profile
