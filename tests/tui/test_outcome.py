"""The second pane of a wide terminal shows what an answer does, as one types."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import sitting
from wizard.operations.preview.outcome import compared
from wizard.tui.widgets.outcome_pane import OutcomePane


def test_lines_that_were_not_there_before_are_new():
    lines = compared("a\nb\n", "a\nc\nb\n")
    assert [(one.text, one.is_new) for one in lines] == [("a", False), ("c", True), ("b", False)]


@pytest.mark.parametrize("size", [(110, 30), (150, 40)], ids=str)
async def test_a_changed_amount_is_seen_in_the_runners_settings(home: Path, size: tuple[int, int]):
    async with sitting(home, preset="direct", size=size) as it:
        await it.go_to("Resources")
        await it.sees('executor = "kubernetes"')
        await it.focus("#runners-0-jobs-memory-limit Input")
        await it.type("3Gi")
        await it.sees('+ memory_limit = "3Gi"')
        assert it.step.size.width >= 78, "the step has the room it is made for"


async def test_at_eighty_columns_the_step_has_all_the_room(home: Path):
    async with sitting(home, preset="direct") as it:
        await it.go_to("Resources")
        assert not it.app.wizard.query_one(OutcomePane).display


async def test_an_answer_that_is_not_valid_yet_is_said(home: Path):
    async with sitting(home, preset="direct", size=(120, 40)) as it:
        await it.go_to("Resources")
        await it.focus("#runners-0-jobs-concurrent Input")
        await it.type("two")
        await it.sees("is shown once the profile is valid")
