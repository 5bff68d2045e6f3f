"""AWS as moto plays it, with a way to it that can fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.moto import KEY, REGION, Moto
from tests.fakes.proxy import Call, Fault, FaultyProxy, Reply
from tests.systems.backends import conformance
from wizard.profile.runner import Runner
from wizard.systems.backends.aws import AwsSecrets, build
from wizard.systems.backends.context import BackendContext

_WRITES = ("Create", "Put", "Delete", "Restore", "Update", "Tag", "Add")


def operation(call: Call) -> str:
    """The name of a call, such as `GetSecretValue`; empty for STS, which has it in the body."""
    return call.headers.get("X-Amz-Target", "").rpartition(".")[2]


def refusal(code: str, message: str, status: int = 400) -> Reply:
    """An error as the JSON services of AWS answer it."""
    return Reply(
        status,
        json.dumps({"__type": code, "message": message}).encode(),
        {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "suite"},
    )


@dataclass
class AwsPlace:
    """botocore reads the true environment, so that is what `patch` sets."""

    moto: Moto
    proxy: FaultyProxy
    folder: Path
    patch: pytest.MonkeyPatch
    section: dict[str, Any] = field(default_factory=dict)
    ask: Callable[[str], str] | None = None
    throttled = refusal("ThrottlingException", "Rate exceeded")

    def __post_init__(self) -> None:
        aws = {"region": REGION, "reader": "pod-identity", **self.section}
        self.profile = conformance.profile({"backend": "aws", "aws": aws})
        settings = self.profile.secrets.aws
        assert settings
        self.settings = settings
        environ = {
            **KEY,
            "AWS_ENDPOINT_URL": self.proxy.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
            "HOME": str(self.folder),
        }
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
            self.patch.delenv(name, raising=False)
        for name, value in environ.items():
            self.patch.setenv(name, value)

    def backend(self) -> AwsSecrets:
        import os

        around = BackendContext(
            self.profile,
            self.folder,
            os.environ,
            self.ask,
            timeouts=(2, conformance.PATIENCE),
        )
        return build(around)

    def stranger(self) -> AwsSecrets:
        denied = refusal(
            "AccessDeniedException",
            "User: arn:aws:iam::111122223333:user/eve is not authorized to perform this",
        )
        self.proxy.fail(Fault(when=lambda call: bool(operation(call)), reply=denied, times=99))
        return self.backend()

    def put(self, runner: Runner, value: str) -> None:
        self.put_text(runner, json.dumps({"RUNNER_TOKEN": value}))

    def put_text(self, runner: Runner, text: str) -> None:
        name = self.settings.secret_name(runner.name)
        if self.settings.service == "parameter-store":
            self.moto.client("ssm").put_parameter(
                Name=name, Value=text, Type="SecureString", Overwrite=True
            )
        else:
            self.moto.client("secretsmanager").create_secret(Name=name, SecretString=text)

    def text(self, runner: Runner) -> str:
        name = self.settings.secret_name(runner.name)
        if self.settings.service == "parameter-store":
            found = self.moto.client("ssm").get_parameter(Name=name, WithDecryption=True)
            return str(found["Parameter"]["Value"])
        found = self.moto.client("secretsmanager").get_secret_value(SecretId=name)
        return str(found["SecretString"])

    def writes(self, call: Call) -> bool:
        return operation(call).startswith(_WRITES)


def new_place(
    moto: Moto,
    folder: Path,
    patch: pytest.MonkeyPatch,
    ask: Callable[[str], str] | None = None,
    **section: Any,
) -> Iterator[AwsPlace]:
    """An empty AWS."""
    moto.reset()
    with FaultyProxy(moto.url) as proxy:
        yield AwsPlace(moto, proxy, folder, patch, section, ask)
