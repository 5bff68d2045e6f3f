"""Tokens encrypted by sops: how it is called, and what is made of its answer.

A stand-in plays the program. It proves our side of the call alone: that the token comes by standard
input, which arguments come with it, and what is done with every kind of answer.
"""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.systems.backends.conformance import new_token, profile, said, whole_text
from wizard.core.errors import ConflictError, WizardError
from wizard.core.findings import Verdict
from wizard.core.secrets import fingerprint
from wizard.profile.model import Profile
from wizard.systems.backends import Owner
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.sops import Sops

OURS, THEIRS = "age1" + "q" * 58, "age1" + "p" * 58

STAND_IN = """#!{python}
import json, os, sys, yaml
given = sys.stdin.read()
call = {{"arguments": sys.argv[1:], "given": given, "cwd": os.getcwd()}}
call["environ"] = dict(os.environ)
open({calls!r}, "a").write(json.dumps(call) + "\\n")
if "--version" in sys.argv:
    print({version!r})
    sys.exit()
{trouble}
document = yaml.safe_load(given)
document["data"] = {{key: "ENC[AES256_GCM,data:x]" for key in document["data"]}}
recipients = sys.argv[sys.argv.index("--age") + 1].split(",")
document["sops"] = {{"age": [{{"recipient": one, "enc": "-"}} for one in recipients]}}
print(yaml.safe_dump(document))
"""


@dataclass
class Machine:
    """A machine with a stand-in for sops on its PATH, and a profile beside."""

    folder: Path
    recipients: tuple[str, ...] = (OURS, THEIRS)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "gitops" / "manifests" / "gitlab-runner-one" / "token.yaml"

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What the stand-in was asked, its version left out."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [
            call for line in lines if "--version" not in (call := json.loads(line))["arguments"]
        ]

    def install(self, trouble: str = "", version: str = "sops 3.13.2") -> None:
        program = self.folder / "bin" / "sops"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            STAND_IN.format(
                python=sys.executable,
                calls=str(self.folder / "calls"),
                version=version,
                trouble=trouble,
            )
        )
        program.chmod(0o755)

    def sops(self) -> Sops:
        environ = {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder),
            "SOPS_KMS_ARN": "arn:aws:kms:eu-central-1:1:key/somebody-elses",
            **self.environ,
        }
        return Sops(BackendContext(self.profile(), self.folder, environ))

    def profile(self) -> Profile:
        wished = profile({"backend": "sops", "sops": {"age": list(self.recipients)}})
        changes = {"delivery": {"to": "directory"}}
        return Profile.model_validate(wished.model_dump(by_alias=True) | changes)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.install()
    return machine


RUNNER = Machine(Path()).profile().runners[0]


def test_the_token_goes_in_on_standard_input_and_in_no_argument(machine):
    token = new_token()

    assert machine.sops().write(RUNNER, token)

    (call,) = machine.calls
    secret = yaml.safe_load(call["given"])
    assert base64.b64decode(secret["data"]["runner-token"]).decode() == token.get_secret_value()
    assert secret["data"]["runner-registration-token"] == ""
    assert call["arguments"] == [
        *("encrypt", "--age", f"{OURS},{THEIRS}"),
        *("--encrypted-regex", "^(data|stringData)$"),
        *("--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"),
    ]


def test_no_configuration_of_the_machine_has_a_say(machine):
    machine.sops().write(RUNNER, new_token())

    (call,) = machine.calls
    assert call["cwd"] == "/"
    assert not [name for name in call["environ"] if name.startswith("SOPS_")]


def test_it_is_given_none_of_our_own_credentials(machine):
    secret = new_token().get_secret_value()
    machine.environ = dict.fromkeys(
        ("GITLAB_TOKEN", "VAULT_TOKEN", "INFISICAL_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY"), secret
    )
    machine.sops().write(RUNNER, new_token())

    (call,) = machine.calls
    assert secret not in call["environ"].values()


