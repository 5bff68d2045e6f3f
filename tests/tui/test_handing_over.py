"""A token that only the person can store: asked for on the screens, shown beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.test_by_hand import PLACE, ByHandWorld
from tests.tui.conftest import Sitting, sitting
from tests.tui.test_apply import SLOW, begin, ended
from tests.tui.test_terminal import Tmux
from wizard.core.secrets import SecretStr
from wizard.tui.handing_over import HandOver
from wizard.tui.modals import Question
from wizard.tui.work import State


@pytest.fixture
def by_hand(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ByHandWorld]:
    with ByHandWorld(home) as world:
        for name in ("KUBECONFIG", "GITLAB_TOKEN", "GITLAB_HOST"):
            monkeypatch.setenv(name, world.environment[name])
        yield world.prepare()


class Person:
    """Whoever is shown the token beside the screens, and does this with it."""

    def __init__(self, does: Callable[[str], None]) -> None:
        self.does = does
        self.shown: list[str] = []

    def __call__(self, _app: Any, what: str, token: SecretStr) -> None:
        self.shown.append(what)
        self.does(token.get_secret_value())


async def asked(it: Sitting) -> None:
    await begin(it)
    await it.until(lambda: isinstance(it.app.screen, HandOver), SLOW)


async def test_what_to_store_where_is_said_and_the_token_is_in_no_widget(by_hand: ByHandWorld):
    person = Person(lambda token: by_hand.operator.values.update({PLACE: token}))
    async with sitting(by_hand.folder, by_hand.profile) as it:
        it.session.facts.show_outside = person
        await asked(it)
        await it.sees("Store the token of runner direct in ClusterSecretStore")
        await it.sees("key gitlab/direct.")
        (token,) = by_hand.live_tokens
        assert token not in it.screen
        assert token not in it.app.export_screenshot()
        assert it.app.focused
        assert it.app.focused.id == "show"
        await it.press("enter")
        await ended(it, State.DONE)
        await it.sees("direct: proven by a job")
    assert len(person.shown) == 1
    assert by_hand.live_tokens == [by_hand.secret_token]


async def test_stopping_ends_the_wait_and_says_what_the_next_run_does(by_hand: ByHandWorld):
    def away(_token: str) -> None:
        raise KeyboardInterrupt

    person = Person(away)
    async with sitting(by_hand.folder, by_hand.profile) as it:
        it.session.facts.show_outside = person
        await asked(it)
        await it.press("escape")
        assert isinstance(it.app.screen, HandOver), "a token is not thrown away by one key"
        await it.press("enter")
        await it.sees("Not stored yet: show it again, or stop.")
        await it.press("tab", "enter")
        await ended(it, State.STOPPED)
        await it.sees("Stopped before the token of direct was seen")
        await it.sees("the runner is there, and gets a new token")
        (first,) = by_hand.live_tokens

        person.does = lambda token: by_hand.operator.values.update({PLACE: token})
        assert it.app.focused is it.step.query_one("#retry")
        await it.press("enter")
        await it.until(lambda: isinstance(it.app.screen, HandOver), SLOW)
        await it.press("enter")
        await ended(it, State.DONE)
    assert by_hand.live_tokens == [by_hand.secret_token]
    assert by_hand.secret_token != first


async def test_quitting_meanwhile_asks_and_takes_the_question_away(by_hand: ByHandWorld):
    async with sitting(by_hand.folder, by_hand.profile) as it:
        await asked(it)
        await it.press("ctrl+q")
        assert isinstance(it.app.screen, Question)
        await it.press("right", "enter")
        await ended(it, State.STOPPED)
        await it.until(lambda: not isinstance(it.app.screen, HandOver))


async def test_where_the_screens_cannot_step_aside_it_is_said(by_hand: ByHandWorld):
    async with sitting(by_hand.folder, by_hand.profile) as it:
        await asked(it)
        await it.press("enter")
        await it.sees("! The token cannot be shown here.")
        await it.press("tab", "enter")
        await ended(it, State.STOPPED)


def test_in_a_real_terminal_the_screens_step_aside_and_come_back(by_hand: ByHandWorld):
    if not shutil.which("tmux"):
        pytest.skip("tmux is not there to give the command a real terminal")
    kept = {
        "HOME",
        "PATH",
        "KUBECONFIG",
        "GITLAB_TOKEN",
        "GITLAB_HOST",
        "XDG_STATE_HOME",
        "PYTHON_KEYRING_BACKEND",
    }
    environment = {name: os.environ[name] for name in kept} | {"TERM": "xterm-256color"}
    tmux = Tmux(environment, by_hand.folder, by_hand.profile.name)
    try:
        tmux.sees("is open: valid")
        tmux.press("C-p")
        tmux.sees("Search")
        tmux.type("go to review")
        tmux.sees("Go to Review")
        tmux.press("Enter")
        tmux.sees("Nothing has been written yet.")
        tmux.press("C-n")
        tmux.sees("Apply now")
        tmux.press("Tab")
        tmux.press("Enter")
        tmux.sees("This store is yours to write to")
        tmux.press("Enter")
        tmux.sees("press Space to show it")
        token = by_hand.store()
        tmux.press("Space")
        tmux.sees(token)
        tmux.press("Enter")
        tmux.sees("direct: proven by a job")
        assert token not in tmux.run("capture-pane", "-p", "-S", "-")
    finally:
        tmux.run("kill-server")


async def test_the_check_finds_somebody_to_store_the_token(by_hand: ByHandWorld):
    async with sitting(by_hand.folder, by_hand.profile) as it:
        await it.go_to("Secrets")
        await it.focus("#check")
        await it.press("enter")
        await it.sees("✓ a person stores the token")
