"""A conversation with AWS through boto3, as one identity."""

from __future__ import annotations

import logging
from threading import Lock
from typing import Any

from wizard.core.secrets import SecretStr, remember_secret
from wizard.profile.secrets import Aws
from wizard.systems.backends import aws_errors
from wizard.systems.backends.aws_errors import AwsResponseError
from wizard.systems.backends.context import BackendContext
from wizard.systems.http.answers import reading

_SESSION_NAME = "runner-wizard"


class Session:
    """Calls to AWS in one region; finds its credentials when first needed. Safe between threads.

    Credentials are found as boto3 finds them: environment, profiles, SSO, web identity, the
    machine's role. Only where there are none, and someone is there, is a key asked for.
    """

    def __init__(self, settings: Aws, around: BackendContext) -> None:
        self._settings = settings
        self._around = around
        self._lock = Lock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    @property
    def profile(self) -> str:
        """The profile of the AWS configuration that is used; empty for none."""
        return self._settings.profile or self._around.variable("AWS_PROFILE")

    def call(
        self,
        doing: str,
        service: str,
        operation: str,
        *,
        is_read: bool = True,
        tells: str = "",
        **arguments: Any,
    ) -> dict[str, Any]:
        """Make one call.

        Args:
            doing: completes "could not ...".
            service: as boto3 names it, such as secretsmanager.
            operation: as boto3 names it, such as get_secret_value.
            is_read: whether it may be sent again when the connection is cut.
            tells: the key that a true answer has; empty where it does not matter.

        Raises: SaysNo, for an answer that the caller may be able to read; WizardError.
        """

        def once() -> dict[str, Any]:
            answer = self._once(doing, service, operation, arguments)
            if tells and not answer.get(tells):
                raise aws_errors.invalid_response(doing)
            return answer

        return self._around.policy.call_with_retries(once, doing, who="AWS", is_read=is_read)

    def _once(
        self, doing: str, service: str, operation: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answer: dict[str, Any] = getattr(self._client(service), operation)(**arguments)
        except ClientError as refused:
            refusal = AwsResponseError(refused.response)
            refusal.raise_if_throttled()
            error: Exception = refusal.error(doing) if refusal.status >= 500 else refusal
        except (ResponseParserError, AttributeError, LookupError, TypeError):  # its parsers
            error = aws_errors.invalid_response(doing)
        except (BotoCoreError, ValueError) as lost:  # ValueError: not even an address
            error = aws_errors.without_answer(lost, doing, self.profile)
        else:
            return answer
        # Outside the handler: what botocore raises must not travel along with the arguments.
        raise error

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                if self._session is None:
                    self._session = self._signed_in()
                self._clients[service] = self._made(self._session, service)
            return self._clients[service]

    def _signed_in(self) -> Any:
        import boto3

        # At DEBUG botocore logs the bodies of its calls, and ours hold tokens.
        logging.getLogger("botocore").setLevel(logging.INFO)
        region = self._settings.region
        session = boto3.Session(profile_name=self._settings.profile, region_name=region)
        if session.get_credentials() is None:
            session = boto3.Session(region_name=region, **self._asked_for())
        if self._settings.role is None:
            return session
        answer = self._made(session, "sts").assume_role(
            RoleArn=self._settings.role, RoleSessionName=_SESSION_NAME
        )
        with reading("take on the role", of=aws_errors.SOURCE):
            assumed = answer["Credentials"]
            return boto3.Session(
                region_name=region,
                aws_access_key_id=assumed["AccessKeyId"],
                aws_secret_access_key=_kept(assumed["SecretAccessKey"]),
                aws_session_token=_kept(assumed["SessionToken"]),
            )

    def _asked_for(self) -> dict[str, str]:
        if self._around.ask is None:
            raise aws_errors.no_credentials()
        key = self._around.credential("AWS access key id", "AWS_ACCESS_KEY_ID")
        secret = self._around.credential("AWS secret access key", "AWS_SECRET_ACCESS_KEY")
        return {
            "aws_access_key_id": key.get_secret_value(),
            "aws_secret_access_key": secret.get_secret_value(),
        }

    def _made(self, session: Any, service: str) -> Any:
        from botocore.config import Config

        connect, read = self._around.timeouts
        config = Config(
            connect_timeout=connect,
            read_timeout=read,
            retries={"total_max_attempts": 1},  # `carry_out` knows which calls may go again
        )
        client = session.client(service, config=config)
        # The profile names no address: it is AWS's own, or this machine's configuration says so.
        self._around.may_send((), client.meta.endpoint_url)
        return client


def _kept(value: str) -> str:
    return remember_secret(SecretStr(value)).get_secret_value()
