"""AWS Secrets Manager or Parameter Store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from wizard.core.problems import Problems
from wizard.profile.backends.spec import (
    EXTERNAL_SECRETS,
    BackendSpec,
    Credential,
    ReaderPart,
    SecretPath,
    SecretRef,
    allow_http,
)
from wizard.profile.types import Section, Text, option

if TYPE_CHECKING:
    from wizard.profile.model import Profile

_CHAIN = "your AWS configuration or this machine's role is used"


class Aws(Section):
    """AWS Secrets Manager or Parameter Store."""

    service: Literal["secrets-manager", "parameter-store"] = option(
        "secrets-manager",
        "Which of the two services.",
        secrets_manager="versioned secrets, priced each",
        parameter_store="SecureString parameters",
    )
    region: Text = option(..., "The region, such as eu-central-1.")
    allow_http: bool = allow_http()
    path: SecretPath = option("gitlab/runners", "Each runner's secret is named PATH/NAME.")
    profile: Text | None = option(None, "The profile of your AWS configuration; none: the chain.")
    role: Text | None = option(None, "The ARN of a role that the wizard assumes.")
    kms_key: Text | None = option(None, "The KMS key to encrypt with; none: the account's own.")
    reader: Literal["irsa", "pod-identity", "static"] = option(
        "irsa",
        "How the cluster signs in to read the token.",
        irsa="a ServiceAccount with a role (EKS)",
        pod_identity="an EKS Pod Identity association of the operator",
        static="an access key, kept in a Secret",
    )
    reader_role: Text | None = option(None, "The ARN of the reader's role, for irsa.")
    reader_secret: SecretRef = option(
        SecretRef(name="aws-runner-reader"),
        "The Secret with a static key: access-key and secret-access-key.",
    )

    def secret_name(self, runner: str) -> str:
        """The name of a runner's secret; a parameter's begins with a slash."""
        slash = "/" if self.service == "parameter-store" else ""
        return f"{slash}{self.path}/{runner}"

    @model_validator(mode="after")
    def _takes_the_name(self) -> Aws:
        # AWS documents 512 characters for a secret's name (CreateSecret) and, for a parameter's,
        # 15 levels of letters, digits, '_', '.' and '-' that begin with neither aws nor ssm
        # (PutParameter); a runner's name has 39 characters at most.
        if len(self.path) > 470:
            raise ValueError("the path is too long; with a runner's name AWS takes 512 characters")
        if self.service == "parameter-store":
            if re.search("[@+=]", self.path) or self.path.count("/") > 12:
                raise ValueError(
                    "the path of a parameter has letters, digits, '_', '.' and '-', "
                    "in at most 13 parts"
                )
            if self.path.lower().startswith(("aws", "ssm")):
                raise ValueError("the path of a parameter may not begin with aws or ssm")
        return self


def _rule(profile: Profile, problems: Problems) -> None:
    settings = profile.secrets.aws
    if not settings or not profile.secrets.store.create:
        return
    if settings.reader == "irsa" and not settings.reader_role:
        problems.at("secrets", "aws", "reader").add(
            "irsa needs the role that the reader takes", "add reader_role: its ARN"
        )


AWS = BackendSpec(
    name="aws",
    about="AWS Secrets Manager or Parameter Store, read by External Secrets",
    needs="External Secrets; AWS credentials; a role for the reader",
    client="aws",
    through="store",
    section=Aws,
    operator=EXTERNAL_SECRETS,
    provider="aws",
    sign_in={
        "": (
            Credential("AWS_ACCESS_KEY_ID", "Access key id", _CHAIN, for_all=True),
            Credential("AWS_SECRET_ACCESS_KEY", "Secret access key", _CHAIN, for_all=True),
        )
    },
    readers={
        "static": (
            ReaderPart("access-key", "AWS_READER_ACCESS_KEY_ID", "Reader's access key id"),
            ReaderPart(
                "secret-access-key", "AWS_READER_SECRET_ACCESS_KEY", "Reader's secret access key"
            ),
        ),
    },
    rule=_rule,
)
