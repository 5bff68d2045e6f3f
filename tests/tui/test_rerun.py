"""Opened on a profile months later: what is there, what differs, and taking it all away."""

from __future__ import annotations

import pytest
from textual.widgets import Button, OptionList

from tests.journeys.world import World
from tests.tui.conftest import BOTH_SIZES, Size, sitting
from tests.tui.test_apply import begin, ended, ready
from tests.tui.test_review import difference, reviewed
from wizard.tui.modals import Question
from wizard.tui.work import State


@pytest.fixture
def applied(world: World) -> World:
    """A runner that is there and proven."""
    ended_ = world.apply()
    assert ended_.code == 0, ended_.err
    world.forget_writes()
    return world


async def test_it_opens_on_what_is_there_in_words(applied: World):
    async with sitting(applied.folder, applied.profile, size=(120, 40)) as it:
        assert it.step.title == "Start"
        await it.sees("of acme/homelab): there, as it should be")
        await it.sees("No change. Everything is as the profile says")


async def test_what_is_true_now_can_be_read_at_once(applied: World):
    async with sitting(applied.folder, applied.profile, size=(120, 40)) as it:
        await it.sees("No change. Everything is as the profile says")
        it.step.query_one("#deeds", OptionList).highlighted = 3
        await it.pilot.press("enter")
        await it.pilot.pause()
        await it.sees("What is true now")
        await it.sees("the same in Secret gitlab-runner/gitlab-runner-direct-token, 1")
        await it.sees("objects: 9 of 9 in place and as rendered")
    assert not applied.changed_objects
    assert not applied.gitlab.writes


async def test_every_step_is_answered_and_the_last_three_are_not(applied: World):
    async with sitting(applied.folder, applied.profile, size=(120, 40)) as it:
        prompts = [
            str(one.prompt) for one in it.app.wizard.query_one("#stepper", OptionList).options
        ]
        assert prompts[1:-3] == [f"• {one[2:]}" for one in prompts[1:-3]]
        assert [one[0] for one in prompts[-3:]] == ["○"] * 3


@BOTH_SIZES
async def test_no_change_is_said_plainly_and_nothing_is_written(applied: World, size: Size):
    before = applied.profile.read_bytes()
    async with sitting(applied.folder, applied.profile, size=size) as it:
        await reviewed(it)
        assert "No change. Everything is as the profile says (11 things looked at)." in it.words
        await begin(it)
        await ended(it, State.DONE)
        await it.sees("✓ No change: everything is as the profile says")
    assert applied.profile.read_bytes() == before
    assert not applied.changed_objects
    assert not applied.gitlab.writes


@BOTH_SIZES
async def test_one_changed_answer_is_the_only_difference(applied: World, size: Size):
    async with sitting(applied.folder, applied.profile, size=size) as it:
        it.draft.set(("runners", 0, "tags"), ["kubernetes", "fast"])
        await reviewed(it)
        assert "1 to update. Nothing has been written yet." in it.words
        assert "+ tags: ['fast', 'kubernetes']" in difference(it)
        await begin(it)
        await ended(it, State.DONE)
    (runner,) = applied.gitlab.runners
    assert set(runner.tags) == {"kubernetes", "fast"}
    assert not applied.changed_objects
    assert "fast" in applied.profile.read_text()


async def test_a_changed_field_says_so(applied: World):
    async with sitting(applied.folder, applied.profile) as it:
        it.draft.set(("cluster", "namespace"), "ci")
        await it.go_to("Cluster")
        await it.sees("ci changed")
        await it.sees("gitlab-runner-jobs profile")


async def test_a_runner_that_was_there_is_not_offered_to_be_undone(applied: World):
    applied.change("limit: 2Gi", "limit: 3Gi")
    (runner,) = applied.gitlab.runners
    async with sitting(applied.folder, applied.profile) as it:
        await ready(it)
        applied.gitlab.fail_next(
            "GET", f"/runners/{runner.id}/managers", 403, {"message": "403 Forbidden"}, times=9
        )
        await it.press("tab", "enter")
        await it.until(lambda: it.session.work)
        await ended(it, State.FAILED)
        assert not it.step.query_one("#undo").display


async def test_destroying_asks_and_the_default_is_no(applied: World):
    async with sitting(applied.folder, applied.profile) as it:
        await reviewed(it)
        it.step.query_one("#destroy", Button).press()
        await it.until(lambda: isinstance(it.app.screen, Question))
        await it.sees("context fake, namespaces gitlab-runner, gitlab-runner-jobs")
        await it.press("enter")
        assert applied.gitlab.runners
        assert not applied.changed_objects


async def test_destroying_leaves_nothing_but_the_profile(applied: World):
    async with sitting(applied.folder, applied.profile) as it:
        await reviewed(it)
        it.step.query_one("#destroy", Button).press()
        await it.until(lambda: isinstance(it.app.screen, Question))
        await it.press("right", "enter")
        await it.until(lambda: it.session.work)
        await ended(it, State.DONE)
        await it.sees("what this profile created is gone")
    assert not applied.gitlab.runners
    assert not applied.cluster.objects("Deployment")
    assert applied.profile.exists()
