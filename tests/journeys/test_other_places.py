"""The homelab preset with its token sealed into the files, or in a store of one's own."""

from __future__ import annotations

import base64
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.external_secrets import STORE, ExternalSecretsPlayer, written_now
from tests.journeys.gitops_world import RELEASE, GitOpsWorld
from tests.journeys.world import NAMESPACE
from tests.systems.backends.test_sealed_secrets import certificate, opened
from tests.terminal import Person

SEALED = """\
secrets:
  backend: sealed-secrets
  sealed_secrets: {certificate: cert.pem}

"""
OWN = f"""\
secrets:
  backend: existing-store
  store: {{kind: ClusterSecretStore, name: {STORE}}}
  existing_store: {{key: "gitlab/{{runner}}"}}

"""


class OtherWorld(GitOpsWorld):
    """A homelab without Infisical."""

    def __init__(self, folder: Path, secrets_section: str) -> None:
        super().__init__(folder)
        self.cluster = FakeCluster("external-secrets", "argocd", "sealed-secrets")
        self._section = secrets_section

    def prepare(self) -> None:
        """Put the other secrets section into the profile."""
        (self.folder / "cert.pem").write_text(certificate())
        before, _, rest = self.profile.read_text().partition("secrets:\n")
        _, after = rest.split("manager:\n", 1)
        self.profile.write_text(f"{before}{self._section}manager:\n{after}")

    @property
    def sealed(self) -> Path:
        return self.repository / "manifests" / RELEASE / "token.yaml"

    def unseal(self) -> str:
        """What the controller does with the file; returns the token."""
        (found,) = self.cluster.objects("SealedSecret")
        name = found["metadata"]["name"]
        token = opened(found["spec"]["encryptedData"]["runner-token"], f"{NAMESPACE}/{name}")
        data = {"runner-token": base64.b64encode(token.encode()).decode()}
        metadata = {"name": name, "namespace": NAMESPACE, "managedFields": [written_now()]}
        self._put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
        return token


Open = Callable[[str], OtherWorld]


@pytest.fixture
def homelab(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def opened_with(secrets_section: str) -> OtherWorld:
            world = stack.enter_context(OtherWorld(tmp_path, secrets_section))
            world.prepare()
            return world

        yield opened_with


def test_a_sealed_token_travels_through_git_and_is_proven(homelab: Open) -> None:
    world = homelab(SEALED)
    ended = world.apply()
    assert ended.code == 4, ended.err + ended.out
    written = world.sealed.read_bytes()

    world.sync(world.commit())
    assert [world.unseal()] == world.live_tokens
    world.start_managers()
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"

    world.commit_if_needed()
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.document["data"]["changed"] is False
    assert world.sealed.read_bytes() == written


def test_destroying_takes_the_sealed_token_with_the_files(homelab: Open) -> None:
    world = homelab(SEALED)
    world.apply()
    world.commit()
    ended = world.wizard("destroy", str(world.profile), "--yes", "--json")
    assert ended.code == 4, ended.err + ended.out
    assert not world.sealed.exists()


def test_a_token_that_nobody_can_store_is_not_made(homelab: Open) -> None:
    world = homelab(OWN)
    ExternalSecretsPlayer(world.cluster)
    ended = world.apply()
    assert ended.code == 3, ended.err + ended.out
    assert "no one to store the token" in ended.err + ended.out
    assert world.gitlab.runners == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_token_on_the_screen_is_wiped_however_the_run_is_ended(
    homelab: Open, number: signal.Signals
) -> None:
    world = homelab(OWN)
    ExternalSecretsPlayer(world.cluster)
    environment = world.environment | {"TERM": "xterm", "NO_COLOR": "1"}
    person = Person(environment, world.folder, "apply", str(world.profile), "--yes")
    person.sees("press Space to show it", seconds=60)
    person.types(" ")
    (token,) = world.live_tokens
    person.sees(token)
    began = time.monotonic()
    person.interrupts(number)
    person.sees("error: Interrupted.")
    assert time.monotonic() - began < 3  # a second, and what a busy machine adds
    assert person.code() == 130
    after = person.seen.rpartition(token)[2]
    wiped, _, said = after.partition("\x1b[?1049l")
    assert "\x1b[2J\x1b[3J" in wiped
    assert "a token that had not been stored is replaced by it" in said


def test_a_token_that_the_cluster_pushes_needs_nobody(homelab: Open) -> None:
    world = homelab(OWN.replace('{runner}"', '{runner}", push: true'))
    operator = ExternalSecretsPlayer(world.cluster)
    ended = world.apply()
    assert ended.code == 4, ended.err + ended.out
    assert list(operator.values.values()) == world.live_tokens
    assert world.cluster.objects("PushSecret") == []

    world.sync(world.commit())
    operator.look()
    world.start_managers()
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.events[-1]["event"] == "Proven"
    assert list(operator.values.values()) == world.live_tokens


def test_no_file_holds_a_token_in_the_clear(homelab: Open) -> None:
    world = homelab(SEALED)
    world.apply()
    (token,) = world.live_tokens
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    assert world.sealed in files
    assert not [path for path in files if token in path.read_text(errors="replace")]
    assert yaml.safe_load(world.sealed.read_text())["kind"] == "SealedSecret"
