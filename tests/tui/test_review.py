"""Review: what would change, where each answer came from, and that nothing has been written."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button

from tests.fakes.gitlab import FakeGitLab
from tests.journeys.world import World
from tests.tui.conftest import Sitting, sitting
from wizard.tui.widgets.plan_tree import Difference, PlanTree


async def reviewed(it: Sitting) -> None:
    await it.go_to("Review")
    await it.until(lambda: it.session.reviewed)
    await it.pilot.pause()


def difference(it: Sitting) -> str:
    return str(it.step.query_one(Difference).query_one("Static").content)


async def test_the_plan_is_a_tree_of_systems_and_nothing_has_been_written(world: World):
    async with sitting(world.folder, world.profile) as it:
        await reviewed(it)
        for text in ("11 to create", "GitLab (1 of 1 to change)", "+ create runner direct"):
            assert text in it.words
        assert "Nothing has been written yet" in it.words
    assert not world.cluster.writes
    assert not world.gitlab.writes


async def test_the_chosen_change_is_shown_field_by_field(world: World):
    async with sitting(world.folder, world.profile) as it:
        await reviewed(it)
        assert "+ tags: ['kubernetes']" in difference(it)


async def test_the_focus_is_on_the_tree_and_never_on_a_button(world: World):
    async with sitting(world.folder, world.profile) as it:
        await reviewed(it)
        assert isinstance(it.app.focused, PlanTree)
        await it.press("enter", "enter")
        assert not world.gitlab.writes


async def test_the_review_lists_where_each_answer_came_from(world: World):
    async with sitting(world.folder, world.profile) as it:
        it.draft.set(("runners", 0, "jobs", "concurrent"), 7)
        it.draft.suggest(("cluster", "uid"), world.cluster.uid)
        await reviewed(it)
        await it.press("end", "right", "down")
        assert difference(it) == "runners[0].jobs.concurrent: 7  (typed)"
        await it.press("down")
        assert difference(it).endswith("(found)")


async def test_what_is_not_valid_is_named_with_its_step_and_there_is_no_plan(world: World):
    async with sitting(world.folder, world.profile) as it:
        it.draft.set(("runners", 0, "jobs", "concurrent"), 0)
        await it.go_to("Review")
        await it.sees("! Resources: runners[0].jobs.concurrent")
        await it.press("ctrl+n")
        assert it.step.title == "Review"


async def test_a_gitlab_that_is_down_is_said_in_words(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.change(world.gitlab.url, "http://127.0.0.1:9")
    monkeypatch.setenv("GITLAB_HOST", "http://127.0.0.1:9")
    async with sitting(world.folder, world.profile) as it:
        await it.go_to("Review")
        await it.until(lambda: "There is no plan." in it.words, seconds=20)
        assert "127.0.0.1:9" in it.words
        await it.press("ctrl+n")
        assert it.step.title == "Review"


async def test_a_missing_credential_names_the_step_that_takes_it(
    home: Path, gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
):
    for name in ("INFISICAL_CLIENT_ID", "INFISICAL_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    async with sitting(home) as it:
        it.draft.set(("gitlab", "url"), gitlab.url)
        it.session.keep_secret("GITLAB_TOKEN", gitlab.add_token("api").get_secret_value())
        await it.go_to("Review")
        await it.sees("fix: Give it on the step Secrets, or set INFISICAL_CLIENT_ID")


async def test_the_headless_command_can_be_copied(world: World):
    async with sitting(world.folder, world.profile) as it:
        await reviewed(it)
        it.step.query_one("#copy", Button).press()
        await it.pilot.pause()
        assert it.app.clipboard == "runner-wizard apply direct.yaml"


async def test_words_of_others_are_never_markup(world: World):
    world.change("tags: [kubernetes]", 'tags: ["[/red]", "[link=x"]')
    async with sitting(world.folder, world.profile) as it:
        await reviewed(it)
        assert "[/red]" in difference(it)


async def test_without_a_token_the_files_alone_are_compared(home: Path):
    async with sitting(home, preset="homelab") as it:
        await reviewed(it)
        assert "Files (" in it.words
        await it.press("end", "right", "down")
        assert "only files are written" in difference(it)
        await it.press("home", "down")
        assert "+apiVersion" in difference(it)
        assert "runner-wizard render homelab.yaml" in it.words
    assert not (home / "gitops").exists()


async def test_at_sixty_columns_the_tree_and_the_difference_are_both_there(world: World):
    async with sitting(world.folder, world.profile, size=(60, 20)) as it:
        await reviewed(it)
        tree, beside = it.step.query_one(PlanTree), it.step.query_one(Difference)
        assert tree.size.height >= 4
        assert beside.size.height >= 3
