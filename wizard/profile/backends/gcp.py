"""Google Cloud Secret Manager."""

from __future__ import annotations

from typing import Annotated, Literal

from wizard.profile.backends.spec import (
    EXTERNAL_SECRETS,
    BackendSpec,
    ReaderPart,
    SecretRef,
    allow_http,
)
from wizard.profile.types import Matching, Section, Text, option


class Gcp(Section):
    """Google Cloud Secret Manager."""

    project: Text = option(..., "The Google Cloud project's id.")
    allow_http: bool = allow_http()
    prefix: Annotated[str, Matching(r"[A-Za-z0-9_-]{1,200}", "letters, digits, '-' and '_'")] = (
        option("gitlab-runner", "Each runner's secret is named PREFIX-NAME.")
    )
    reader: Literal["workload-identity", "static"] = option(
        "workload-identity",
        "How the cluster signs in to read the token.",
        workload_identity="a ServiceAccount bound to a Google service account",
        static="a service account's key, kept in a Secret",
    )
    reader_account: Text | None = option(
        None, "The Google service account of the reader, for workload-identity."
    )
    reader_secret: SecretRef = option(
        SecretRef(name="gcp-runner-reader"),
        "The Secret with a static key, as secret-access-credentials.",
    )

    def secret_id(self, runner: str) -> str:
        """The id of a runner's secret in the project."""
        return f"{self.prefix}-{runner}"


GCP = BackendSpec(
    name="gcp",
    about="Google Cloud Secret Manager, read by External Secrets",
    needs="External Secrets; application default credentials",
    client="gcp",
    through="store",
    section=Gcp,
    operator=EXTERNAL_SECRETS,
    provider="gcpsm",
    readers={
        "static": (
            ReaderPart(
                "secret-access-credentials", "GCP_READER_CREDENTIALS", "Reader's key file, as JSON"
            ),
        ),
    },
)
