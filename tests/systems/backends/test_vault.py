"""Tokens in Vault: the whole suite on both versions of the KV engine, and Vault's own cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.openbao import OpenBao
from tests.fakes.proxy import Call, Fault, FaultyProxy, Reply
from tests.systems.backends.conformance import Conformance, new_token, said
from tests.systems.backends.vault_parts import VaultPlace, new_place
from wizard.core.errors import (
    ConflictError,
    NotAllowedError,
    NotReachedError,
    RefusedError,
    UsageError,
    WizardError,
)
from wizard.core.findings import Verdict
from wizard.core.secrets import fingerprint
from wizard.systems.backends.vault import build


@pytest.fixture
def place(bao: OpenBao, tmp_path: Path) -> Iterator[VaultPlace]:
    yield from new_place(bao, tmp_path)


class TestVersion2(Conformance):
    """All of the suite, on an engine of version 2."""


class TestVersion1(Conformance):
    @pytest.fixture
    def place(self, bao: OpenBao, tmp_path: Path) -> Iterator[VaultPlace]:
        yield from new_place(bao, tmp_path, version=1)


# Other people's fields


@pytest.mark.parametrize("version", [1, 2])
def test_fields_of_others_stay_when_ours_is_written_and_removed(
    bao: OpenBao, tmp_path: Path, version: int
) -> None:
    for place in new_place(bao, tmp_path, version=version):
        runner, backend = place.profile.runners[0], place.backend()
        place.put_fields(runner, {"note": "keep me", "count": 3})
        token = new_token()
        backend.write(runner, token)
        assert place.fields(runner) == {
            "note": "keep me",
            "count": 3,
            "RUNNER_TOKEN": token.get_secret_value(),
            "RUNNER_WIZARD_OWNER": "3f9c2a71/0",
        }
        assert backend.remove(runner) is True
        assert place.fields(runner) == {"note": "keep me", "count": 3}


def test_a_field_that_comes_between_reading_and_writing_is_not_lost(place: VaultPlace) -> None:
    runner = place.profile.runners[0]
    place.put_fields(runner, {"note": "old"})
    meanwhile = iter([{"note": "new"}])

    def somebody_is_faster(call: Call) -> bool:
        if place.writes(call) and (fields := next(meanwhile, None)):
            place.put_fields(runner, fields)
        return False

    place.proxy.fail(Fault(when=somebody_is_faster))
    token = new_token()
    assert place.backend().write(runner, token) is True
    fields = place.fields(runner)
    assert (fields["note"], fields["RUNNER_TOKEN"]) == ("new", token.get_secret_value())


def test_a_secret_that_never_holds_still_is_a_conflict(place: VaultPlace) -> None:
    runner = place.profile.runners[0]
    count = iter(range(100))

    def somebody_is_always_faster(call: Call) -> bool:
        if place.writes(call):
            place.put_fields(runner, {"count": next(count)})
        return False

    place.proxy.fail(Fault(when=somebody_is_always_faster))
    with pytest.raises(ConflictError):
        place.backend().write(runner, new_token())
    assert "RUNNER_TOKEN" not in place.fields(runner)


def test_a_secret_whose_last_version_was_deleted_can_be_written_over(place: VaultPlace) -> None:
    runner, backend = place.profile.runners[0], place.backend()
    backend.write(runner, new_token())
    path = place.settings.secret_path(runner.name)
    place.bao.root.secrets.kv.v2.delete_latest_version_of_secret(path, mount_point=place.mount)
    assert backend.read(runner) is None
    assert backend.remove(runner) is False
    token = new_token()
    backend.write(runner, token)
    assert (stored := backend.read(runner))
    assert stored.fingerprint == fingerprint(token)


# Which version the engine is


@pytest.mark.parametrize("version", [1, 2])
def test_the_version_is_asked_for_and_told_for_the_profile(
    bao: OpenBao, tmp_path: Path, version: int
) -> None:
    for place in new_place(bao, tmp_path, version=version, kv_version=None):
        assert place.backend().facts() == {("secrets", "vault", "kv_version"): version}


def test_a_version_that_the_profile_has_is_not_told_again(place: VaultPlace) -> None:
    assert place.backend().facts() == {}


def test_writing_as_another_version_is_refused_and_leaves_no_token(
    bao: OpenBao, tmp_path: Path
) -> None:
    for place in new_place(bao, tmp_path, version=1, kv_version=2):
        with pytest.raises(RefusedError, match="is version 1; the profile says 2"):
            place.backend().write(place.profile.runners[0], new_token())
        assert not [call for call in place.proxy.calls if place.writes(call)]


def test_a_mount_that_is_not_there_is_told_in_words(place: VaultPlace) -> None:
    place.bao.root.sys.disable_secrets_engine(place.mount)
    checks = place.backend().check()
    assert "nothing is mounted there" in said(checks)
    with pytest.raises(NotAllowedError, match="does not describe the KV engine"):
        place.backend().read(place.profile.runners[0])


def test_a_mount_of_another_kind_is_told_in_words(place: VaultPlace) -> None:
    place.bao.root.sys.disable_secrets_engine(place.mount)
    place.bao.root.sys.enable_secrets_engine("ssh", path=place.mount)
    root = place.backend(VAULT_TOKEN=place.bao.root_token)
    assert "is not a KV engine but ssh" in said(root.check())


# A server that is there and does not serve


def test_a_sealed_vault_is_said_to_be_sealed(tmp_path: Path) -> None:
    with OpenBao() as bao:
        for place in new_place(bao, tmp_path, leave=True):
            bao.root.sys.seal()
            assert "is sealed" in said(place.backend().check())
            with pytest.raises(NotReachedError, match="is sealed") as sealed:
                place.backend().read(place.profile.runners[0])
            assert "unseal" in sealed.value.fix


def test_a_vault_that_was_never_initialised_is_said_to_be_so(place: VaultPlace) -> None:
    health = {"initialized": False, "sealed": True, "standby": True, "version": "2.0.0"}
    place.proxy.fail(Fault(reply=Reply(200, json.dumps(health).encode())))
    [check] = place.backend().check()
    assert check.finding
    assert "never been initialised" in check.finding.problem


@pytest.mark.parametrize(
    "reply",
    [
        Reply(473, b'{"errors":[]}'),
        Reply(500, b'{"errors":["local node not active but active cluster node not found"]}'),
    ],
    ids=["performance standby", "no active node"],
)
def test_a_standby_is_said_to_be_one(place: VaultPlace, reply: Reply) -> None:
    place.proxy.fail(Fault(reply=reply, times=99))
    with pytest.raises(NotReachedError, match="is a standby"):
        place.backend().read(place.profile.runners[0])


def test_a_redirect_is_named_and_never_followed(place: VaultPlace) -> None:
    with FaultyProxy(place.bao.url) as elsewhere:
        refused_redirect = Reply(307, headers={"Location": f"{elsewhere.url}/v1/sys/x"})
        place.proxy.fail(Fault(reply=refused_redirect, times=99))
        with pytest.raises(NotReachedError, match=elsewhere.url):
            place.backend().read(place.profile.runners[0])
        assert elsewhere.calls == []


def test_a_login_page_is_not_taken_for_vault(place: VaultPlace) -> None:
    page = Reply(200, b"<html><body>Sign in</body></html>", {"Content-Type": "text/html"})
    place.proxy.fail(Fault(reply=page, times=99))
    with pytest.raises(NotReachedError, match="makes no sense"):
        place.backend().read(place.profile.runners[0])
    assert "makes no sense" in said(place.backend().check())


# TLS and namespaces


def test_a_certificate_of_an_unknown_authority_is_refused_in_words(
    bao_tls: OpenBao, tmp_path: Path
) -> None:
    for place in new_place(bao_tls, tmp_path):
        with pytest.raises(NotReachedError, match="certificate that is not trusted") as error:
            place.backend(VAULT_ADDR=bao_tls.url).read(place.profile.runners[0])
        assert "ca_file" in error.value.fix


def test_the_authority_may_stand_beside_the_profile_or_in_the_environment(
    bao_tls: OpenBao, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(bao_tls.ca_file.read_bytes())
    for place in new_place(bao_tls, tmp_path, ca_file="ca.pem"):
        assert place.backend(VAULT_ADDR=bao_tls.url).read(place.profile.runners[0]) is None
    for place in new_place(bao_tls, tmp_path):
        backend = place.backend(VAULT_ADDR=bao_tls.url, VAULT_CACERT=str(bao_tls.ca_file))
        assert backend.read(place.profile.runners[0]) is None


def test_another_server_name_is_the_one_that_is_checked(bao_tls: OpenBao, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(bao_tls.ca_file.read_bytes())
    for name, fits in (("localhost", True), ("vault.example.com", False)):
        for place in new_place(bao_tls, tmp_path, ca_file="ca.pem", tls_server_name=name):
            backend = place.backend(VAULT_ADDR=bao_tls.url)
            if fits:
                assert backend.read(place.profile.runners[0]) is None
            else:
                with pytest.raises(NotReachedError, match="certificate"):
                    backend.read(place.profile.runners[0])


def test_a_ca_file_that_is_not_there_is_said_before_anything_is_asked(place: VaultPlace) -> None:
    with pytest.raises(UsageError, match=r"There is no CA file .*nowhere\.pem"):
        place.backend(VAULT_CACERT="nowhere.pem")
    assert place.proxy.calls == []


def test_a_namespace_is_where_the_token_goes(place: VaultPlace) -> None:
    runner, root = place.profile.runners[0], place.bao.root
    root.write("sys/namespaces/team-a")
    inside = place.bao.client(place.bao.root_token, namespace="team-a")
    inside.sys.enable_secrets_engine("kv", path=place.mount, options={"version": "2"})
    backend = place.backend(VAULT_TOKEN=place.bao.root_token, VAULT_NAMESPACE="team-a")
    assert [c for c in backend.check() if c.verdict is Verdict.FAIL] == []
    backend.write(runner, new_token())
    assert place.backend().read(runner) is None
    assert backend.read(runner)


# Whose token


def test_a_token_is_taken_from_the_environment_then_from_the_file_then_asked_for(
    place: VaultPlace,
) -> None:
    runner = place.profile.runners[0]
    around = place.around(VAULT_TOKEN="")
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return place.token

    with pytest.raises(UsageError) as nobody:
        build(around).read(runner)
    assert "Set VAULT_TOKEN" in nobody.value.fix
    assert build(replace(around, ask=ask)).read(runner) is None
    assert [prompt.partition(" for ")[0] for prompt in asked] == ["Vault token"]
    (place.folder / ".vault-token").write_text(place.token + "\n")
    assert build(around).read(runner) is None
    assert build(place.around(VAULT_TOKEN="", BAO_TOKEN=place.token)).read(runner) is None
    assert len(asked) == 1


def test_openbaos_own_variables_are_known_too(place: VaultPlace) -> None:
    bao = {"BAO_ADDR": place.proxy.url, "BAO_TOKEN": place.token}
    around = replace(place.around(), environ=bao)
    assert build(around).write(place.profile.runners[0], new_token()) is True


def test_a_token_that_was_given_outlives_the_session(place: VaultPlace) -> None:
    backend = place.backend()
    backend.read(place.profile.runners[0])
    backend.close()
    assert place.bao.client(place.token).is_authenticated()


def test_a_namespace_that_is_not_there_is_told_in_words(place: VaultPlace) -> None:
    backend = place.backend(VAULT_NAMESPACE="nowhere")
    checks = backend.check()
    assert checks[-1].verdict is Verdict.FAIL
    with pytest.raises(WizardError) as missing:
        backend.read(place.profile.runners[0])
    assert missing.value.fix
