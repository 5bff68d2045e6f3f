"""A token that only a person can store: shown to them, seen to arrive, never waited for twice."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.external_secrets import STORE, ExternalSecretsPlayer
from tests.journeys.world import World

OWN = f"""\
secrets:
  backend: existing-store
  store: {{kind: ClusterSecretStore, name: {STORE}}}
  existing_store: {{key: "gitlab/{{runner}}"}}

"""
PLACE = ("gitlab/direct", "")


class ByHandWorld(World):
    """`World`, with a store that somebody keeps; `operator.values` is what they have stored."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, cluster=FakeCluster("external-secrets"))

    def prepare(self) -> ByHandWorld:
        self.operator = ExternalSecretsPlayer(self.cluster)
        before, _, rest = self.profile.read_text().partition("secrets:\n")
        _, after = rest.split("cluster:\n", 1)
        self.profile.write_text(f"{before}{OWN}cluster:\n{after}")
        return self

    def store(self) -> str:
        """What a person does who has been told to."""
        (token,) = self.live_tokens
        self.operator.values[PLACE] = token
        return token


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[ByHandWorld]:
    with ByHandWorld(tmp_path) as world:
        yield world.prepare()


class Person:
    """Somebody who runs `apply` in a terminal."""

    def __init__(self, world: ByHandWorld) -> None:
        self.seen = ""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(world.folder)
            command = [sys.executable, "-m", "wizard", "apply", str(world.profile)]
            os.execve(
                sys.executable, command, world.environment | {"TERM": "xterm", "NO_COLOR": "1"}
            )

    def sees(self, text: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self._terminal], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._terminal, 4096).decode(errors="replace")
                except OSError:
                    break
        assert text in self.seen, self.seen

    def presses(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def interrupts(self) -> None:
        os.kill(self._pid, signal.SIGINT)

    def code(self, seconds: float = 30) -> int:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        raise AssertionError(f"it did not end:\n{self.seen}")


def begun(world: ByHandWorld) -> Person:
    person = Person(world)
    person.sees("Apply this?")
    person.presses("y\n")
    person.sees("Store the token of runner direct in ClusterSecretStore")
    person.sees("press Space to show it")
    return person


def test_a_person_stores_it_and_the_runner_is_proven(by_hand: ByHandWorld) -> None:
    person = begun(by_hand)
    token = by_hand.store()
    assert token not in person.seen
    person.presses(" ")
    person.sees(token)
    person.presses("\n")
    person.sees("direct: proven, it has run a job")
    assert person.code() == 0
    assert by_hand.live_tokens == [by_hand.secret_token]
    assert person.seen.count("Deployment gitlab-runner/gitlab-runner-direct\r\n") == 1, "one plan"
    assert "changes planned, as agreed" in person.seen
    assert "None" not in person.seen


def test_a_signal_from_outside_leaves_no_token_on_the_terminal(by_hand: ByHandWorld) -> None:
    person = begun(by_hand)
    (token,) = by_hand.live_tokens
    person.presses(" ")
    person.sees(token)
    person.interrupts()
    person.sees("a token that had not been stored is replaced by it")
    assert person.code() == 130
    after = person.seen.rpartition(token)[2]
    wiped, _, said = after.partition("\x1b[?1049l")
    assert "\x1b[2J\x1b[3J" in wiped
    assert "Interrupted." in said, "it is said where it stays to be read"


@pytest.mark.parametrize("when", ["while it is shown", "while it is waited for"])
def test_ctrl_c_ends_it_at_once_and_the_next_run_makes_a_new_token(
    by_hand: ByHandWorld, when: str
) -> None:
    person = begun(by_hand)
    (first,) = by_hand.live_tokens
    if when == "while it is shown":
        person.presses("\x03")
    else:
        person.presses(" \n")
        person.sees("for External Secrets to read the token")
        person.interrupts()
    person.sees("a token that had not been stored is replaced by it")
    assert person.code() == 130

    again = begun(by_hand)
    second = by_hand.store()
    again.presses(" \n")
    again.sees("direct: proven, it has run a job")
    assert again.code() == 0
    assert first != second
    assert by_hand.live_tokens == [by_hand.secret_token]
