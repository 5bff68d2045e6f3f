"""The two services of AWS that keep secrets, each seen as named JSON objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from wizard.core.errors import ConflictError, RefusedError
from wizard.profile.secrets import Aws
from wizard.systems.backends.aws_errors import SOURCE, AwsResponseError
from wizard.systems.backends.aws_session import Session
from wizard.systems.backends.token_field import ConcurrentChangeError, Content
from wizard.systems.http.answers import reading

_TAGS = [{"Key": "managed-by", "Value": "runner-wizard"}]

Ask = Callable[[str], str] | None


class Service(Protocol):
    """Secrets by name, each a JSON object of fields."""

    title: str

    def fetch(self, name: str) -> Content | None:
        """What is there; None where nothing is, or only something scheduled for deletion."""
        ...

    def put(self, name: str, fields: Mapping[str, Any], over: Content | None) -> None:
        """Make these all its fields. Raises: ConcurrentChangeError."""
        ...

    def drop(self, name: str) -> None: ...

    def is_scheduled_for_deletion(self, name: str) -> bool: ...


class SecretsManager:
    """AWS Secrets Manager. `ask` is how someone confirms that a deletion is called off."""

    title = "AWS Secrets Manager"

    def __init__(self, session: Session, settings: Aws, ask: Ask) -> None:
        self._session = session
        self._kms_key = settings.kms_key
        self._ask = ask

    def fetch(self, name: str) -> Content | None:
        doing = f"read {name}"
        try:
            answer = self._call(doing, "get_secret_value", "VersionId", SecretId=name)
        except AwsResponseError as refusal:
            if refusal.is_missing or refusal.is_scheduled:
                return None
            raise refusal.error(doing) from None
        with reading(doing, of=SOURCE):
            # External Secrets' PushSecret writes the same JSON as bytes.
            text = answer.get("SecretString")
            if text is None:
                text = answer.get("SecretBinary", b"").decode("utf-8", "replace")
            return Content(_fields(text, name), answer["VersionId"], answer.get("CreatedDate"))

    def put(self, name: str, fields: Mapping[str, Any], over: Content | None) -> None:
        text, doing = json.dumps(fields, sort_keys=True), f"write {name}"
        try:
            if over is None:
                self._create(name, text)
            else:
                self._change(doing, "put_secret_value", SecretId=name, SecretString=text)
        except AwsResponseError as refusal:
            if over is not None and refusal.is_missing:
                raise ConcurrentChangeError from None
            if not refusal.is_taken and not refusal.is_scheduled:
                raise refusal.error(doing) from None
        else:
            return
        if self.is_scheduled_for_deletion(name):
            self._restore(name)
            raise ConcurrentChangeError  # what it holds is to be kept
        if self.fetch(name):
            raise ConcurrentChangeError
        # Someone made it and gave it no value.
        self._plainly(doing, "put_secret_value", SecretId=name, SecretString=text)

    def drop(self, name: str) -> None:
        # At once: a deletion in some days would keep the name taken, for a token that is dead.
        self._plainly(
            f"remove {name}", "delete_secret", SecretId=name, ForceDeleteWithoutRecovery=True
        )

    def is_scheduled_for_deletion(self, name: str) -> bool:
        doing = f"describe {name}"
        try:
            described = self._call(doing, "describe_secret", "ARN", SecretId=name)
        except AwsResponseError as refusal:
            if refusal.is_missing:
                return False
            raise refusal.error(doing) from None
        return "DeletedDate" in described

    def _create(self, name: str, text: str) -> None:
        key = {"KmsKeyId": self._kms_key} if self._kms_key else {}
        self._change(
            f"write {name}",
            "create_secret",
            Name=name,
            SecretString=text,
            Tags=_TAGS,
            Description="The token of a GitLab runner, written by Runner Wizard.",
            **key,
        )

    def _restore(self, name: str) -> None:
        question = f"{name} is scheduled for deletion in AWS; type restore to call that off"
        if self._ask is None or self._ask(question).strip().lower() != "restore":
            raise RefusedError(
                f"{name} is scheduled for deletion in AWS.",
                "someone deleted it, and no one has confirmed that it should stay",
                f"Call it off (aws secretsmanager restore-secret --secret-id {name}), or choose "
                "another secrets.aws.path",
            )
        self._plainly(f"restore {name}", "restore_secret", SecretId=name)

    def _call(self, doing: str, operation: str, tells: str, **arguments: Any) -> dict[str, Any]:
        return self._session.call(doing, "secretsmanager", operation, tells=tells, **arguments)

    def _change(self, doing: str, operation: str, **arguments: Any) -> None:
        self._session.call(doing, "secretsmanager", operation, is_read=False, **arguments)

    def _plainly(self, doing: str, operation: str, **arguments: Any) -> None:
        try:
            self._change(doing, operation, **arguments)
        except AwsResponseError as refusal:
            raise refusal.error(doing) from None


class ParameterStore:
    """AWS Systems Manager Parameter Store, with SecureString parameters."""

    title = "AWS Parameter Store"

    def __init__(self, session: Session, settings: Aws) -> None:
        self._session = session
        self._kms_key = settings.kms_key

    def fetch(self, name: str) -> Content | None:
        doing = f"read {name}"
        try:
            answer = self._session.call(
                doing, "ssm", "get_parameter", tells="Parameter", Name=name, WithDecryption=True
            )
        except AwsResponseError as refusal:
            if refusal.is_missing:
                return None
            raise refusal.error(doing) from None
        with reading(doing, of=SOURCE):
            parameter = answer["Parameter"]
            return Content(
                _fields(parameter["Value"], name),
                str(parameter.get("Version", "")),
                parameter.get("LastModifiedDate"),
            )

    def put(self, name: str, fields: Mapping[str, Any], over: Content | None) -> None:
        doing = f"write {name}"
        key = {"KeyId": self._kms_key} if self._kms_key else {}
        # AWS takes tags for a new parameter only.
        kind: dict[str, Any] = {"Overwrite": True} if over else {"Tags": _TAGS}
        try:
            self._session.call(
                doing,
                "ssm",
                "put_parameter",
                is_read=False,
                Name=name,
                Value=json.dumps(fields, sort_keys=True),
                Type="SecureString",
                **key,
                **kind,
            )
        except AwsResponseError as refusal:
            if refusal.is_taken:
                raise ConcurrentChangeError from None
            raise refusal.error(doing) from None

    def drop(self, name: str) -> None:
        doing = f"remove {name}"
        try:
            self._session.call(doing, "ssm", "delete_parameter", is_read=False, Name=name)
        except AwsResponseError as refusal:
            raise refusal.error(doing) from None

    def is_scheduled_for_deletion(self, _name: str) -> bool:
        return False  # a parameter is deleted at once


def _fields(text: str, name: str) -> dict[str, Any]:
    try:
        fields = json.loads(text or "{}")
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ConflictError(
            f"{name} in AWS is not ours: it holds something else than fields.",
            "the wizard keeps the token as a field of a JSON object, and overwrites nothing else",
            "Choose another secrets.aws.path, or move what is there",
        )
    return fields
