"""The kubeconfig is read as kubectl reads it."""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.kubernetes import FakeCluster
from wizard.core.errors import NotAllowedError, NotFoundError, RefusedError, UsageError
from wizard.systems.kubernetes.contexts import connect, contexts, look_at


def _use(monkeypatch: pytest.MonkeyPatch, *files: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", ":".join(str(file) for file in files))


def _plugin(folder: Path, *lines: str) -> str:
    file = folder / "sign-in"
    file.write_text("\n".join([f"#!{sys.executable}", "import json, os, sys, time", *lines]))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def _exec(command: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": command, **more}


def test_several_files_are_one_and_the_first_word_counts(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    one = fake.write_kubeconfig(tmp_path / "one", "home")
    two = fake.write_kubeconfig(tmp_path / "two", "work")
    (tmp_path / "empty").write_text("")
    _use(monkeypatch, tmp_path / "missing", tmp_path / "empty", one, two)
    assert contexts().names == ("home", "work")
    assert contexts().current == "home"
    assert connect("work").uid() == fake.uid


def test_a_context_that_is_not_there_is_answered_with_those_that_are(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", "home"))
    with pytest.raises(NotFoundError) as error:
        connect("hoem")
    assert "home" in error.value.cause


def test_without_a_kubeconfig_it_is_said_where_one_was_looked_for():
    with pytest.raises(NotFoundError) as error:
        connect()
    assert ".kube/config" in error.value.cause


def test_a_kubeconfig_that_is_not_where_the_variable_says_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    missing = tmp_path / "no-such-file"
    _use(monkeypatch, missing)
    for name in ("", "wanted"):
        with pytest.raises(NotFoundError) as error:
            connect(name)
        assert error.value.problem == "There is no kubeconfig, and so no current context."
        assert error.value.cause == f"{missing} does not exist; KUBECONFIG names it"
        assert error.value.fix == "Correct KUBECONFIG, or put the cluster's kubeconfig there"


def test_one_of_several_kubeconfigs_that_is_missing_is_named(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    missing = tmp_path / "no-such-file"
    _use(monkeypatch, missing, fake.write_kubeconfig(tmp_path / "config", "there"))
    with pytest.raises(NotFoundError) as error:
        connect("wanted")
    assert "contexts there: there" in error.value.cause
    assert f"{missing} does not exist" in error.value.cause


def test_a_broken_kubeconfig_is_told_by_its_line_without_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    token = secrets.token_hex(8)
    (tmp_path / "config").write_text(f"users:\n- name: x\n  user: {{token: {token}: [}}\n")
    _use(monkeypatch, tmp_path / "config")
    with pytest.raises(UsageError) as error:
        contexts()
    assert "line 3" in error.value.cause
    assert token not in str(error.value)


def test_paths_are_relative_to_the_file_they_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "there").mkdir()
    (tmp_path / "elsewhere").mkdir()
    with FakeCluster(tls=True) as fake:
        (tmp_path / "there" / "token").write_text(fake.token + "\n")
        file = fake.write_kubeconfig(tmp_path / "there" / "config", tokenFile="token")
        _use(monkeypatch, file)
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert connect().uid() == fake.uid


def test_a_certificate_nobody_vouches_for_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with FakeCluster(tls=True) as fake:
        config = json.loads(fake.write_kubeconfig(tmp_path / "config").read_text())
        del config["clusters"][0]["cluster"]["certificate-authority"]
        (tmp_path / "config").write_text(json.dumps(config))
        _use(monkeypatch, tmp_path / "config")
        with pytest.raises(Exception, match="No trusted connection") as error:
            connect().uid()
    assert "certificate" in error.value.cause


def test_client_keys_do_not_stay_behind_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import base64

    import trustme

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ca = trustme.CA()
    pair = ca.issue_cert("me@example.com")
    user = {
        "client-certificate-data": base64.b64encode(pair.cert_chain_pems[0].bytes()).decode(),
        "client-key-data": base64.b64encode(pair.private_key_pem.bytes()).decode(),
    }
    with FakeCluster(tls=True) as fake:
        _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", **user))
        with pytest.raises(
            NotAllowedError
        ):  # the fake knows tokens only; TLS has worked until here
            connect().version()
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.name for file in kept} == {"config", "ca.pem"}


def test_an_exec_plugin_signs_in_and_its_environment_is_its_own(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    command = _plugin(
        tmp_path,
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])",
        "assert info['spec']['interactive'] is False",
        "print(json.dumps({'status': {'token': os.environ['GIVEN']}}))",
    )
    plugin = _exec(command, env=[{"name": "GIVEN", "value": fake.token}])
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", exec=plugin))
    assert connect().uid() == fake.uid


def test_a_token_that_has_ended_is_fetched_again_and_the_call_repeated(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "token").write_text("ended")
    command = _plugin(
        tmp_path,
        f"token = open({str(tmp_path / 'token')!r}).read()",
        "print(json.dumps({'status': {'token': token}}))",
    )
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", exec=_exec(command)))
    cluster = connect()
    with pytest.raises(NotAllowedError):
        cluster.version()
    (tmp_path / "token").write_text(fake.token)
    assert cluster.version() == "v1.32.0"


def test_a_failing_exec_plugin_is_told_in_its_own_words_without_its_token(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    token = "glpat-" + secrets.token_hex(10)
    command = _plugin(tmp_path, f"sys.exit('session expired for {token}')")
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", exec=_exec(command)))
    with pytest.raises(NotAllowedError) as error:
        connect().uid()
    assert "session expired" in error.value.cause
    assert token not in str(error.value)


def test_an_exec_plugin_that_is_not_installed_passes_its_hint_on(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plugin = _exec("no-such-plugin-here", installHint="install it from the cloud's page")
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", exec=plugin))
    with pytest.raises(NotAllowedError) as error:
        connect().uid()
    assert "install it from the cloud's page" in error.value.cause


def test_a_hanging_exec_plugin_ends_with_its_time(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    command = _plugin(tmp_path, "time.sleep(30)")
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", exec=_exec(command)))
    facts = look_at(contexts().current, timeout=0.3)
    assert not facts.reachable
    assert "did not answer" in facts.trouble


def test_a_uid_without_a_context_asks_the_current_one_and_runs_no_other_sign_in(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ran = tmp_path / "ran"
    command = _plugin(tmp_path, f"open({str(ran)!r}, 'w')", "sys.exit(1)")
    with FakeCluster() as other:
        files = [
            other.write_kubeconfig(tmp_path / "one", "current"),
            fake.write_kubeconfig(tmp_path / "two", "wanted", exec=_exec(command)),
        ]
        _use(monkeypatch, *files)
        with pytest.raises(RefusedError) as error:
            connect(uid=fake.uid)
    assert "as cluster.context; the kubeconfig has also wanted" in error.value.fix
    assert not ran.exists()


def test_a_sign_in_command_is_given_none_of_our_own_credentials(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen, secret = tmp_path / "seen", "unguessable-" + os.urandom(8).hex()
    ours = ["GITLAB_TOKEN", "VAULT_TOKEN", "BAO_SECRET_ID", "INFISICAL_CLIENT_SECRET"]
    for name in [*ours, "AWS_READER_SECRET_ACCESS_KEY", "GCP_READER_CREDENTIALS"]:
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "for-eks")
    command = _plugin(
        tmp_path, f"open({str(seen)!r}, 'w').write(repr(dict(os.environ)))", "sys.exit(1)"
    )
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", exec=_exec(command)))
    with pytest.raises(NotAllowedError):
        connect().uid()
    assert secret not in seen.read_text()
    assert "for-eks" in seen.read_text()


def test_a_kubeconfig_that_believes_any_certificate_is_said_before_the_first_call(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = fake.write_kubeconfig(tmp_path / "config")
    document = yaml.safe_load(file.read_text())
    document["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    file.write_text(yaml.safe_dump(document))
    _use(monkeypatch, file)
    said: list[str] = []
    connect(say=said.append)
    assert "says insecure-skip-tls-verify" in said[0]
    assert "says insecure-skip-tls-verify" in look_at("fake").warning


def test_another_cluster_behind_the_context_is_refused_naming_both(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config"))
    with pytest.raises(RefusedError) as error:
        connect("fake", uid="the-profile's")
    assert error.value.exit_code == 3
    assert "the-profile's" in error.value.cause
    assert fake.uid in error.value.cause


def test_a_uid_nobody_reaches_is_refused_with_what_was_seen(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config"))
    with pytest.raises(RefusedError) as error:
        connect(uid="the-profile's")
    assert fake.uid in error.value.cause


def test_impersonation_in_the_kubeconfig_is_honoured(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    user = {"token": fake.token, "as": "builder", "as-groups": ["ci", "dev"]}
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config", **user))
    connect().uid()
    assert fake.headers[-1].get("Impersonate-User") == "builder"
    assert fake.headers[-1].get_all("Impersonate-Group") == ["ci", "dev"]


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    _use(monkeypatch, fake.write_kubeconfig(tmp_path / "config"))
    assert connect().uid() == fake.uid


def test_the_proxy_of_the_cluster_entry_is_used(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = json.loads(fake.write_kubeconfig(tmp_path / "config").read_text())
    password = secrets.token_hex(8)
    config["clusters"][0]["cluster"]["proxy-url"] = f"http://me:{password}@127.0.0.1:9"
    (tmp_path / "config").write_text(json.dumps(config))
    _use(monkeypatch, tmp_path / "config")
    with pytest.raises(Exception, match="could not be reached") as error:
        connect().uid()
    assert password not in str(error.value)
    assert fake.requests == []


def test_a_slow_context_is_given_up_in_time_and_another_one_still_answers(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with FakeCluster() as slow:
        slow.fails("GET", "/version", delay=3)
        files = [
            slow.write_kubeconfig(tmp_path / "one", "slow"),
            fake.write_kubeconfig(tmp_path / "two", "quick"),
        ]
        _use(monkeypatch, *files)
        first, second = look_at("slow", timeout=0.4), look_at("quick")
    assert (first.context, first.reachable) == ("slow", False)
    assert "in time" in first.trouble
    assert (second.context, second.reachable, second.uid) == ("quick", True, fake.uid)
