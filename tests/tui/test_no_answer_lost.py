"""No answer is lost, and no file is written over without a word."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from tests.fakes.gitlab import FakeGitLab
from tests.journeys.world import World
from tests.tui.conftest import Sitting, sitting
from wizard.core.errors import ExitCode
from wizard.core.secrets import SecretStr, remember_secret
from wizard.profile.draft import Origin
from wizard.tui.memory import Memory
from wizard.tui.modals import Question, SaveAs
from wizard.tui.outline import OUTLINE
from wizard.tui.widgets import Choice, Menu


@pytest.fixture
async def homelab(home: Path) -> Path:
    """A profile in a file, as the wizard saves it."""
    file = home / "mine.yaml"
    async with sitting(home, preset="direct") as it:
        it.draft.set(("runners", 0, "scope"), {"project": "acme/homelab"})
        await it.save(file)
    return file


def kept(home: Path, profile: Path) -> object:
    return Memory(home / "state" / "runner-wizard").kept(profile)


async def asked(it: Sitting, question: str) -> None:
    await it.until(lambda: isinstance(it.app.screen, Question))
    await it.sees(question)


def text_in(file: Path) -> str:
    return file.read_text()


def rewrite(file: Path, old: str, new: str) -> None:
    """Somebody else edits the file."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# One session for each profile


async def test_a_token_typed_for_one_gitlab_never_goes_to_another(
    home: Path, homelab: Path, gitlab: FakeGitLab
):
    with FakeGitLab() as other:
        rewrite(homelab, "https://gitlab.com", other.url)
        async with sitting(home) as it:
            it.draft.set(("gitlab", "url"), gitlab.url)
            it.session.keep_secret("GITLAB_TOKEN", gitlab.add_token("api").get_secret_value())
            await open_file(it, homelab)
            await asked(it, "Open another profile?")
            await it.press("right", "right", "right", "enter")
            await it.sees("mine.yaml is open")
            assert it.session.secret("GITLAB_TOKEN") is None
            for title in ("GitLab", "Runner", "Review"):
                await it.go_to(title)
            await it.until(lambda: other.calls)
            await it.sees("There is no plan.")
        assert not [one for one in other.calls if one.headers.get("Authorization")]


async def test_what_was_set_aside_for_one_profile_is_not_in_the_next(home: Path, homelab: Path):
    async with sitting(home, homelab) as it:
        it.session.just_files = True
        before = it.session
        await open_file_of_menu(it, homelab)
        await it.until(lambda: it.session is not before)
        assert not it.session.just_files
        assert it.session.facts is before.facts, "what is known of the machine stays"


async def test_a_typed_token_is_there_again_when_its_address_is(home: Path, gitlab: FakeGitLab):
    token = gitlab.add_token("api").get_secret_value()
    async with sitting(home) as it:
        it.draft.set(("gitlab", "url"), gitlab.url)
        it.session.keep_secret("GITLAB_TOKEN", token)
        it.draft.set(("gitlab", "url"), "https://gitlab.example.com")
        assert it.session.secret("GITLAB_TOKEN") is None
        it.draft.set(("gitlab", "url"), gitlab.url)
        held = it.session.secret("GITLAB_TOKEN")
        assert held
        assert held.get_secret_value() == token


async def test_a_credential_of_a_backend_belongs_to_its_address(home: Path):
    async with sitting(home) as it:
        key = ("secrets", "infisical", "host")
        it.session.keep_secret("INFISICAL_CLIENT_SECRET", "not-for-everybody")
        it.draft.set(key, "https://infisical.elsewhere.example")
        assert it.session.secret("INFISICAL_CLIENT_SECRET") is None
        it.draft.set(key, "https://app.infisical.com")
        assert it.session.secret("INFISICAL_CLIENT_SECRET")


# An opened profile is what one came for


async def test_enter_on_the_first_screen_of_an_opened_profile_does_not_replace_it(
    home: Path, homelab: Path
):
    async with sitting(home, homelab) as it:
        before = it.draft.value("id")
        assert not it.step.query("#presets")
        assert isinstance(it.app.focused, Menu)
        await it.press("enter")
        await it.until(lambda: it.step.title == "Cluster")
        assert it.draft.value("id") == before
        assert it.draft.path == homelab


