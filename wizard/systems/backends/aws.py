"""Tokens in AWS Secrets Manager or Parameter Store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.core.findings import Check, Finding, Verdict
from wizard.core.problems import Key
from wizard.profile.runner import Runner
from wizard.profile.secrets import Aws
from wizard.systems.backends import aws_policy
from wizard.systems.backends.aws_errors import AwsResponseError
from wizard.systems.backends.aws_services import ParameterStore, SecretsManager, Service
from wizard.systems.backends.aws_session import Session
from wizard.systems.backends.checks import checked
from wizard.systems.backends.context import BackendContext, needed
from wizard.systems.backends.token_field import Content, TokenField


class AwsSecrets(TokenField):
    """One secret, or parameter, for each runner: a JSON object with the token as a field."""

    def __init__(self, settings: Aws, around: BackendContext) -> None:
        self._settings = settings
        self._around = around
        self._profile = around.profile
        self._session = Session(settings, around)
        self._service: Service
        if settings.service == "parameter-store":
            self._service = ParameterStore(self._session, settings)
        else:
            self._service = SecretsManager(self._session, settings, around.ask)

    def where(self, runner: Runner) -> str:
        return f"{self._service.title} {self._name(runner)}"

    def facts(self) -> Mapping[Key, Any]:
        return {}

    def check(self) -> list[Check]:
        return checked(
            (
                ("sign in to AWS", self._check_identity),
                (f"read from {self._service.title}", self._check_reading),
            )
        )

    def policy(self) -> str:
        return aws_policy.text(self._profile, self._settings)

    def close(self) -> None:
        """There is no session to end: every call is signed on its own."""

    def _check_identity(self) -> list[Check]:
        doing = "say who we are"
        try:
            me = self._session.call(doing, "sts", "get_caller_identity", tells="Arn")
        except AwsResponseError as refusal:
            raise refusal.error(doing) from None
        return [Check(f"signed in to AWS as {me['Arn']}", Verdict.OK)]

    def _check_reading(self) -> list[Check]:
        checks = []
        for runner in self._profile.runners:
            self._fetch(runner)
            scheduled = self._service.is_scheduled_for_deletion(self._name(runner))
            checks.append(self._scheduled(runner) if scheduled else self._readable(runner))
        finding = Finding(
            "whether it may be written is not known",
            fix="The policy of docs/secrets.md is enough",
            cause="AWS cannot answer that without writing",
        )
        return [*checks, Check(f"write to {self._service.title}", Verdict.UNSEEN, finding)]

    def _readable(self, runner: Runner) -> Check:
        return Check(f"read {self.where(runner)}", Verdict.OK)

    def _scheduled(self, runner: Runner) -> Check:
        finding = Finding(
            f"{self._name(runner)} is scheduled for deletion",
            cause="someone deleted it; its name stays reserved until then",
            fix="Call that off (aws secretsmanager restore-secret), or choose another path",
        )
        attended = self._around.ask is not None  # then it is asked about when it is written
        verdict = Verdict.WARN if attended else Verdict.FAIL
        return Check(f"read {self.where(runner)}", verdict, finding)

    def _name(self, runner: Runner) -> str:
        return self._settings.secret_name(runner.name)

    def _fetch(self, runner: Runner) -> Content | None:
        return self._service.fetch(self._name(runner))

    def _put(self, runner: Runner, fields: Mapping[str, Any], over: Content | None) -> None:
        self._service.put(self._name(runner), fields, over)

    def _drop(self, runner: Runner) -> None:
        self._service.drop(self._name(runner))


def build(around: BackendContext, _cluster: object = None) -> AwsSecrets:
    """The backend of this profile."""
    settings = around.profile.secrets.aws
    return AwsSecrets(needed(settings), around)
