"""Tokens in Google Cloud: the whole suite on a fake of its REST API, and Google's own cases."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.gcp import EVERYTHING, UNIVERSE, FakeSecretManager
from tests.fakes.gcp.fake import Version
from tests.fakes.proxy import Call, Fault, FaultyProxy, Reply
from tests.systems.backends import conformance
from tests.systems.backends.conformance import Conformance, new_token, said
from wizard.core.errors import NotAllowedError, NotReachedError, UsageError
from wizard.core.findings import Verdict
from wizard.core.secrets import fingerprint
from wizard.profile.runner import Runner
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.gcp import GcpSecrets, build

pytest.importorskip("google.cloud.secretmanager_v1", reason="the extra [gcp] is not installed")

# The roles of the policy that we hand out: secretVersionManager and secretAccessor on one secret.
HANDED_OUT = frozenset(
    f"secretmanager.versions.{right}" for right in ("access", "add", "destroy", "get")
)


@dataclass
class GcpPlace:
    """google-auth reads the true environment, so that is what `patch` sets."""

    google: FakeSecretManager
    proxy: FaultyProxy
    folder: Path
    patch: pytest.MonkeyPatch
    throttled = Reply(
        429,
        json.dumps(
            {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}
        ).encode(),
        {"Content-Type": "application/json", "Retry-After": "1"},
    )

    def __post_init__(self) -> None:
        self.profile = conformance.profile({"backend": "gcp", "gcp": {"project": "acme"}})
        for name in ("CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_CLOUD_PROJECT"):
            self.patch.delenv(name, raising=False)
        self.patch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", self.proxy.url)
        self.patch.setenv("CLOUDSDK_CONFIG", str(self.folder))
        self.patch.setenv("HOME", str(self.folder))
        self.patch.setenv("NO_GCE_CHECK", "true")
        self.patch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", UNIVERSE)
        self.act_as("writer", EVERYTHING)

    def act_as(self, name: str, rights: frozenset[str]) -> None:
        key = self.google.account(name, self.folder, rights)
        self.patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))

    def backend(self, ask: Callable[[str], str] | None = None) -> GcpSecrets:
        timeouts = (2, conformance.PATIENCE)
        return build(BackendContext(self.profile, self.folder, os.environ, ask, timeouts=timeouts))

    def stranger(self) -> GcpSecrets:
        self.act_as("eve", frozenset())
        return self.backend()

    def versions(self, runner: Runner) -> list[Version]:
        return self.google.secrets.setdefault(("acme", f"gitlab-runner-{runner.name}"), [])

    def put(self, runner: Runner, value: str) -> None:
        self.versions(runner).append(Version(value.encode()))

    def writes(self, call: Call) -> bool:
        return call.method != "GET" and ":testIamPermissions" not in call.path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcpPlace]:
    with FakeSecretManager() as google, FaultyProxy(google.url) as proxy:
        yield GcpPlace(google, proxy, tmp_path, monkeypatch)


class TestSecretManager(Conformance):
    """All of the suite."""


# Versions


def test_a_secret_without_a_version_is_no_token_and_gets_one(place: GcpPlace) -> None:
    runner, backend = place.profile.runners[0], place.backend()
    place.versions(runner)
    assert backend.read(runner) is None
    token = new_token()
    assert backend.write(runner, token) is True
    assert [version.data.decode() for version in place.versions(runner)] == [
        token.get_secret_value()
    ]


@pytest.mark.parametrize("state", ["DISABLED", "DESTROYED"])
def test_a_newest_version_that_is_not_enabled_is_no_token(place: GcpPlace, state: str) -> None:
    runner, backend = place.profile.runners[0], place.backend()
    place.put(runner, "old")
    place.versions(runner)[-1].state = state
    assert backend.read(runner) is None
    token = new_token()
    assert backend.write(runner, token) is True
    assert (stored := backend.read(runner))
    assert stored.fingerprint == fingerprint(token)


def test_a_line_end_that_slipped_in_is_written_away(place: GcpPlace) -> None:
    runner, token = place.profile.runners[0], new_token()
    place.put(runner, token.get_secret_value() + "\n")
    assert place.backend().write(runner, token) is True
    assert place.versions(runner)[-1].data.decode() == token.get_secret_value()


def test_two_that_create_at_once_both_end_with_a_token(place: GcpPlace) -> None:
    runner, created = place.profile.runners[0], iter([1])

    def somebody_is_faster(call: Call) -> bool:
        if "secretId=" in call.path and next(created, None):
            place.put(runner, "theirs")
        return False

    place.proxy.fail(Fault(when=somebody_is_faster))
    token = new_token()
    assert place.backend().write(runner, token) is True
    assert (stored := place.backend().read(runner))
    assert stored.fingerprint == fingerprint(token)


# Rights


def test_the_roles_that_we_hand_out_are_enough_for_a_secret_that_is_there(
    place: GcpPlace,
) -> None:
    place.act_as("wizard", HANDED_OUT)
    for runner in place.profile.runners:
        place.versions(runner)
    backend, runner = place.backend(), place.profile.runners[0]
    assert {check.verdict for check in backend.check()} == {Verdict.OK}, said(backend.check())
    assert backend.write(runner, new_token()) is True
    assert backend.write(runner, new_token()) is True
    assert backend.remove(runner) is True
    assert backend.read(runner) is None
    assert ("acme", "gitlab-runner-one") in place.google.secrets


def test_a_secret_that_may_be_read_only_is_told_before_anything_is_written(
    place: GcpPlace,
) -> None:
    place.act_as(
        "reader", frozenset({"secretmanager.versions.access"}) | {"secretmanager.versions.get"}
    )
    place.put(place.profile.runners[0], "there")
    [check] = [c for c in place.backend().check() if c.verdict is Verdict.FAIL][:1]
    assert check.finding
    assert "secretmanager.versions.add" in check.finding.evidence


def test_what_cannot_be_known_of_a_secret_that_is_not_there_is_not_claimed(
    place: GcpPlace,
) -> None:
    unseen = [check for check in place.backend().check() if check.verdict is Verdict.UNSEEN]
    assert len(unseen) == len(place.profile.runners)


def test_a_secret_that_may_not_be_created_is_said_with_the_right_that_lacks(
    place: GcpPlace,
) -> None:
    place.act_as("wizard", HANDED_OUT)
    with pytest.raises(NotAllowedError, match="does not let us create") as refused:
        place.backend().write(place.profile.runners[0], new_token())
    assert "secretmanager.secrets.create" in refused.value.cause


def test_the_policy_gives_the_cluster_nothing_but_reading(place: GcpPlace) -> None:
    readers = [line for line in place.backend().policy().splitlines() if "READER@" in line]
    roles = {line.rpartition("--role=")[2] for line in readers if "gcloud secrets" in line}
    assert roles == {"roles/secretmanager.secretAccessor"}


# Whose credentials


def test_the_account_is_named(place: GcpPlace) -> None:
    assert "writer@acme.iam.gserviceaccount.com" in said(place.backend().check())


def test_without_credentials_it_says_how_to_sign_in(place: GcpPlace) -> None:
    place.patch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    with pytest.raises(UsageError, match="no Google Cloud credentials") as nobody:
        place.backend().read(place.profile.runners[0])
    assert "gcloud auth application-default login" in nobody.value.fix


def test_without_credentials_somebody_who_is_there_is_asked_for_a_token(
    place: GcpPlace,
) -> None:
    place.patch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    token = new_token().get_secret_value()
    place.google.rights[token] = EVERYTHING
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return token

    assert place.backend(ask).write(place.profile.runners[0], new_token()) is True
    assert len(prompts) == 1
    assert "print-access-token" in prompts[0]


def test_gclouds_own_variable_for_a_token_is_known(place: GcpPlace) -> None:
    token = new_token().get_secret_value()
    place.google.rights[token] = EVERYTHING
    place.patch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN", token)
    assert place.backend().write(place.profile.runners[0], new_token()) is True


def test_a_token_that_google_does_not_know_is_said_to_be_so(place: GcpPlace) -> None:
    token = new_token().get_secret_value()
    place.patch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN", token)
    with pytest.raises(NotAllowedError, match="does not accept") as refused:
        place.backend().read(place.profile.runners[0])
    assert token not in str(refused.value)


def test_a_key_file_that_is_none_is_said_to_be_so(place: GcpPlace) -> None:
    (place.folder / "broken.json").write_text("{}")
    place.patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(place.folder / "broken.json"))
    with pytest.raises(UsageError, match="no Google Cloud credentials") as broken:
        place.backend().read(place.profile.runners[0])
    assert "broken.json" in broken.value.cause


def test_a_login_page_is_not_taken_for_google(place: GcpPlace) -> None:
    page = Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
    place.proxy.fail(Fault(reply=page, times=99))
    with pytest.raises(NotReachedError, match="makes no sense"):
        place.backend().read(place.profile.runners[0])


def test_without_the_extra_it_says_what_to_install(place: GcpPlace) -> None:
    place.patch.setitem(sys.modules, "google.cloud.secretmanager_v1", None)
    place.patch.delattr("google.cloud.secretmanager_v1")
    with pytest.raises(UsageError) as missing:
        place.backend().read(place.profile.runners[0])
    assert missing.value.fix == "Run pip install 'gitlab-runner-wizard[gcp]'"
