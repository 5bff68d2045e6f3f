"""Tokens sealed into files, opened again with the key that the test has made."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from tests.fakes.kubernetes import FakeCluster
from tests.systems.backends.conformance import new_token, profile, said, whole_text
from tests.systems.backends.strict import assert_fits_its_definition
from wizard.core.errors import ConflictError, WizardError
from wizard.core.findings import Verdict
from wizard.core.secrets import fingerprint
from wizard.operations.files.write_files import compare_files
from wizard.profile.model import Profile
from wizard.render.ownership import is_ours
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.sealed_secrets import SealedSecrets
from wizard.systems.kubernetes.contexts import connect

KEY = rsa.generate_private_key(65537, 2048)


def certificate(key: Any = KEY, days: int = 3650) -> str:
    """A controller's certificate, self-signed as its own are."""
    name = x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=20))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def a_profile(**changes: Any) -> Profile:
    wished = profile({"backend": "sealed-secrets", "sealed_secrets": {"certificate": "cert.pem"}})
    return Profile.model_validate(
        wished.model_dump(by_alias=True) | {"delivery": {"to": "directory"}} | changes
    )


def no_cluster() -> Any:
    raise AssertionError("the cluster is not needed")


def backend(tmp_path: Path, **changes: Any) -> SealedSecrets:
    (tmp_path / "cert.pem").write_text(certificate())
    return SealedSecrets(BackendContext(a_profile(**changes), tmp_path, {}), no_cluster)


def document(tmp_path: Path) -> Any:
    return yaml.safe_load(file_of(tmp_path).read_text())


def file_of(tmp_path: Path) -> Path:
    return tmp_path / "gitops" / "manifests" / "gitlab-runner-one" / "token.yaml"


def opened(text: str, label: str, key: rsa.RSAPrivateKey = KEY) -> str:
    """What the controller does with a sealed value."""
    raw = base64.b64decode(text)
    end = 2 + int.from_bytes(raw[:2], "big")
    once = key.decrypt(raw[2:end], OAEP(MGF1(SHA256()), SHA256(), label.encode()))
    return AESGCM(once).decrypt(bytes(12), raw[end:], None).decode()


RUNNER = a_profile().runners[0]
PLACE = f"gitlab-runner/{RUNNER.token_secret}"


def test_the_controller_opens_what_was_sealed_for_this_place_alone(tmp_path):
    token = new_token()

    assert backend(tmp_path).write(RUNNER, token)

    sealed = document(tmp_path)["spec"]["encryptedData"]
    assert opened(sealed["runner-token"], PLACE) == token.get_secret_value()
    assert opened(sealed["runner-registration-token"], PLACE) == ""
    with pytest.raises(ValueError, match="Decryption failed"):
        opened(sealed["runner-token"], "elsewhere/name")


def test_what_was_written_is_known_by_its_hash_and_not_written_again(tmp_path):
    token = new_token()
    backend(tmp_path).write(RUNNER, token)
    before = file_of(tmp_path).read_bytes()

    assert backend(tmp_path).read(RUNNER).fingerprint == fingerprint(token)
    assert not backend(tmp_path).write(RUNNER, token)
    assert file_of(tmp_path).read_bytes() == before


def test_a_new_token_replaces_the_old_one(tmp_path):
    backend(tmp_path).write(RUNNER, new_token())
    token = new_token()

    assert backend(tmp_path).write(RUNNER, token)

    sealed = document(tmp_path)["spec"]["encryptedData"]["runner-token"]
    assert opened(sealed, PLACE) == token.get_secret_value()


def test_a_file_sealed_for_another_namespace_is_no_token(tmp_path):
    backend(tmp_path).write(RUNNER, new_token())

    moved = backend(tmp_path, cluster={"namespace": "moved"})

    assert moved.read(RUNNER) is None


def test_the_file_fits_the_controllers_schema(tmp_path):
    backend(tmp_path).write(RUNNER, new_token())

    assert_fits_its_definition(file_of(tmp_path))