async def test_a_new_profile_in_the_place_of_one_with_unsaved_answers_asks(
    home: Path, homelab: Path
):
    async with sitting(home, homelab) as it:
        it.draft.set(("cluster", "namespace"), "ci")
        await it.press("down", "down", "enter")
        await it.press("enter")  # the first preset
        await asked(it, "Open another profile?")
        await it.press("enter")  # stay
        assert it.draft.value("cluster", "namespace") == "ci"


# Another preset, another backend, another strategy, and back again


async def test_another_preset_and_back_loses_nothing_that_was_answered(home: Path):
    async with sitting(home) as it:
        it.draft.set(("secrets", "infisical", "project"), "attic")
        it.draft.set(("delivery", "repository", "url"), "https://gitlab.com/ada/attic.git")
        it.draft.set(("runners", 0, "tags"), ["mine"])
        it.draft.add_runner("second", 0)
        it.draft.set(("runners", 1, "scope"), {"group": "acme"})
        for name in ("direct", "homelab"):
            choice = it.step.query_one("#presets", Choice)
            choice.highlighted = choice.get_option_index(name)
            await it.focus("#presets")
            await it.press("enter")
            await it.until(lambda name=name: it.draft.preset == name)
            assert it.draft.runners[1:] == ["second"]
            assert it.draft.value("runners", 1, "tags") == ["mine"]
            assert it.draft.value("runners", 1, "scope") == {"group": "acme"}
        assert it.draft.value("secrets", "infisical", "project") == "attic"
        assert it.draft.value("delivery", "repository", "url").endswith("ada/attic.git")


async def test_another_build_strategy_and_back_keeps_its_builder(home: Path):
    async with sitting(home) as it:
        image = ("runners", 0, "builds", "image")
        await it.go_to("Image builds")
        it.draft.set(image, "registry.example.com/kaniko:1")
        for name in ("dind", "kaniko"):
            choice = it.step.query_one("#ways", Choice)
            await it.focus("#ways")
            choice.highlighted = choice.get_option_index(name)
            await it.press("enter")
            await it.until(lambda name=name: it.draft.value(*image[:3], "strategy") == name)
        assert it.draft.value(*image) == "registry.example.com/kaniko:1"


async def test_what_stands_in_the_scope_is_what_the_profile_says_whatever_kind_is_chosen(
    home: Path,
):
    async with sitting(home) as it:
        await it.go_to("Runner")
        await it.focus("#scope Input")
        await it.type("acme/website")
        for kind, scope in (
            ("instance", "instance"),
            ("group", {"group": "acme/website"}),
            ("project", {"project": "acme/website"}),
        ):
            choice = it.step.query_one("#kind", Choice)
            await it.focus("#kind")
            choice.highlighted = choice.get_option_index(kind)
            await it.press("enter")
            assert it.draft.value("runners", 0, "scope") == scope


async def test_a_tag_that_was_typed_and_not_entered_is_a_tag(home: Path):
    async with sitting(home) as it:
        await it.go_to("Runner")
        await it.focus("Chips Input")
        await it.type("gpu")
        await it.press("escape")
        await it.until(lambda: it.step.title == "GitLab")
        assert "gpu" in it.draft.value("runners", 0, "tags")


async def test_typing_the_old_value_again_is_no_change(home: Path, homelab: Path):
    async with sitting(home, homelab) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.type("ci")
        assert it.draft.dirty
        await it.type("gitlab-runner")
        assert not it.draft.dirty
        assert it.draft.answer("cluster", "namespace").origin is Origin.PROFILE


async def test_looking_at_every_step_answers_nothing(home: Path, homelab: Path):
    rewrite(homelab, "    maximum_timeout: 1h\n", "")
    async with sitting(home, homelab) as it:
        await it.until(lambda: it.session.facts.contexts is not None)
        for step in OUTLINE:
            await it.go_to(step.title)
            await it.pilot.pause()
        typed = [key for key, origin in it.draft.origins() if origin is Origin.TYPED]
        assert not typed


# The file