def test_what_was_written_is_known_by_its_hash_and_not_encrypted_again(machine):
    token = new_token()
    machine.sops().write(RUNNER, token)

    assert machine.sops().read(RUNNER).fingerprint == fingerprint(token)
    assert not machine.sops().write(RUNNER, token)
    assert len(machine.calls) == 1
    assert machine.file.read_text().startswith("# Sealed by Runner Wizard from profile")


def test_a_file_for_other_readers_is_no_token_so_that_they_get_a_new_one(machine):
    machine.sops().write(RUNNER, new_token())

    machine.recipients = (THEIRS,)

    assert machine.sops().read(RUNNER) is None


def test_a_sops_that_leaves_the_token_in_the_clear_writes_no_file(machine):
    machine.install(trouble="print(given); sys.exit()")

    with pytest.raises(WizardError, match="unencrypted"):
        machine.sops().write(RUNNER, new_token())

    assert not machine.file.exists()


def test_a_sops_that_fails_is_quoted_without_the_token(machine):
    trouble = "sys.stderr.write('bad recipient near ' + os.environ['CANARY']); sys.exit(1)"
    token = new_token()
    machine.install(trouble=trouble.replace("os.environ['CANARY']", repr(token.get_secret_value())))

    with pytest.raises(WizardError, match="could not encrypt") as failed:
        machine.sops().write(RUNNER, token)

    assert failed.value.cause == "bad recipient near [redacted]"
    assert not machine.file.exists()


def test_without_sops_it_says_so_before_anything_is_created(machine):
    (machine.folder / "bin" / "sops").unlink()

    (check,) = machine.sops().check()
    assert check.verdict is Verdict.FAIL
    assert "no sops on this machine" in check.finding.problem
    with pytest.raises(WizardError, match="no sops on this machine"):
        machine.sops().write(RUNNER, new_token())


@pytest.mark.parametrize("version", ["sops 3.8.1 (latest)", "something else"])
def test_a_sops_that_is_too_old_is_said_so(machine, version):
    machine.install(version=version)

    (check,) = machine.sops().check()

    assert "too old" in check.finding.problem
    assert version in check.finding.cause


def test_a_check_finds_all_well_and_writes_nothing(machine):
    assert [check.verdict for check in machine.sops().check()] == [Verdict.OK]
    assert machine.calls == []
    assert not machine.file.exists()


def test_the_policy_names_who_can_read_and_every_file(machine):
    text = machine.sops().policy()

    assert OURS in text
    assert all(f"gitlab-runner-{name}/token.yaml" in text for name in ("one", "two"))


def test_the_token_shows_nowhere_on_the_machine(machine, monkeypatch, caplog, tmp_path):
    caplog.set_level(0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    token = new_token()
    sops = machine.sops()
    sops.write(RUNNER, token)
    machine.install(trouble="sys.exit(3)")
    machine.recipients = (OURS,)
    with pytest.raises(WizardError) as failed:
        machine.sops().write(RUNNER, token)

    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "calls"]
    texts = [path.read_text() for path in files]
    texts += [whole_text(failed.value), said(sops.check()), caplog.text]
    texts += [json.dumps(call["arguments"]) + json.dumps(call["environ"]) for call in machine.calls]
    assert token.get_secret_value() not in "\n".join(texts)


def test_the_file_says_whose_token_it_holds(machine: Machine) -> None:
    backend, token = machine.sops(), new_token()
    runner = machine.profile().runners[0]
    backend.write(runner, token, 17)

    assert (stored := machine.sops().read(runner))
    assert stored.owner == Owner("3f9c2a71", 17)
    assert stored.token is None, "who writes it cannot read it"


def test_another_profiles_file_is_neither_written_nor_removed(machine: Machine) -> None:
    runner = machine.profile().runners[0]
    machine.sops().write(runner, new_token(), 17)
    before = machine.file.read_bytes()
    other = machine.sops()
    other._profile = other._profile.model_copy(update={"id": "0badcafe"})

    for call in (lambda: other.write(runner, new_token(), 4), lambda: other.remove(runner)):
        with pytest.raises(ConflictError, match="was not written from this profile"):
            call()

    assert machine.file.read_bytes() == before
