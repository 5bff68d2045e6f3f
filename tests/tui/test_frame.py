"""The frame around the steps: keys, help, sizes, colours, focus, foreign text, and its end."""

from __future__ import annotations

import gc
import re
import time
import weakref
from pathlib import Path

import pytest
from textual.widgets import Footer, Input

import wizard.tui
from tests.fakes.gitlab import FakeGitLab
from tests.fakes.kubernetes import FakeCluster
from tests.tui.conftest import sitting
from wizard.core.secrets import SecretStr, remember_secret
from wizard.tui.drafts import of_preset, to_keep
from wizard.tui.memory import Memory
from wizard.tui.modals import Question, Reading
from wizard.tui.outline import OUTLINE, StepId

SOURCES = sorted(Path(wizard.tui.__file__).parent.rglob("*.py"))


async def test_every_key_of_the_footer_is_seen_at_eighty_columns(home: Path):
    async with sitting(home) as it:
        shown = it.screen.splitlines()[-1]
        for said in ("^n Next", "esc Back", "f1 Help", "f5 Check", "^s Save", "^p Menu", "^q Quit"):
            assert said in shown


async def test_every_binding_can_be_found_by_id_and_explains_itself(home: Path):
    async with sitting(home) as it:
        for active in it.app.screen.active_bindings.values():
            if active.binding.show and active.node in {it.app, it.app.wizard}:
                assert active.binding.id, active.binding
                assert active.binding.tooltip, active.binding


async def test_no_letter_is_an_action_while_one_types(home: Path):
    async with sitting(home) as it:
        for key, active in it.app.screen.active_bindings.items():
            if active.node in {it.app, it.app.wizard}:
                assert len(key) > 1, active.binding


async def test_f1_explains_the_field_in_focus(home: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-job_namespace Input")
        await it.press("f1")
        assert isinstance(it.app.screen, Reading)
        assert "In the profile: cluster.job_namespace" in it.words
        await it.press("escape")
        assert it.step.title == "Cluster"


async def test_the_help_line_is_about_the_field_in_focus(home: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        assert "The namespace of the runner managers." in it.words
        await it.press("enter")
        assert "The namespace of the job pods; runners that need" in it.words


async def test_the_palette_goes_to_answered_steps_alone(home: Path):
    async with sitting(home) as it:
        await it.press("ctrl+n")
        titles = [command.title for command in it.app.get_system_commands(it.app.screen)]
        assert "Go to Start" in titles
        assert "Go to Cluster" in titles
        assert "Go to Runner" not in titles
        assert {"Save", "Theme", "Quit", "Copy the headless command"} <= set(titles)


async def test_typing_never_reaches_a_step_that_was_left(home: Path):
    """ContentSwitcher gave the focus to a hidden input once a modal had closed."""
    async with sitting(home) as it:
        await it.go_to("GitLab")
        before = it.draft.value("gitlab", "url")
        await it.go_to("Start")
        await it.press("ctrl+s", "escape")
        await it.press("x", "y")
        assert it.draft.value("gitlab", "url") == before
        assert it.app.focused in it.step.query("*")
        assert len(it.app.wizard.query("#step")) == 1


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (200, 60)], ids=str)
async def test_every_step_shows_its_focus_and_its_keys_at_any_size(home: Path, size):
    async with sitting(home, size=size) as it:
        for step in OUTLINE:
            if not step.owns:
                break
            await it.go_to(step.title)
            await it.pilot.pause()
            assert it.app.wizard.query_one(Footer).region.bottom == size[1]
            focused = it.app.focused
            assert focused is not None, step.title
            assert it.step.region.overlaps(focused.region), step.title
            assert f"{OUTLINE.index(step) + 1} of {len(OUTLINE)} {step.title}" in it.words


async def test_the_stepper_gives_way_to_one_line_when_the_terminal_narrows(home: Path):
    async with sitting(home, size=(120, 40)) as it:
        assert "▸ Start" in it.screen
        await it.pilot.resize_terminal(80, 24)
        await it.pilot.pause()
        assert "▸ Start" not in it.screen
        assert f"Step 1 of {len(OUTLINE)} Start" in it.words
        await it.pilot.resize_terminal(40, 12)
        await it.pilot.pause()
        assert "Step 1 of" in it.screen


async def test_foreign_text_is_shown_as_it_is(
    home: Path, cluster: FakeCluster, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
):
    name = "[/etc/x] [link=https://x]lab[foo]"
    file = cluster.write_kubeconfig(home / "other", context=name)
    monkeypatch.setenv("KUBECONFIG", str(file))
    async with sitting(home, size=(120, 40)) as it:
        await it.go_to("Cluster")
        await it.sees(f"(•) {name}")
        (home / "[b").mkdir()
        monkeypatch.chdir(home)  # a short path is on one line, wherever the home is
        await it.save(Path("[b", "].yaml"))
        await it.sees("Saved [b/].yaml")
        assert not await it.app.files.save(it.session, Path("[", "missing].yaml"))
        await it.sees("[/missing].yaml cannot be written")


def test_no_text_is_left_to_be_taken_for_markup():
    """Said, Content and markup=False are the ways; a bare Label or Static is none."""
    for source in SOURCES:
        text = source.read_text()
        assert not re.search(r"\b(Label|Markdown|Pretty)\(", text), source
        for call in re.finditer(r"\.notify\((.*?)\n?\s*\)\n", text, re.DOTALL):
            assert "markup=False" in call[1], f"{source}: {call[0]}"
        for call in re.finditer(r"\b(?:Static|OptionList|RichLog|SelectionList)\((.*?)\)", text):
            if "class " not in text[max(call.start() - 40, 0) : call.start()]:
                assert "markup=False" in call[1], f"{source}: {call[0]}"


