"""A token that only a person can store: shown to them, seen to arrive, never waited for twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.external_secrets import STORE, ExternalSecretsPlayer
from tests.journeys.world import World
from tests.terminal import Person

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


def begun(world: ByHandWorld) -> Person:
    environment = world.environment | {"TERM": "xterm", "NO_COLOR": "1"}
    person = Person(environment, world.folder, "apply", str(world.profile))
    person.sees("Apply this?")
    person.types("y\n")
    person.sees("Store the token of runner direct in ClusterSecretStore")
    person.sees("press Space to show it")
    return person


def test_a_person_stores_it_and_the_runner_is_proven(by_hand: ByHandWorld) -> None:
    person = begun(by_hand)
    token = by_hand.store()
    assert token not in person.seen
    person.types(" ")
    person.sees(token)
    person.types("\n")
    person.sees("direct: proven by a job")
    assert person.code() == 0
    assert by_hand.live_tokens == [by_hand.secret_token]
    assert person.seen.count("Deployment gitlab-runner/gitlab-runner-direct\r\n") == 1, "one plan"
    assert "changes planned, as agreed" in person.seen
    assert "None" not in person.seen


def test_a_signal_from_outside_leaves_no_token_on_the_terminal(by_hand: ByHandWorld) -> None:
    person = begun(by_hand)
    (token,) = by_hand.live_tokens
    person.types(" ")
    person.sees(token)
    person.interrupts()
    person.sees("it replaces a token that had not been stored")
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
        person.types("\x03")
    else:
        person.types(" \n")
        person.sees("for External Secrets to read the token")
        person.interrupts()
    person.sees("it replaces a token that had not been stored")
    assert person.code() == 130

    again = begun(by_hand)
    second = by_hand.store()
    again.types(" \n")
    again.sees("direct: proven by a job")
    assert again.code() == 0
    assert first != second
    assert by_hand.live_tokens == [by_hand.secret_token]


def test_a_token_that_is_found_there_costs_no_runner(by_hand: ByHandWorld) -> None:
    theirs = f"glrt-{'x' * 20}"
    by_hand.operator.values[PLACE] = theirs
    environment = by_hand.environment | {"TERM": "xterm", "NO_COLOR": "1"}
    person = Person(environment, by_hand.folder, "apply", str(by_hand.profile))
    person.sees("Apply this?")
    person.types("y\n")
    person.sees("nothing shows that it is this profile's")
    assert person.code() == 1
    assert by_hand.gitlab.runners == []
    assert by_hand.operator.values[PLACE] == theirs
