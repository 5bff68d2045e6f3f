"""Going through the steps: on, back, by a jump, and out again."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input, OptionList

from tests.fakes.gitlab import FakeGitLab
from tests.tui.conftest import BOTH_SIZES, Size, sitting
from wizard.profile.draft import Origin
from wizard.profile.load import load
from wizard.tui.modals import SaveAs
from wizard.tui.outline import OUTLINE
from wizard.tui.widgets import Choice, Row


async def test_the_first_set_up_takes_few_answers(home: Path, gitlab: FakeGitLab, kubeconfig: Path):
    token = gitlab.add_token("api").get_secret_value()
    async with sitting(home, preset="direct") as it:
        await it.press("ctrl+n")
        await it.sees("(•) fake")
        await it.press("ctrl+n")
        await it.type(gitlab.url)
        await it.press("enter")
        await it.type(token)
        await it.sees("You are owner")
        await it.press("enter")
        await it.sees("acme/website")
        await it.type("homelab")
        await it.sees("1 found")
        await it.press("enter")
        assert it.draft.value("runners", 0, "scope") == {"project": "acme/homelab"}
        typed = {key for key, origin in it.draft.origins() if origin is Origin.TYPED}
        assert typed == {("gitlab", "url"), ("runners", 0, "scope")}
        assert not [problem for problem in it.draft.problems() if problem.severity == "error"]


@BOTH_SIZES
async def test_back_and_forth_loses_nothing(home: Path, gitlab: FakeGitLab, size: Size):
    async with sitting(home, size=size) as it:
        await it.go_to("GitLab")
        await it.type(gitlab.url)
        await it.press("escape", "escape")
        assert it.step.title == "Start"
        await it.press("ctrl+n", "ctrl+n")
        assert it.step.query_one(".control", Input).value == gitlab.url
        assert it.draft.answer("gitlab", "url").origin is Origin.TYPED


async def test_another_preset_keeps_what_was_answered(home: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.type("ci")
        await it.go_to("Start")
        await it.focus("#presets")
        choice = it.step.query_one("#presets", Choice)
        choice.highlighted = choice.get_option_index("direct")
        await it.press("enter")
        assert it.draft.preset == "direct"
        assert it.draft.value("cluster", "namespace") == "ci"
        assert it.draft.value("secrets", "backend") == "kubernetes"


@BOTH_SIZES
async def test_what_is_wrong_is_said_under_its_field_and_keeps_from_going_on(
    home: Path, size: Size
):
    async with sitting(home, size=size) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.type("Not A Name")
        await it.focus("#cluster-job_namespace Input")
        await it.type("kube-system")
        await it.press("ctrl+n")
        assert it.step.title == "Cluster"
        assert "'Not A Name' is not a name that Kubernetes takes" in it.words
        assert it.app.focused is it.step.query_one("#cluster-namespace Input")
        await it.type("fine")
        await it.press("ctrl+n")
        assert "kube-system belongs to Kubernetes itself" in it.words


async def test_a_field_says_what_is_wrong_once_it_is_left(home: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.type("Nope!")
        assert "is not a name" not in it.words
        await it.press("enter")
        await it.sees("'Nope!' is not a name")


async def test_an_example_of_the_preset_must_be_answered(home: Path):
    async with sitting(home) as it:
        await it.go_to("Runner")
        await it.press("ctrl+n")
        assert it.step.title == "Runner"
        await it.sees("this is the preset's example")
        await it.type("acme/mine")
        await it.press("ctrl+n")
        assert "this is the preset's example" not in it.words


async def test_any_answered_step_can_be_jumped_to_and_no_later_one(home: Path):
    async with sitting(home, size=(120, 40)) as it:
        await it.press("ctrl+n")
        stepper = it.app.screen.query_one("#stepper", OptionList)
        assert "▸ Cluster" in it.screen
        assert "• Start" in it.screen
        assert "○ GitLab" in it.screen
        assert stepper.get_option_at_index(2).disabled
        await it.pilot.click("#stepper", offset=(5, 0))
        await it.pilot.pause()
        assert it.step.title == "Start"


async def test_a_step_with_something_wrong_in_it_is_marked(home: Path):
    async with sitting(home, size=(150, 40)) as it:
        await it.go_to("Runner")
        it.draft.set(("cluster", "namespace"), "Not A Name")
        it.app.wizard.refresh_marks()
        await it.sees("! Cluster")


async def test_enter_leads_from_field_to_field_and_then_to_the_next_step(home: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.press("enter")
        assert it.app.focused is it.step.query_one("#cluster-job_namespace Input")
        await it.press("enter", "enter")
        assert it.step.title == "GitLab"


async def test_saving_writes_a_profile_that_headless_commands_take(home: Path):
    async with sitting(home, preset="direct") as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.type("ci")
        await it.press("ctrl+s", "enter")
        assert not it.draft.dirty
    saved = home / "direct.yaml"
    assert load(saved).profile.cluster.namespace == "ci"
    assert "# One entry is one runner" in saved.read_text()
    assert saved.stat().st_mode & 0o777 == 0o600


async def test_saving_over_another_file_is_refused(home: Path):
    (home / "other.yaml").write_text("mine\n")
    async with sitting(home) as it:
        await it.press("ctrl+s")
        await it.until(lambda: isinstance(it.app.screen, SaveAs))
        await it.type(str(home / "other.yaml"))
        await it.press("enter")
        await it.sees("is there already")
    assert (home / "other.yaml").read_text() == "mine\n"


async def test_a_profile_opens_with_every_step_answered(home: Path):
    async with sitting(home, preset="direct") as it:
        await it.save(home / "direct.yaml")
    async with sitting(home, home / "direct.yaml", size=(120, 40)) as it:
        assert "direct.yaml is open: valid" in it.words
        for step in OUTLINE[1:]:
            if not step.owns:
                break  # what comes after the answers has still to happen
            assert f"• {step.title}" in it.screen
        assert it.draft.answer("gitlab", "url").origin is Origin.PROFILE
        await it.press("ctrl+q")
        assert it.app.return_value == 0, "nothing was changed, so nothing is asked"


@BOTH_SIZES
async def test_quitting_asks_and_keeps_a_draft_without_secrets(
    home: Path, gitlab: FakeGitLab, size: Size
):
    token = gitlab.add_token("api").get_secret_value()
    async with sitting(home, size=size) as it:
        await it.go_to("GitLab")
        await it.type(gitlab.url)
        await it.press("enter")
        await it.type(token)
        await it.press("ctrl+q")
        await it.sees("Quit?")
        assert it.app.focused.id == "stay"
        await it.press("right", "right", "enter")
    (kept,) = (home / "state" / "runner-wizard" / "drafts").glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert token not in kept.read_text()

    async with sitting(home, size=size) as it:
        await it.sees("A draft of homelab.yaml was kept. Go on with it?")
        await it.press("right", "enter")
        await it.until(lambda: it.step.title == "GitLab")
        assert it.draft.value("gitlab", "url") == gitlab.url
        assert it.draft.answer("gitlab", "url").origin is Origin.TYPED
        await it.save(home / "homelab.yaml")
    assert not kept.exists(), "it is saved, so nothing has to be kept"


async def test_on_the_smallest_screen_every_way_out_of_the_question_can_be_read(home: Path):
    async with sitting(home, size=(60, 20)) as it:
        await it.go_to("GitLab")
        await it.type("https://gitlab.example.com")
        await it.press("ctrl+q")
        await it.sees("[ Stay ]")
        assert "[ Save ]" in it.words
        assert "[ Keep a draft ]" in it.words
        assert "[ Discard ]" in it.words


async def test_every_row_explains_itself_and_says_where_its_value_comes_from(home: Path):
    async with sitting(home) as it:
        for step in OUTLINE:
            await it.go_to(step.title)
            for row in it.step.query(Row):
                assert row.help_text, row.key
                assert row.origin, row.key
