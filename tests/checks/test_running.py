"""How checks are run, and how apply refuses over them, without any system."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profile.profiles import SMALLEST, read
from wizard.checks.connected import Connected, Pending
from wizard.checks.running import Declared, refuse_failed, run_checks
from wizard.core.changes import System
from wizard.core.errors import NotAllowedError, NotReachedError, RefusedError, WizardError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.run import RunOptions

NOTHING = Connected(read(SMALLEST), None, RunOptions())  # type: ignore[arg-type]
WRITING = replace(NOTHING, pending=Pending(tokens=True))


def declared(look, **options) -> Declared:
    return Declared("files.some", "some files", look, System.FILES, **options)


def raising(error: Exception):
    def look(_: Connected):
        raise error

    return look


def failed(problem: str) -> Check:
    return Check("a check", Verdict.FAIL, Finding(problem, cause="why", fix="Do something"))


async def answer(look, connected: Connected = WRITING, **options) -> list[Check]:
    return await run_checks([declared(look, **options)], connected)


async def test_each_answer_carries_the_id_of_its_check():
    (check,) = await answer(lambda _: [Check("a check", Verdict.OK)])
    assert (check.id, check.verdict) == ("files.some", Verdict.OK)


async def test_nothing_is_asked_where_nothing_would_be_written():
    asked = raising(AssertionError("asked"))
    assert await answer(asked, NOTHING) == []


async def test_a_check_that_is_always_due_is_asked_then_too():
    (check,) = await answer(lambda _: [failed("No.")], NOTHING, always=True)
    assert check.verdict is Verdict.FAIL


async def test_what_the_user_may_not_look_at_is_unseen_and_refuses_nothing():
    (check,) = await answer(raising(NotAllowedError("You may not list nodes.")))
    assert check.verdict is Verdict.UNSEEN
    refuse_failed([check])


async def test_an_error_of_a_check_is_its_failure():
    (check,) = await answer(raising(WizardError("It is broken.", "why", "Repair it")))
    assert (check.verdict, check.finding) == (
        Verdict.FAIL,
        Finding("It is broken.", cause="why", fix="Repair it"),
    )


async def test_a_system_that_does_not_answer_ends_the_run():
    with pytest.raises(NotReachedError):
        await answer(raising(NotReachedError("Gone.")))


def test_apply_refuses_once_with_everything_that_failed():
    with pytest.raises(RefusedError, match="2 checks failed") as refused:
        refuse_failed([failed("One."), failed("Two."), failed("One.")])
    assert [one.problem for one in refused.value.findings] == ["One.", "Two."]


def test_a_single_failure_is_said_as_it_is():
    with pytest.raises(RefusedError, match=r"One\."):
        refuse_failed([Check("ok", Verdict.OK), failed("One.")])
