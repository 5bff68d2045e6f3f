"""One runner and its token, against a GitLab over HTTP and a backend in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.fakes.gitlab import FakeGitLab
from tests.profile.profiles import SMALLEST, read
from wizard.core.errors import ConflictError, NotReachedError, WizardError
from wizard.core.events import Event
from wizard.core.secrets import SecretStr, fingerprint
from wizard.operations.runners import tokens
from wizard.operations.runners.observe import observe
from wizard.operations.runners.tokens import TokenKeeper
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Owner, Stored
from wizard.systems.gitlab.adapter import PythonGitLab

ID = "3f9c2a71"


class Shelf:
    """A backend that keeps one token, and can be told to fail."""

    def __init__(self) -> None:
        self.token: SecretStr | None = None
        self.owner: Owner | None = None
        self.writes = 0
        self.failures: list[Exception] = []
        self.swapped: SecretStr | None = None

    def where(self, runner: Runner) -> str:
        return f"the shelf of {runner.name}"

    def read(self, runner: Runner) -> Stored | None:
        token = self.swapped or self.token
        return Stored(fingerprint(token), owner=self.owner, token=token) if token else None

    def write(self, runner: Runner, token: SecretStr, runner_id: int) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.token, self.owner = token, Owner(ID, runner_id)
        self.writes += 1


@pytest.fixture
def fake() -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        fake.add_project("acme/app")
        yield fake


@pytest.fixture
def gitlab(fake: FakeGitLab) -> PythonGitLab:
    return PythonGitLab(fake.url, fake.add_token())


@pytest.fixture
def profile() -> Profile:
    return read(f"id: {ID}\n{SMALLEST}").profile


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_LOST_ANSWER_PAUSE", 0)
    sleep = asyncio.sleep
    monkeypatch.setattr(tokens.asyncio, "sleep", lambda _: sleep(0))


async def settle(profile: Profile, gitlab: PythonGitLab, shelf: Shelf) -> list[str]:
    """The names of the events of settling the profile's one runner."""
    (seen,) = (await observe(profile, gitlab, shelf)).runners
    keeper = TokenKeeper(seen, gitlab, shelf, profile.marker(profile.runners[0]))  # type: ignore[arg-type]
    events: list[Event] = [event async for event in keeper.settle()]
    return [type(event).__name__ for event in events]


async def test_a_new_runner_is_created_and_its_token_stored_once(profile, gitlab, fake, shelf):
    assert await settle(profile, gitlab, shelf) == ["RunnerCreated", "SecretWritten"]
    (runner,) = fake.runners
    assert shelf.token
    assert runner.token == shelf.token.get_secret_value()


async def test_settling_again_changes_nothing(profile, gitlab, fake, shelf):
    await settle(profile, gitlab, shelf)
    before = len(fake.calls)
    assert await settle(profile, gitlab, shelf) == []
    assert {call.method for call in list(fake.calls)[before:]} == {"GET"}
    assert shelf.writes == 1


async def test_a_token_that_is_gone_is_replaced(profile, gitlab, shelf):
    await settle(profile, gitlab, shelf)
    first, shelf.token = shelf.token, None
    events = await settle(profile, gitlab, shelf)
    assert events[-2:] == ["TokenReset", "SecretWritten"]
    assert shelf.token != first


async def test_a_backend_that_fails_twice_is_asked_a_third_time(profile, gitlab, shelf):
    shelf.failures = [NotReachedError("cut"), NotReachedError("cut")]
    assert await settle(profile, gitlab, shelf) == ["RunnerCreated", "SecretWritten"]


async def test_a_backend_that_stays_away_is_an_error_that_says_what_comes_next(
    profile, gitlab, shelf
):
    shelf.failures = [NotReachedError("cut off", "no answer")] * 3
    with pytest.raises(WizardError, match="could not be stored in the shelf") as failed:
        await settle(profile, gitlab, shelf)
    assert "cut off" in failed.value.cause
    assert "run apply again" in failed.value.fix


async def test_another_token_in_its_place_is_never_noted_as_ours(profile, gitlab, fake, shelf):
    shelf.swapped = SecretStr("another")
    (seen,) = (await observe(profile, gitlab, Shelf())).runners
    keeper = TokenKeeper(seen, gitlab, shelf, profile.marker(profile.runners[0]))  # type: ignore[arg-type]
    with pytest.raises(ConflictError, match="another one is there now"):
        [event async for event in keeper.settle()]
    (runner,) = fake.runners
    assert "token" not in runner.maintenance_note.partition(").")[2]


async def test_a_lost_answer_makes_no_second_runner(profile, gitlab, fake, shelf):
    fake.fail_next("POST", "/user/runners", drop_after=True)
    events = await settle(profile, gitlab, shelf)
    assert events[0] == "RunnerFound"
    assert len(fake.runners) == 1