async def test_no_color_means_none_at_all(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with sitting(home) as it:
        await it.sees("A new profile, from a preset")
        lines = it.app.screen._compositor.render_strips(it.app.size)
        styles = [segment.style for line in lines for segment in line if segment.style]
        colours = {colour for style in styles for colour in (style.color, style.bgcolor)}
        assert {colour.name for colour in colours if colour} <= {"default"}


async def test_without_colour_what_has_the_focus_still_stands_out(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NO_COLOR", "1")
    async with sitting(home) as it:
        for selector, cursor in (("#presets", "(•) homelab"), ("#name Input", "homelab")):
            await it.focus(selector)
            lines = it.app.screen._compositor.render_strips(it.app.size)
            segments = [segment for line in lines for segment in line if segment.style]
            marked = [one.text for one in segments if one.style.reverse or one.style.underline]
            assert any(text.strip().startswith(cursor) for text in marked), selector


async def test_a_step_that_was_left_is_let_go_of_with_all_its_fields(home: Path):
    async with sitting(home) as it:
        left = []
        for title in ("Cluster", "Runner", "Secrets", "Resources", "Review"):
            await it.go_to(title)
            left += [weakref.ref(one) for one in (it.step, *it.step.query("*"))]
        await it.go_to("Start")

        def gone() -> bool:
            gc.collect()
            return not [one for one in left if one() is not None]

        await it.until(gone)


async def test_nothing_moves_by_itself(home: Path):
    async with sitting(home) as it:
        assert it.app.animation_level == "none"


async def test_no_button_that_changes_something_has_the_focus_first(home: Path):
    async with sitting(home) as it:
        it.draft.set(("name",), "attic")
        await it.press("ctrl+q")
        assert isinstance(it.app.screen, Question)
        assert it.app.focused.id == "stay"
        await it.press("escape")
        assert it.app.is_running
        assert it.step.title == "Start"


async def test_a_secret_somebody_else_repeats_is_not_shown(
    home: Path, gitlab: FakeGitLab, cluster: FakeCluster
):
    token = gitlab.add_token("api").get_secret_value()
    gitlab.fail_next("GET", "/user", 400, {"message": f"your token is {token}"}, times=5)
    async with sitting(home) as it:
        await it.go_to("GitLab")
        await it.type(gitlab.url)
        await it.press("enter")
        await it.type(token)
        await it.sees("your token is")
        assert token not in it.screen


async def test_quitting_does_not_wait_for_a_call(
    home: Path, cluster: FakeCluster, kubeconfig: Path
):
    cluster.fails("GET", "/version", delay=4)
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.sees("asking ...")
        started = time.monotonic()
        await it.press("ctrl+q")
    assert time.monotonic() - started < 2


async def test_a_mistake_of_ours_ends_without_a_traceback_on_the_screen(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    secret = remember_secret(SecretStr("s3cret-" + "x" * 12)).get_secret_value()

    def trip() -> None:
        local_secret = secret
        raise RuntimeError(f"tripped over {len(local_secret)}")

    with pytest.raises(RuntimeError, match="tripped"):  # noqa: PT012
        async with sitting(home) as it:
            it.app.call_later(trip)
            await it.pilot.pause()
    assert isinstance(it.app.crash, RuntimeError)
    assert secret not in "".join(capsys.readouterr())


def test_a_kept_draft_that_is_damaged_is_as_if_there_were_none(tmp_path: Path):
    memory = Memory(tmp_path)
    profile = tmp_path / "homelab.yaml"
    memory.keep(to_keep(of_preset("homelab", tmp_path), StepId.START, ()))
    (file,) = (tmp_path / "drafts").glob("*.json")
    assert memory.kept(profile)
    for damaged in ("", "{}", "[1]", '{"text": 1}', "\x00"):
        file.write_text(damaged)
        assert memory.kept(profile) is None
        assert memory.latest_draft() is None
    (tmp_path / "recent.json").write_text('{"profiles": [1, {"path": "x"}]}')
    assert Memory(tmp_path).recent() == []


def test_only_profiles_that_are_still_there_are_recent_the_latest_first(tmp_path: Path):
    memory = Memory(tmp_path / "state")
    for name in ("a", "b", "gone"):
        (tmp_path / f"{name}.yaml").write_text("")
        memory.note(tmp_path / f"{name}.yaml", "saved")
    memory.note(tmp_path / "a.yaml", "proven")
    (tmp_path / "gone.yaml").unlink()
    assert [(one.path.name, one.state) for one in memory.recent()] == [
        ("a.yaml", "proven"),
        ("b.yaml", "saved"),
    ]


async def test_a_bracketed_paste_of_several_lines_is_taken_whole(home: Path, gitlab: FakeGitLab):
    from textual.events import Paste

    token = gitlab.add_token("api").get_secret_value()
    async with sitting(home) as it:
        await it.go_to("GitLab")
        await it.type(gitlab.url)
        await it.press("enter")
        focused = it.app.focused
        assert isinstance(focused, Input)
        focused.post_message(Paste(f"{token}\r\n"))
        await it.sees("You are owner")