async def test_a_file_that_changed_on_disk_is_not_written_over_without_a_word(
    home: Path, homelab: Path
):
    async with sitting(home, homelab) as it:
        it.draft.set(("cluster", "namespace"), "ci")
        rewrite(homelab, "\ncluster:", "\n# a colleague was here\ncluster:")
        await it.press("ctrl+s")
        await asked(it, "mine.yaml has changed since it was read")
        assert "+# a colleague was here" in it.screen
        await it.press("enter")  # leave the file
        await it.until(lambda: isinstance(it.app.screen, SaveAs))
        await it.press("escape")
        assert "a colleague was here" in text_in(homelab)
        assert it.draft.value("cluster", "namespace") == "ci"


async def test_an_invalid_draft_is_not_saved_over_a_valid_profile_without_a_word(
    home: Path, homelab: Path
):
    before = text_in(homelab)
    async with sitting(home, homelab) as it:
        it.draft.set(("runners", 0, "jobs", "concurrent"), "two")
        await it.press("ctrl+s")
        await asked(it, "mine.yaml is valid now, and would have 1 problem")
        await it.press("enter")
    assert text_in(homelab) == before


async def test_what_is_agreed_to_is_saved_over_it(home: Path, homelab: Path):
    async with sitting(home, homelab) as it:
        it.draft.set(("runners", 0, "jobs", "concurrent"), "two")
        await it.press("ctrl+s")
        await asked(it, "would have 1 problem")
        await it.press("right", "enter")
        await it.until(lambda: not it.draft.dirty)
    assert "two" in text_in(homelab)


async def test_apply_does_not_carry_out_a_file_that_changed_after_the_review(world: World):
    async with sitting(world.folder, world.profile) as it:
        await it.go_to("Review")
        await it.until(lambda: it.session.reviewed)
        await it.press("ctrl+n")
        await it.sees("Ready:")
        world.change("concurrent: 2", "concurrent: 99")
        await it.press("tab", "enter")
        await asked(it, "has changed since it was read")
        await it.press("enter")
        assert it.session.work is None
    assert not world.gitlab.writes
    assert not world.cluster.writes


async def test_what_apply_confirms_is_what_it_writes(home: Path):
    async with sitting(home) as it:
        elsewhere = home / "elsewhere"
        elsewhere.mkdir()
        await it.go_to("Review")
        await it.until(lambda: it.session.reviewed)
        await it.press("ctrl+n")
        await it.sees(f"the folder {home / 'gitops'}")
        await it.press("tab", "enter")
        await it.until(lambda: isinstance(it.app.screen, SaveAs))
        await it.type(str(elsewhere / "homelab.yaml"))
        await it.press("enter")
        await it.sees("has changed since the review")
        assert it.session.work is None
    assert not (elsewhere / "gitops").exists()
    assert not (home / "gitops").exists()


async def test_a_ca_beside_the_profile_goes_along_into_another_folder(home: Path):
    (home / "elsewhere").mkdir()
    (home / "homelab-ca.pem").write_text("certificates\n")
    async with sitting(home) as it:
        it.draft.set(("gitlab", "ca_file"), "homelab-ca.pem")
        await it.save(home / "elsewhere" / "homelab.yaml")
    assert (home / "elsewhere" / "homelab-ca.pem").read_text() == "certificates\n"


async def test_a_saved_profile_keeps_its_file_when_it_is_named_otherwise(home: Path):
    async with sitting(home) as it:
        await it.save(home / "first.yaml")
        await it.focus("#name Input")
        await it.type("attic")
        await it.press("enter")
        assert it.draft.path == home / "first.yaml"


# Drafts


async def test_what_is_answered_is_kept_as_one_goes(home: Path, homelab: Path):
    async with sitting(home, homelab) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.type("ci")
        await it.until(lambda: kept(home, homelab))
        await it.type("gitlab-runner")  # as it was
        await it.until(lambda: kept(home, homelab) is None)


async def test_a_draft_is_data_and_nothing_in_it_is_masked(home: Path, homelab: Path):
    """A URL pasted into the token's field is a secret from then on, and the profile's answer."""
    url = "https://gitlab.example.com"
    async with sitting(home, homelab) as it:
        it.draft.set(("gitlab", "url"), url)
        remember_secret(SecretStr(url))
        await it.press("ctrl+q")
        await asked(it, "Quit?")
        await it.press("right", "right", "enter")
    async with sitting(home, homelab) as it:
        await asked(it, "A draft of mine.yaml was kept. Go on with it?")
        await it.press("right", "enter")
        await it.until(lambda: it.draft.value("gitlab", "url") == url)
        assert it.draft.answer("gitlab", "url").origin is Origin.TYPED
        await it.press("ctrl+s")
        await it.until(lambda: not it.draft.dirty)
    assert f"url: {url}\n" in text_in(homelab)
    assert "[redacted]" not in text_in(homelab)


