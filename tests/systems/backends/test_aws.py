"""Tokens in AWS: the whole suite on both services, and AWS's own cases."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.moto import REGION, Moto
from tests.fakes.proxy import Fault
from tests.systems.backends.aws_parts import AwsPlace, new_place, operation, refusal
from tests.systems.backends.conformance import Conformance, new_token, said
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
from wizard.systems.backends import aws_policy


@pytest.fixture
def place(moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsPlace]:
    yield from new_place(moto, tmp_path, monkeypatch)


@pytest.fixture
def parameters(moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsPlace]:
    yield from new_place(moto, tmp_path, monkeypatch, service="parameter-store")


class TestSecretsManager(Conformance):
    """All of the suite, on Secrets Manager."""


class TestParameterStore(Conformance):
    @pytest.fixture
    def place(self, parameters: AwsPlace) -> AwsPlace:
        return parameters


# Other people's fields


@pytest.mark.parametrize("kind", ["place", "parameters"])
def test_fields_of_others_stay_when_ours_is_written_and_removed(
    kind: str, request: pytest.FixtureRequest
) -> None:
    place: AwsPlace = request.getfixturevalue(kind)
    runner, backend = place.profile.runners[0], place.backend()
    place.put_text(runner, '{"note": "keep me"}')
    token = new_token()
    backend.write(runner, token)
    expected = {"note": "keep me", "RUNNER_TOKEN": token.get_secret_value()}
    expected |= {"RUNNER_WIZARD_OWNER": "3f9c2a71/0"}
    assert json.loads(place.text(runner)) == expected
    assert backend.remove(runner) is True
    assert json.loads(place.text(runner)) == {"note": "keep me"}


@pytest.mark.parametrize("kind", ["place", "parameters"])
@pytest.mark.parametrize("text", ["a password", "[1, 2]"])
def test_what_is_no_json_object_is_left_alone(
    kind: str, text: str, request: pytest.FixtureRequest
) -> None:
    place: AwsPlace = request.getfixturevalue(kind)
    runner = place.profile.runners[0]
    place.put_text(runner, text)
    with pytest.raises(ConflictError, match="is not ours") as conflict:
        place.backend().write(runner, new_token())
    assert text not in str(conflict.value)
    assert place.text(runner) == text


def test_the_same_json_in_bytes_is_read_too(place: AwsPlace) -> None:
    """External Secrets' PushSecret writes bytes."""
    runner, token = place.profile.runners[0], new_token()
    value = json.dumps({"RUNNER_TOKEN": token.get_secret_value()}).encode()
    place.moto.client("secretsmanager").create_secret(
        Name=place.settings.secret_name(runner.name), SecretBinary=value
    )
    assert (stored := place.backend().read(runner))
    assert stored.fingerprint == fingerprint(token)


def test_a_secret_that_was_made_without_a_value_gets_one(place: AwsPlace) -> None:
    runner = place.profile.runners[0]
    name = place.settings.secret_name(runner.name)
    place.moto.client("secretsmanager").create_secret(Name=name)
    backend = place.backend()
    assert backend.read(runner) is None
    assert backend.write(runner, new_token()) is True
    assert backend.read(runner)


# Scheduled for deletion


def schedule_deletion(place: AwsPlace, fields: dict[str, str]) -> None:
    runner = place.profile.runners[0]
    place.put_text(runner, json.dumps(fields))
    place.moto.client("secretsmanager").delete_secret(
        SecretId=place.settings.secret_name(runner.name), RecoveryWindowInDays=7
    )


def test_a_scheduled_deletion_is_not_called_off_when_nobody_is_there(place: AwsPlace) -> None:
    schedule_deletion(place, {"note": "keep me"})
    backend, runner = place.backend(), place.profile.runners[0]
    assert backend.read(runner) is None
    [check] = [check for check in backend.check() if check.verdict is Verdict.FAIL]
    assert check.finding
    assert "scheduled for deletion" in check.finding.problem
    with pytest.raises(RefusedError, match="scheduled for deletion"):
        backend.write(runner, new_token())
    described = place.moto.client("secretsmanager").describe_secret(
        SecretId=place.settings.secret_name("one")
    )
    assert "DeletedDate" in described


