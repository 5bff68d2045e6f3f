"""Infisical, Cloud or self-hosted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from wizard.core.problems import Problems
from wizard.profile.backends.readers import require_reader_ca
from wizard.profile.backends.spec import (
    EXTERNAL_SECRETS,
    BackendSpec,
    ConfigMapRef,
    Credential,
    ReaderPart,
    SecretRef,
    allow_http,
)
from wizard.profile.types import FilePath, Matching, Section, Text, Url, option

if TYPE_CHECKING:
    from wizard.profile.model import Profile

_FolderPath = Annotated[
    str,
    Matching(r"/(?:[\w-]+(?:/[\w-]+)*)?", "an Infisical folder: /, letters, digits, '-' and '_'"),
]


class Infisical(Section):
    """Infisical, Cloud or self-hosted."""

    host: Url = option(
        "https://app.infisical.com", "Its address; the EU cloud is eu.infisical.com."
    )
    allow_http: bool = allow_http()
    project: Text = option(..., "The project, by slug or id.")
    environment: Text = option("prod", "The environment's slug.")
    path: _FolderPath = option("/gitlab/runners", "The folder; each runner has its own below it.")
    ca_file: FilePath | None = option(None, "A private CA, in PEM, relative to the profile.")
    reader: Literal["universal-auth", "kubernetes-auth"] = option(
        "universal-auth",
        "How the cluster signs in to read the token.",
        universal_auth="a machine identity's client id and secret, kept in a Secret",
        kubernetes_auth="the operator's own ServiceAccount; no static secret",
    )
    reader_secret: SecretRef = option(
        SecretRef(name="infisical-runner-reader"),
        "The Secret with the reader's credential: clientId and clientSecret, or identityId.",
    )
    reader_ca: ConfigMapRef | None = option(
        None, "A ConfigMap that is in the cluster with the private CA, as ca.crt, for the reader."
    )

    def folder(self, runner: str) -> str:
        """The folder of a runner, whose secret is named `TOKEN_FIELD`."""
        return f"{self.path.rstrip('/')}/{runner}"


def _rule(profile: Profile, problems: Problems) -> None:
    require_reader_ca(profile.secrets, problems)


INFISICAL = BackendSpec(
    name="infisical",
    about="Infisical, read by External Secrets",
    needs="External Secrets; a machine identity that may write",
    client="infisical",
    through="store",
    section=Infisical,
    operator=EXTERNAL_SECRETS,
    provider="infisical",
    sign_in={
        "": (
            Credential("INFISICAL_CLIENT_ID", "Client id"),
            Credential("INFISICAL_CLIENT_SECRET", "Client secret"),
        )
    },
    address_variables=("INFISICAL_API_URL",),
    address="https://app.infisical.com",
    address_suffix="/api",
    readers={
        "universal-auth": (
            ReaderPart("clientId", "INFISICAL_READER_CLIENT_ID", "Reader's client id"),
            ReaderPart("clientSecret", "INFISICAL_READER_CLIENT_SECRET", "Reader's client secret"),
        ),
        "kubernetes-auth": (
            ReaderPart("identityId", "INFISICAL_READER_IDENTITY_ID", "Reader's identity id"),
        ),
    },
    rule=_rule,
)
