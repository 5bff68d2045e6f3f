"""Apply: from the review to a proven runner, and every way in which it can go otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button

from tests.journeys.world import NAMESPACE, World
from tests.tui.conftest import BOTH_SIZES, Sitting, Size, sitting
from wizard.core.events import Event, RunnerCreated
from wizard.operations import dispatch as verbs
from wizard.operations.profiles import open_profile
from wizard.tui.modals import Question, SaveAs
from wizard.tui.work import State, Verb, Work

SLOW = 30


async def ready(it: Sitting) -> None:
    """Come from the review to where it can begin."""
    await it.go_to("Review")
    await it.until(lambda: it.session.reviewed)
    await it.press("ctrl+n")
    await it.sees("Ready:")


async def begin(it: Sitting) -> None:
    await ready(it)
    await it.press("tab", "enter")
    await it.until(lambda: it.session.work)


async def ended(it: Sitting, state: State) -> None:
    await it.until(lambda: it.session.work)
    work = it.session.work
    assert work
    await it.until(lambda: not work.running, SLOW)
    await it.pilot.pause()
    assert work.state is state, work.error


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_first_set_up_ends_proven(world: World, size: tuple[int, int]):
    async with sitting(world.folder, world.profile, size=size) as it:
        await begin(it)
        await ended(it, State.DONE)
        await it.sees("✓ direct: proven by a job")
        assert it.step.title == "Proof"
        (runner,) = world.gitlab.runners
        assert runner.token == world.secret_token
        await it.go_to("Apply")
        for text in ("✓ Namespaces and accounts", "✓ Proof of direct", "Done in"):
            await it.sees(text)


@BOTH_SIZES
async def test_hammering_next_applies_nothing(world: World, size: Size):
    async with sitting(world.folder, world.profile, size=size) as it:
        await ready(it)
        assert it.app.focused is it.step.query_one("#back")
        await it.press("ctrl+n", "ctrl+n", "ctrl+n")
        assert it.step.title == "Apply"
        await it.sees("nothing has been applied yet")
    assert not world.gitlab.writes
    assert not world.cluster.writes


async def test_what_the_file_learns_the_draft_knows(world: World):
    async with sitting(world.folder, world.profile) as it:
        await begin(it)
        await ended(it, State.DONE)
        assert it.draft.text() == world.profile.read_text()
        assert it.draft.value("cluster", "uid") == world.cluster.uid
        assert not it.draft.dirty


async def test_a_draft_that_was_never_saved_asks_for_its_file_first(world: World):
    world.profile.unlink()
    async with sitting(world.folder, preset="direct") as it:
        it.draft.set(("gitlab", "url"), world.gitlab.url)
        it.draft.set(("runners", 0, "scope"), {"project": "acme/homelab"})
        it.draft.set(("cluster", "context"), "fake")
        await ready(it)
        await it.press("tab", "enter")
        assert isinstance(it.app.screen, SaveAs)
        await it.press("escape")
        assert it.session.work is None
        assert not world.gitlab.writes
        await it.press("enter")
        await it.press("enter")
        await it.until(lambda: it.session.work)
        await ended(it, State.DONE)
    assert world.profile.exists()


@pytest.mark.parametrize(("keys", "level"), [(["enter"], None), (["right", "enter"], "restricted")])
async def test_a_person_decides_about_the_level_of_a_namespace_that_was_there(
    world: World, keys: list[str], level: str | None
):
    metadata = {"name": NAMESPACE, "labels": {"owner": "platform-team"}}
    world.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    world.cluster.level_warning = "web-1: allowPrivilegeEscalation != false"
    async with sitting(world.folder, world.profile, size=(120, 40)) as it:
        await ready(it)
        await it.press("tab", "enter")
        await it.until(lambda: isinstance(it.app.screen, Question))
        for text in (
            f"Have namespace {NAMESPACE} enforce restricted",
            "was there before, and",
            "web-1: allowPrivilegeEscalation != false",
        ):
            await it.sees(text)
        assert not world.cluster.writes
        await it.press(*keys)
        await ended(it, State.DONE)
    live = world.cluster.find("Namespace", NAMESPACE)
    assert live
    assert live["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") == level


@BOTH_SIZES
async def test_a_user_who_may_only_read_is_refused_in_words(world: World, size: Size):
    world.cluster.deny(verb="patch", resource="deployments")
    async with sitting(world.folder, world.profile, size=size) as it:
        await it.go_to("Review")
        await it.sees("may not do what is needed")
        await it.sees("missing: patch deployments")
        await it.press("ctrl+n")
        await it.sees("apply would refuse this")
        assert it.step.title == "Review"
    assert not world.gitlab.writes
    assert not world.cluster.writes


@BOTH_SIZES
async def test_a_failure_is_explained_and_tried_again_from_there(world: World, size: Size):
    fault = world.cluster.fails("PATCH", "/secrets/", status=500, message="etcd is full")
    async with sitting(world.folder, world.profile, size=size) as it:
        await begin(it)
        await ended(it, State.FAILED)
        await it.sees("etcd is full")
        assert "✗ Runner direct and its token" in it.words
        fault.times = 0
        await it.press("enter")
        await ended(it, State.DONE)
        await it.sees("proven by a job")
    assert world.live_tokens == [world.secret_token]


async def test_a_stop_between_a_token_and_its_place_comes_after_it_is_stored(world: World):
    async with sitting(world.folder, world.profile) as it:
        work = Work(Verb.APPLY, it.session.facts.clock)

        def stop(event: Event) -> None:
            if isinstance(event, RunnerCreated):
                work.run.cancel.set()

        systems = it.session.wiring(cancel=work.run.cancel)
        await work.follow(verbs.apply(open_profile(world.profile), systems, work.run), stop)
    assert work.state is State.STOPPED
    assert world.live_tokens == [world.secret_token]
    again = world.apply()
    assert again.code == 0, again.err + again.out
    assert "TokenReset" not in [one["event"] for one in again.events]


@BOTH_SIZES
async def test_quitting_while_it_runs_asks_and_the_default_is_to_go_on(
    tmp_path: Path, world: World, size: Size
):
    world.managers_start = False
    async with sitting(world.folder, world.profile, size=size) as it:
        await begin(it)
        await it.sees("Proof of direct")
        await it.press("ctrl+q")
        assert isinstance(it.app.screen, Question)
        await it.press("enter")
        work = it.session.work
        assert work
        assert work.running
        await it.press("escape")  # going back asks as well
        assert isinstance(it.app.screen, Question)
        await it.press("right", "enter")
        await ended(it, State.STOPPED)
        await it.sees("Stopped after")
        assert it.step.title == "Apply"


async def test_undoing_a_first_set_up_that_failed_asks_and_names_the_place(world: World):
    world.cluster.fails("PATCH", "/secrets/", status=500, message="etcd is full")
    async with sitting(world.folder, world.profile) as it:
        await begin(it)
        await ended(it, State.FAILED)
        assert world.gitlab.runners
        it.step.query_one("#undo", Button).press()
        await it.until(lambda: isinstance(it.app.screen, Question))
        await it.sees("context fake, namespaces gitlab-runner, gitlab-runner-jobs")
        await it.press("enter")  # the default is No
        assert world.gitlab.runners
        it.step.query_one("#undo", Button).press()
        await it.until(lambda: isinstance(it.app.screen, Question))
        await it.press("right", "enter")
        await it.until(lambda: it.session.work and it.session.work.verb == "destroy")
        await ended(it, State.DONE)
        await it.sees("what this profile created is gone")
    assert not world.gitlab.runners
    assert world.profile.exists()


async def test_the_report_holds_the_cause_and_no_secret(world: World):
    token = world.token.get_secret_value()
    world.cluster.fails("PATCH", "/secrets/", status=500, message=f"etcd dislikes {token}")
    async with sitting(world.folder, world.profile) as it:
        await begin(it)
        await ended(it, State.FAILED)
        it.step.query_one("#report", Button).press()
        await it.pilot.pause()
        assert token not in it.screen
    report = (world.folder / "direct-report.txt").read_text()
    assert "etcd dislikes" in report
    assert "✗ Runner direct and its token" in report
    assert token not in report
    assert not [one for one in world.live_tokens if one in report]


@BOTH_SIZES
async def test_without_a_token_the_files_are_written_and_git_is_next(home: Path, size: Size):
    async with sitting(home, preset="homelab", size=size) as it:
        await ready(it)
        await it.press("tab", "enter")
        await it.press("enter")  # the file that is proposed
        await it.until(lambda: it.session.work)
        await ended(it, State.DONE)
        await it.sees("your commit.")
        assert (home / "homelab.yaml").exists()
        assert list((home / "gitops").rglob("*.yaml"))
        it.step.query_one("#copy-commands", Button).press()
        await it.pilot.pause()
        assert "git add --all -- " in it.app.clipboard
        assert "git push" in it.app.clipboard