def test_argo_cd_unseals_before_it_starts_the_manager(tmp_path):
    repository = {"url": "https://gitlab.com/acme/gitops.git"}
    delivery = {"as": "argocd", "to": "directory", "repository": repository}

    backend(tmp_path, delivery=delivery).write(RUNNER, new_token())

    annotations = document(tmp_path)["metadata"]["annotations"]
    assert annotations["argocd.argoproj.io/sync-wave"] == "-1"


def test_rendering_neither_rewrites_nor_prunes_it_while_it_is_wanted(tmp_path):
    backend(tmp_path).write(RUNNER, new_token())
    before = file_of(tmp_path).read_bytes()
    root = tmp_path / "gitops"

    compare_files(a_profile(), root).write()
    assert file_of(tmp_path).read_bytes() == before
    listed = yaml.safe_load(file_of(tmp_path).with_name("kustomization.yaml").read_text())
    assert "token.yaml" in listed["resources"]

    gone = a_profile(runners=[a_profile().runners[1].model_dump()])
    compare_files(gone, root).write()
    assert not file_of(tmp_path).exists()


def test_taking_everything_away_takes_the_sealed_token_too(tmp_path):
    backend(tmp_path).write(RUNNER, new_token())
    assert is_ours(a_profile(), file_of(tmp_path).read_text())

    compare_files(a_profile(), tmp_path / "gitops", wanted=False).write()

    assert not file_of(tmp_path).exists()


def test_removing_removes_once(tmp_path):
    backend(tmp_path).write(RUNNER, new_token())

    assert backend(tmp_path).remove(RUNNER)
    assert not backend(tmp_path).remove(RUNNER)
    assert backend(tmp_path).read(RUNNER) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda sealed: sealed.read(RUNNER),
        lambda sealed: sealed.write(RUNNER, new_token()),
        lambda sealed: sealed.remove(RUNNER),
    ],
)
def test_a_file_of_somebody_else_is_never_touched(tmp_path, call: Callable[[Any], Any]):
    file_of(tmp_path).parent.mkdir(parents=True)
    file_of(tmp_path).write_text("kind: SealedSecret\n")

    with pytest.raises(ConflictError, match="was not written from this profile"):
        call(backend(tmp_path))

    assert file_of(tmp_path).read_text() == "kind: SealedSecret\n"


@pytest.mark.parametrize("call", ["read", "write", "remove"])
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkfifo, "a pipe"),
        (lambda path: path.symlink_to(path.name), "a link"),
        (lambda path: path.symlink_to("/dev/zero"), "a link"),
        (Path.mkdir, "a folder"),
    ],
    ids=["pipe", "loop", "link", "folder"],
)
def test_what_is_no_plain_file_is_neither_followed_nor_waited_for(tmp_path, make, told, call):
    path = file_of(tmp_path)
    path.parent.mkdir(parents=True)
    make(path)
    before = path.lstat()
    sealed = backend(tmp_path)
    calls = {"write": lambda: sealed.write(RUNNER, new_token(), 17)}
    with pytest.raises(ConflictError, match="is not a plain file of the folder") as refused:
        calls.get(call, lambda: getattr(sealed, call)(RUNNER))()
    assert f"token.yaml ({told}" in refused.value.cause
    assert path.lstat() == before


def test_a_linked_folder_is_not_written_through(tmp_path):
    folder = file_of(tmp_path).parent
    folder.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConflictError) as refused:
        backend(tmp_path).write(RUNNER, new_token())
    assert "a link; links are not followed, where a folder is needed" in refused.value.cause
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "body",
    ["metadata: x", "metadata: [a]", "metadata: {labels: [a]}", "sops: {age: 3}", "", "- a", "7"],
)
@pytest.mark.parametrize("call", ["read", "remove"])
def test_a_file_that_a_merge_has_garbled_is_said_so(tmp_path, body: str, call: str):
    backend(tmp_path).write(RUNNER, new_token())
    path = file_of(tmp_path)
    header = path.read_text().partition("\n")[0]
    path.write_text(f"{header}\n{body}\n")
    with pytest.raises(WizardError, match="does not hold what was written to it") as odd:
        getattr(backend(tmp_path), call)(RUNNER)
    assert odd.value.cause
    assert odd.value.fix.startswith("Repair it in Git")


