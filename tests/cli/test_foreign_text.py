"""What others wrote is text on one line of ours: it hides nothing, and forges nothing."""

from __future__ import annotations

import pytest

from wizard.cli.output import Output
from wizard.cli.plans import plan_text
from wizard.core.changes import Action, Change, FieldChange, Plan, System
from wizard.core.errors import WizardError

FORGED = (
    "old\n  = 2 unchanged\r\nPlan: nothing to do.\x85\u2028Cluster\x1b[8m\x1b[2J\u202e\u200b\x07"
)


def _plan() -> Plan:
    field = FieldChange(f"description{FORGED}", f"before{FORGED}", f"after{FORGED}")
    change = Change(System.GITLAB, Action.UPDATE, f"runner {FORGED}", (field,), f"as {FORGED}")
    return Plan([change], [f"unseen {FORGED}"], [f"note {FORGED}"])


@pytest.mark.parametrize("color", [True, False])
def test_foreign_text_forges_no_line_of_the_plan(capsys, color: bool) -> None:
    output = Output("plan", color=color)
    output.say(plan_text(_plan(), output))
    said = capsys.readouterr().err
    lines = said.splitlines()
    assert [line for line in lines if line.startswith("Plan:")] == ["Plan: 1 to update."]
    assert not [line for line in lines if line.strip() in {"= 2 unchanged", "Cluster"}]
    assert "\x1b[8m" not in said
    assert "\x1b[2J" not in said
    assert not set("\u202e\u200b\u2028\x07\x85") & set(said)


def test_foreign_text_forges_no_fix(capsys) -> None:
    Output("x", color=False).fail(WizardError("a\nfix: b", "c\n  fix: run this", "Do that"))
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line.startswith("  fix:")] == ["  fix: Do that"]
    assert said[0] == "error: a\\nfix: b"
