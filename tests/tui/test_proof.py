"""Proof: who has seen the runner, what ran on it, and what to do now."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button, TextArea

from tests.tui.conftest import Sitting, sitting
from wizard.core.changes import Plan
from wizard.core.events import (
    Event,
    ManagerSeen,
    Planned,
    Proven,
    SmokeJobPassed,
    StepStarted,
    Unproven,
    Waiting,
)
from wizard.tui.work import State, Verb, Work

SEEN = ManagerSeen("homelab", "r_4d1c2f", "19.3.1")


async def shows(it: Sitting, *events: Event, state: State = State.DONE) -> None:
    """Come to the proof of a run that told these events."""
    work = Work(Verb.APPLY, lambda: 0.0, state=state, ended=0.0)
    work.events = [(0.0, event) for event in events]
    it.session.work = work
    await it.go_to("Proof")


async def test_it_names_the_manager_and_the_job(home: Path):
    async with sitting(home) as it:
        await shows(it, SEEN, SmokeJobPassed("homelab", 42, "r_4d1c2f"), Proven("homelab"))
        for text in (
            "✓ homelab: proven by a job",
            "manager r_4d1c2f, version 19.3.1",
            "smoke job 42: passed, on manager r_4d1c2f",
        ):
            assert text in it.words


async def test_online_without_a_job_is_not_called_proven(home: Path):
    async with sitting(home) as it:
        await shows(it, SEEN, Unproven("homelab", "the token's scopes do not allow a pipeline"))
        assert "– homelab: online, unproven (the token's scopes" in it.words
        assert "✓" not in it.words


async def test_who_was_proven_before_needs_only_be_heard_from_again(home: Path):
    async with sitting(home) as it:
        await shows(it, SEEN)
        assert "✓ homelab: heard from again, and proven before" in it.words


async def test_a_run_that_failed_after_hearing_from_a_manager_proves_nothing(home: Path):
    async with sitting(home) as it:
        await shows(it, SEEN, state=State.FAILED)
        assert "seen by GitLab: manager r_4d1c2f" in it.words
        assert "✓" not in it.words


async def test_files_that_wait_show_what_to_type(home: Path):
    async with sitting(home, size=(80, 30)) as it:
        await shows(it, Waiting("The files wait.", ("cd gitops", "git push")))
        assert "◐ The files wait." in it.words
        assert "cd gitops git push" in it.words
        it.step.query_one("#copy-commands", Button).press()
        await it.pilot.pause()
        assert it.app.clipboard == "cd gitops\ngit push"


async def test_nothing_to_do_is_said_plainly(home: Path):
    async with sitting(home) as it:
        await shows(it, StepStarted("Look"), Planned(Plan()))
        assert "✓ No change: everything is as the profile says" in it.words


async def test_the_pipeline_of_the_runner_is_shown_and_copied(home: Path):
    async with sitting(home) as it:
        await shows(it, Proven("homelab"))
        assert "kaniko" in it.step.query_one(TextArea).text
        it.step.query_one("#copy-pipeline", Button).press()
        await it.pilot.pause()
        assert '["homelab"' in it.app.clipboard


@pytest.mark.parametrize("button", ["change", "quit"])
async def test_it_leads_back_to_change_something_or_out(home: Path, button: str):
    async with sitting(home) as it:
        await shows(it, Proven("homelab"))
        it.step.query_one(f"#{button}", Button).press()
        if button == "change":
            await it.until(lambda: it.step.title == "Runner")
        else:
            await it.until(lambda: not it.app.is_running)