def test_an_unfinished_merge_is_said_so(tmp_path):
    backend(tmp_path).write(RUNNER, new_token())
    path = file_of(tmp_path)
    path.write_text(path.read_text() + "<<<<<<< ours\n: - }\n")

    with pytest.raises(WizardError, match="is not YAML"):
        backend(tmp_path).read(RUNNER)


def test_the_certificate_can_come_from_the_cluster(tmp_path, monkeypatch):
    service = "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:"
    wished = a_profile(secrets={"backend": "sealed-secrets"})
    with FakeCluster() as fake:
        fake.services[f"{service}/proxy/v1/cert.pem"] = certificate()
        monkeypatch.setenv("KUBECONFIG", str(fake.write_kubeconfig(tmp_path / "config")))
        sealed = SealedSecrets(BackendContext(wished, tmp_path, {}), connect)
        token = new_token()

        assert [check.verdict for check in sealed.check()] == [Verdict.OK]
        sealed.write(RUNNER, token)

    text = document(tmp_path)["spec"]["encryptedData"]["runner-token"]
    assert opened(text, PLACE) == token.get_secret_value()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "gives no certificate"),
        ("<html>sign in</html>", "gives no certificate"),
        (certificate(ec.generate_private_key(ec.SECP256R1())), "gives no certificate"),
        (certificate(days=-1), "has expired"),
    ],
    ids=["empty", "a web page", "another kind of key", "expired"],
)
def test_a_certificate_that_will_not_do_is_said_before_anything_is_created(tmp_path, text, told):
    sealed = backend(tmp_path)
    (tmp_path / "cert.pem").write_text(text)

    (check,) = sealed.check()
    assert check.verdict is Verdict.FAIL
    assert told in check.finding.problem
    with pytest.raises(WizardError, match=told):
        sealed.write(RUNNER, new_token())
    assert not file_of(tmp_path).exists()


def test_a_certificate_that_is_not_there_is_said_so(tmp_path):
    sealed = backend(tmp_path)
    (tmp_path / "cert.pem").unlink()

    (check,) = sealed.check()

    assert "There is no certificate" in check.finding.problem


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path):
    (tmp_path / "gitops").write_text("a file where the folder should be")

    with pytest.raises(WizardError, match="cannot be read or written"):
        backend(tmp_path).write(RUNNER, new_token())


def test_the_policy_names_every_file_and_what_fetches_the_certificate(tmp_path):
    wished = a_profile(secrets={"backend": "sealed-secrets"})
    text = SealedSecrets(BackendContext(wished, tmp_path, {}), no_cluster).policy()

    assert "services/proxy" in text
    assert all(f"gitlab-runner-{name}/token.yaml" in text for name in ("one", "two"))


def test_the_token_shows_nowhere(tmp_path, caplog):
    caplog.set_level(0)
    token = new_token()
    canary = token.get_secret_value()
    sealed = backend(tmp_path)
    sealed.write(RUNNER, token)
    (tmp_path / "cert.pem").write_text("broken")
    around = BackendContext(a_profile(cluster={"namespace": "moved"}), tmp_path, {})
    with pytest.raises(WizardError) as refused:
        SealedSecrets(around, no_cluster).write(RUNNER, token)

    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    texts += [whole_text(refused.value), repr(sealed.__dict__), said(sealed.check()), caplog.text]
    assert canary not in "\n".join(texts)
    assert base64.b64encode(canary.encode()).decode() not in "\n".join(texts)