async def test_a_draft_of_a_file_that_changed_since_asks_before_it_is_saved(
    home: Path, homelab: Path
):
    async with sitting(home, homelab) as it:
        it.draft.set(("cluster", "namespace"), "ci")
        await it.press("ctrl+q")
        await asked(it, "Quit?")
        await it.press("right", "right", "enter")
    rewrite(homelab, "\ncluster:", "\n# a colleague was here\ncluster:")
    async with sitting(home, homelab) as it:
        await asked(it, "mine.yaml has changed since")
        await it.press("right", "enter")
        await it.until(lambda: it.draft.value("cluster", "namespace") == "ci")
        await it.press("ctrl+s")
        await asked(it, "mine.yaml has changed since it was read. Write over it?")
        await it.press("enter")
    assert "a colleague was here" in text_in(homelab)


async def test_a_draft_that_is_not_wanted_now_is_not_lost_to_the_next_one(
    home: Path, homelab: Path
):
    async with sitting(home, homelab) as it:
        it.draft.set(("cluster", "namespace"), "first")
        await it.press("ctrl+q")
        await asked(it, "Quit?")
        await it.press("right", "right", "enter")
    async with sitting(home, homelab) as it:
        await asked(it, "A draft of mine.yaml was kept")
        await it.press("enter")  # open the file
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.type("second")
        await it.until(lambda: kept(home, homelab))
    drafts = (home / "state" / "runner-wizard" / "drafts").glob("*.json")
    assert sorted("first" in one.read_text() for one in drafts) == [False, True]


@pytest.mark.parametrize("ends_with", [signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
async def test_a_signal_keeps_the_answers_and_ends_the_screens(
    home: Path, homelab: Path, ends_with: signal.Signals
):
    async with sitting(home, homelab) as it:
        it.draft.set(("cluster", "namespace"), "ci")
        os.kill(os.getpid(), ends_with)
        await it.until(lambda: not it.app.is_running)
        assert it.app.return_value is ExitCode.INTERRUPTED
    assert kept(home, homelab)


async def test_a_crash_keeps_the_answers(home: Path, homelab: Path):
    def trip() -> None:
        raise RuntimeError("tripped")

    with pytest.raises(RuntimeError, match="tripped"):  # noqa: PT012
        async with sitting(home, homelab) as it:
            it.draft.set(("cluster", "namespace"), "ci")
            it.app.call_later(trip)
            await it.pilot.pause()
    assert kept(home, homelab)


async def test_quitting_offers_to_save(home: Path, homelab: Path):
    async with sitting(home, homelab) as it:
        it.draft.set(("cluster", "namespace"), "ci")
        await it.press("ctrl+q")
        await asked(it, "Quit?")
        await it.press("right", "enter")
        await it.until(lambda: not it.app.is_running)
    assert "namespace: ci" in text_in(homelab)
    assert kept(home, homelab) is None


async def test_trying_again_after_a_change_reviews_again_and_loses_nothing(world: World):
    world.cluster.fails("PATCH", "/secrets/", status=500, message="etcd is full")
    async with sitting(world.folder, world.profile) as it:
        await it.go_to("Review")
        await it.until(lambda: it.session.reviewed)
        await it.press("ctrl+n", "tab", "enter")
        await it.until(lambda: it.session.work and not it.session.work.running, 30)
        it.draft.set(("runners", 0, "jobs", "concurrent"), 7)
        it.step.query_one("#retry", Button).press()
        await it.sees("The profile has changed since this began")
        assert it.draft.value("runners", 0, "jobs", "concurrent") == 7


async def open_file(it: Sitting, path: Path) -> None:
    await it.focus("#path")
    assert isinstance(it.app.focused, Input)
    await it.type(str(path))
    await it.press("enter")


async def open_file_of_menu(it: Sitting, path: Path) -> None:
    """Open a file on the first screen of a profile that is open already."""
    await it.press("down", "down", "enter")
    await open_file(it, path)
