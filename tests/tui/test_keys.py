"""Keys that lead anywhere: by number, to a problem, back in time, and out."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from tests.tui.conftest import sitting
from wizard.core.events import Proven, Waiting
from wizard.profile.draft import Origin
from wizard.tui.ending import ending
from wizard.tui.modals import Reading
from wizard.tui.widgets import Choice
from wizard.tui.work import State, Verb, Work


async def test_a_step_is_reached_by_its_number(home: Path):
    async with sitting(home) as it:
        await it.go_to("GitLab")
        await it.press("alt+1")
        await it.until(lambda: it.step.title == "Start")
        await it.press("alt+7")
        await it.sees("Answer GitLab first.")
        assert it.step.title == "Start"


async def test_f8_walks_the_problems_wherever_they_are(home: Path):
    async with sitting(home) as it:
        await it.go_to("Review")
        it.draft.set(("cluster", "namespace"), "Not A Name")
        it.draft.set(("runners", 0, "jobs", "concurrent"), 0)
        titles = []
        for _ in range(3):
            await it.press("f8")
            titles.append(it.step.title)
        assert sorted(set(titles)) == ["Cluster", "Resources"]
        assert titles[0] == titles[2], "and around again"


async def test_ctrl_z_takes_answers_back_one_after_the_other(home: Path):
    async with sitting(home) as it:
        await it.go_to("Cluster")
        await it.focus("#cluster-namespace Input")
        await it.press(*"ci")
        await it.focus("#cluster-job_namespace Input")
        await it.type("ci-jobs")
        await it.press("ctrl+z")
        await it.until(lambda: it.draft.value("cluster", "job_namespace") == "gitlab-runner-jobs")
        assert (
            it.step.query_one("#cluster-job_namespace Input", Input).value == "gitlab-runner-jobs"
        )
        await it.press("ctrl+z")
        await it.until(lambda: it.draft.value("cluster", "namespace") == "gitlab-runner")
        assert it.draft.answer("cluster", "namespace").origin is Origin.PRESET


async def test_every_key_is_listed(home: Path):
    async with sitting(home) as it:
        await it.press("question_mark")
        await it.until(lambda: isinstance(it.app.screen, Reading))
        for text in ("Go to the next problem", "Undo the last answer", "Save the profile"):
            await it.sees(text)


async def test_a_question_mark_in_a_field_is_a_question_mark(home: Path):
    async with sitting(home) as it:
        await it.focus("#path")
        await it.press("question_mark")
        assert isinstance(it.app.focused, Input)
        assert it.app.focused.value == "?"


async def test_ctrl_c_says_how_to_quit(home: Path):
    async with sitting(home) as it:
        await it.press("ctrl+c")
        await it.sees("Ctrl+Q quits")
        assert it.app.is_running


async def test_the_arrows_choose(home: Path):
    async with sitting(home) as it:
        await it.press("up", "up", "ctrl+n")
        assert it.draft.preset == "direct"
        await it.until(lambda: it.step.title == "Cluster")


async def test_what_costs_more_than_a_look_is_not_chosen_by_arrows(home: Path):
    listed = Choice({"1": "one", "2": "two"}, "1", arrows=False)
    listed.action_cursor_down()
    assert listed.value == "1"


async def test_the_shell_keeps_what_was_done_and_what_is_next(home: Path):
    async with sitting(home, preset="direct") as it:
        assert ending(it.session) == [], "nothing was done"
        await it.save(home / "attic.yaml")
        it.session.work = Work(Verb.APPLY, lambda: 0.0, state=State.DONE, ended=0.0)
        it.session.work.events = [(0.0, Proven("direct"))]
        lines = ending(it.session)
        assert lines[0].startswith("✓ direct: proven")
        assert f"Profile  {home / 'attic.yaml'}" in lines[1]
        assert "runner-wizard apply attic.yaml" in lines[2]
        it.session.work.events = [(0.0, Waiting("The files wait.", ("git push",)))]
        assert "git push" in ending(it.session)[-1]