@pytest.mark.parametrize("answer", ["restore", "no"])
def test_a_scheduled_deletion_is_called_off_by_somebody_who_says_so(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    for place in new_place(moto, tmp_path, monkeypatch, ask):
        schedule_deletion(place, {"note": "keep me"})
        backend, runner, token = place.backend(), place.profile.runners[0], new_token()
        assert not [c for c in backend.check() if c.verdict is Verdict.FAIL]
        if answer == "restore":
            backend.write(runner, token)
            expected = {"note": "keep me", "RUNNER_TOKEN": token.get_secret_value()}
            expected |= {"RUNNER_WIZARD_OWNER": "3f9c2a71/0"}
            assert json.loads(place.text(runner)) == expected
        else:
            with pytest.raises(RefusedError):
                backend.write(runner, token)
        assert len(asked) == 1
        assert "type restore" in asked[0]


def test_a_removed_secrets_name_is_free_at_once(place: AwsPlace) -> None:
    backend, runner = place.backend(), place.profile.runners[0]
    backend.write(runner, new_token())
    backend.remove(runner)
    assert (
        place.moto.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
        == []
    )


# Keys, roles and tags


def test_a_key_of_ones_own_encrypts_and_a_tag_says_whose_it_is(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in new_place(moto, tmp_path, monkeypatch, kms_key="alias/runners"):
        place.backend().write(place.profile.runners[0], new_token())
        described = moto.client("secretsmanager").describe_secret(SecretId="gitlab/runners/one")
        assert described["KmsKeyId"] == "alias/runners"
        assert {"Key": "managed-by", "Value": "runner-wizard"} in described["Tags"]


def test_a_role_is_assumed_once_and_then_acted_as(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "arn:aws:iam::123456789012:role/wizard"
    for place in new_place(moto, tmp_path, monkeypatch, role=role):
        backend = place.backend()
        assert "assumed-role/wizard/runner-wizard" in said(backend.check())
        backend.write(place.profile.runners[0], new_token())
        assumed = [call for call in place.proxy.calls if b"Action=AssumeRole" in call.body]
        assert len(assumed) == 1


# Whose credentials


def test_without_credentials_it_says_what_to_set(place: AwsPlace) -> None:
    place.patch.delenv("AWS_ACCESS_KEY_ID")
    place.patch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match="no AWS credentials") as nobody:
        place.backend().read(place.profile.runners[0])
    assert "AWS_PROFILE" in nobody.value.fix


def test_without_credentials_somebody_who_is_there_is_asked(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "asked-for"

    for place in new_place(moto, tmp_path, monkeypatch, ask):
        place.patch.delenv("AWS_ACCESS_KEY_ID")
        place.patch.delenv("AWS_SECRET_ACCESS_KEY")
        assert place.backend().read(place.profile.runners[0]) is None
    assert prompts == ["AWS access key id", "AWS secret access key"]


def test_a_profile_that_is_not_there_is_named(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in new_place(moto, tmp_path, monkeypatch, profile="ops"):
        with pytest.raises(UsageError, match="not in your AWS configuration") as unknown:
            place.backend().read(place.profile.runners[0])
        assert "ops" in unknown.value.cause


def test_an_sso_session_that_has_expired_is_said_to_have(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(
        "[profile ops]\nsso_session = acme\nsso_account_id = 111122223333\n"
        "sso_role_name = admin\n[sso-session acme]\nsso_region = eu-central-1\n"
        "sso_start_url = https://acme.example.com/start\n"
    )
    for place in new_place(moto, tmp_path, monkeypatch, profile="ops"):
        place.patch.delenv("AWS_ACCESS_KEY_ID")
        place.patch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(NotAllowedError, match="SSO session has expired") as expired:
            place.backend().read(place.profile.runners[0])
        assert "aws sso login --profile ops" in expired.value.fix


@pytest.mark.parametrize(
    ("code", "words", "problem"),
    [
        ("ExpiredTokenException", "The security token included is expired", "have expired"),
        ("UnrecognizedClientException", "The security token is invalid", "does not know these"),
        ("InvalidSignatureException", "Signature expired: is now earlier", "the signature"),
        ("DecryptionFailure", "Secrets Manager can't decrypt it", "the KMS key does not allow"),
        ("AccessDeniedException", "not authorized to perform", "does not let us read"),
    ],
)
def test_each_refusal_has_its_own_words(
    place: AwsPlace, code: str, words: str, problem: str
) -> None:
    place.proxy.fail(Fault(reply=refusal(code, words), times=9))
    with pytest.raises(NotAllowedError, match=problem) as refused:
        place.backend().read(place.profile.runners[0])
    assert words in refused.value.cause
    assert refused.value.fix


def test_another_refusal_is_given_in_aws_own_words(place: AwsPlace) -> None:
    place.proxy.fail(
        Fault(when=place.writes, reply=refusal("LimitExceededException", "too many secrets"))
    )
    with pytest.raises(WizardError, match="AWS refused to write") as refused:
        place.backend().write(place.profile.runners[0], new_token())
    assert "too many secrets" in refused.value.cause


def test_an_address_that_nobody_listens_at_is_said_with_the_region(place: AwsPlace) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, but nobody listens
        place.patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(NotReachedError, match="cannot be reached") as lost:
            place.backend().read(place.profile.runners[0])
    assert "region" in lost.value.fix


# Names, by AWS's rules and not by moto's, which takes any


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"path": "with space"}, "path such as"),
        ({"path": "gitlab/ünïcode"}, "path such as"),
        ({"path": "a" * 480}, "too long"),
        ({"path": "team@acme", "service": "parameter-store"}, "letters, digits"),
        ({"path": "aws/runners", "service": "parameter-store"}, "aws or ssm"),
        ({"path": "SSM-runners", "service": "parameter-store"}, "aws or ssm"),
        ({"path": "/".join("a" * 14), "service": "parameter-store"}, "at most 13 parts"),
    ],
)
def test_a_name_that_aws_would_refuse_is_refused_offline(
    settings: dict[str, Any], word: str
) -> None:
    from wizard.profile.secrets import Aws

    with pytest.raises(ValueError, match=word):
        Aws.model_validate({"region": REGION, **settings})


# What we hand out to an administrator


@pytest.mark.parametrize(
    ("kind", "spare"),
    [
        # Needed only to restore what was scheduled for deletion, and to tag on creation.
        ("place", {"RestoreSecret", "TagResource"}),
        ("parameters", {"AddTagsToResource"}),
    ],
)
def test_the_writers_policy_is_what_the_wizard_calls_and_no_more(
    kind: str, spare: set[str], request: pytest.FixtureRequest
) -> None:
    place: AwsPlace = request.getfixturevalue(kind)
    backend, runner = place.backend(), place.profile.runners[0]
    backend.check()
    backend.write(runner, new_token())
    backend.write(runner, new_token())
    backend.remove(runner)
    called = {operation(call) for call in place.proxy.calls} - {""}
    [statement] = aws_policy.writer(place.profile, place.settings)["Statement"]
    allowed = {action.partition(":")[2] for action in statement["Action"]}
    assert called <= allowed
    assert allowed - called == spare


def test_the_policies_name_each_runners_secret_and_nothing_wider(place: AwsPlace) -> None:
    for policy in (
        aws_policy.writer(place.profile, place.settings),
        aws_policy.reader(place.profile, place.settings),
    ):
        [statement] = policy["Statement"]
        assert statement["Resource"] == [
            f"arn:aws:secretsmanager:{REGION}:*:secret:gitlab/runners/{name}{suffix}"
            for name in ("one", "two")
            for suffix in ("", "-??????")
        ]
        assert "*" not in "".join(statement["Action"])


def test_a_key_of_ones_own_is_allowed_through_the_service_alone(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"arn:aws:kms:{REGION}:111122223333:key/0c3e5b9e"
    for place in new_place(moto, tmp_path, monkeypatch, kms_key=key):
        _, statement = aws_policy.reader(place.profile, place.settings)["Statement"]
        assert statement["Action"] == ["kms:Decrypt"]
        assert statement["Resource"] == [key]
        via = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert via == f"secretsmanager.{REGION}.amazonaws.com"


def test_the_readers_role_may_be_taken_by_the_readers_account_alone(
    moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "arn:aws:iam::111122223333:role/reader"
    settings = {"reader": "irsa", "reader_role": role}
    for place in new_place(moto, tmp_path, monkeypatch, **settings):
        account = place.profile.reader_account
        assert f"system:serviceaccount:gitlab-runner:{account}" in place.backend().policy()
