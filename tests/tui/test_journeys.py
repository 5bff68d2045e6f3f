"""Whole stories, by keys alone, at both sizes: from nothing to a proven runner, and to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.gitlab import FakeGitLab
from tests.journeys.world import World
from tests.tui.conftest import BOTH_SIZES, Sitting, Size, sitting
from tests.tui.test_apply import ended
from wizard.profile.draft import Origin
from wizard.profile.load import load
from wizard.tui.modals import SaveAs
from wizard.tui.work import State

MOST_ANSWERS = 8


class Newcomer:
    """Somebody who has never done this, and counts what is asked of them."""

    def __init__(self, it: Sitting) -> None:
        self.it = it
        self.answers: list[str] = []
        self.keys = 0

    async def press(self, *keys: str) -> None:
        self.keys += len(keys)
        await self.it.press(*keys)

    async def answer(self, what: str, text: str = "", *keys: str) -> None:
        """Answer one question: paste or type a text where one is wanted, and press keys."""
        self.answers.append(what)
        if text:
            await self.it.type(text)
        await self.press(*keys)

    async def goes_on(self, title: str) -> None:
        """Leave everything at its default, and be on the next step."""
        await self.press("ctrl+n")
        await self.it.until(lambda: self.it.step.title == title)


@BOTH_SIZES
async def test_from_nothing_to_a_proven_runner_in_at_most_eight_answers(
    world: World, monkeypatch: pytest.MonkeyPatch, size: Size
):
    monkeypatch.delenv("GITLAB_TOKEN")
    world.profile.unlink()
    async with sitting(world.folder, size=size) as it:
        new = Newcomer(it)
        assert it.step.title == "Start"
        await new.answer("preset", "", "up", "up", "enter")
        await it.until(lambda: it.draft.preset == "direct")
        await new.goes_on("Cluster")
        await it.sees("(•) fake")
        await new.goes_on("GitLab")
        await new.answer("address", world.gitlab.url, "enter")
        await new.answer("token", world.token.get_secret_value())
        await it.until(lambda: it.session.identity)
        await new.goes_on("Runner")
        await it.sees("1 found")
        await new.answer("project", "home", "enter")
        for title in ("Secrets", "Resources", "Image builds", "Delivery", "Review"):
            await new.goes_on(title)
        await it.until(lambda: it.session.reviewed)
        assert "11 to create. Nothing has been written yet." in it.words
        assert not world.gitlab.writes
        await new.goes_on("Apply")
        await new.answer("apply", "", "tab", "enter")
        assert isinstance(it.app.screen, SaveAs)
        await new.answer("file", "", "enter")
        await it.until(lambda: it.session.work)
        await ended(it, State.DONE)
        await it.sees("✓ direct: proven by a job")
        typed = {key[0] for key, origin in it.draft.origins() if origin is Origin.TYPED}
        assert typed <= {"gitlab", "runners"}
        assert len(new.answers) <= MOST_ANSWERS
        assert new.keys <= 20, "beside the texts themselves"
    assert world.live_tokens == [world.secret_token]
    assert load(world.profile).profile.cluster.uid == world.cluster.uid


@BOTH_SIZES
async def test_without_cluster_and_token_it_ends_with_files_and_what_to_type(
    home: Path, size: Size
):
    async with sitting(home, preset="direct", size=size) as it:
        new = Newcomer(it)
        await it.until(lambda: it.session.facts.contexts is not None)
        await new.goes_on("Cluster")
        await it.sees("(•) no cluster")
        await new.goes_on("GitLab")
        await new.goes_on("Runner")
        await it.sees("Not signed in, so write the whole path.")
        await new.answer("project", "acme/attic", "enter")
        for title in ("Secrets", "Resources", "Image builds", "Delivery", "Review"):
            await new.goes_on(title)
        await it.until(lambda: it.session.reviewed)
        assert "runner-wizard render direct.yaml" in it.words
        await new.goes_on("Apply")
        await new.answer("apply", "", "tab", "enter")
        await new.answer("file", "", "enter")
        await it.until(lambda: it.session.work)
        await ended(it, State.DONE)
        await it.sees("That folder is in no Git repository")
        await it.sees("runner-wizard apply")
        assert len(new.answers) <= MOST_ANSWERS
    assert load(home / "direct.yaml").profile.runners[0].scope.path == "acme/attic"
    assert (home / "gitops").is_dir()


@BOTH_SIZES
async def test_any_answered_step_is_a_few_keys_away(home: Path, gitlab: FakeGitLab, size: Size):
    async with sitting(home, size=size) as it:
        await it.go_to("GitLab")
        await it.type(gitlab.url)
        await it.press("ctrl+p")
        await it.pilot.press(*"go to start")
        await it.sees("Go to Start")
        await it.press("enter")
        await it.until(lambda: it.step.title == "Start")
        await it.press("ctrl+p")
        await it.pilot.press(*"go to gitlab")
        await it.sees("Go to GitLab")
        await it.press("enter")
        await it.until(lambda: it.step.title == "GitLab")
        assert it.draft.value("gitlab", "url") == gitlab.url


@BOTH_SIZES
async def test_what_is_cancelled_before_the_review_leaves_nothing_behind(world: World, size: Size):
    world.profile.unlink()
    before = {path.name for path in world.folder.iterdir()}
    async with sitting(world.folder, preset="direct", size=size) as it:
        it.draft.set(("gitlab", "url"), world.gitlab.url)
        it.draft.set(("runners", 0, "scope"), {"project": "acme/homelab"})
        await it.go_to("Review")
        await it.until(lambda: it.session.reviewed)
        await it.press(
            "ctrl+n", "tab", "enter", "escape", "ctrl+q", "right", "right", "right", "enter"
        )
        await it.until(lambda: not it.app.is_running)
    assert {path.name for path in world.folder.iterdir()} == before
    assert not world.gitlab.writes
    assert not world.cluster.writes
