"""What a store that the wizard makes signs in with, where that is something secret.

The values stand in a Secret of the operator's namespace, out of reach of the managers and of every
job, and in no file. They are another identity's than the wizard's own: one that may only read.
"""

from __future__ import annotations

from dataclasses import dataclass

from wizard.profile.secrets import SecretRef, Secrets


@dataclass(frozen=True, slots=True)
class ReaderPart:
    """One value of a reader's credential."""

    key: str
    """Its key in the Secret, as External Secrets expects it."""
    variable: str
    """The environment variable that brings it."""
    label: str


_PARTS = {
    ("infisical", "universal-auth"): (
        ReaderPart("clientId", "INFISICAL_READER_CLIENT_ID", "Reader's client id"),
        ReaderPart("clientSecret", "INFISICAL_READER_CLIENT_SECRET", "Reader's client secret"),
    ),
    ("infisical", "kubernetes-auth"): (
        ReaderPart("identityId", "INFISICAL_READER_IDENTITY_ID", "Reader's identity id"),
    ),
    ("vault", "approle"): (
        ReaderPart("role-id", "VAULT_READER_ROLE_ID", "Reader's role id"),
        ReaderPart("secret-id", "VAULT_READER_SECRET_ID", "Reader's secret id"),
    ),
    ("vault", "token"): (ReaderPart("token", "VAULT_READER_TOKEN", "Reader's Vault token"),),
    ("aws", "static"): (
        ReaderPart("access-key", "AWS_READER_ACCESS_KEY_ID", "Reader's access key id"),
        ReaderPart(
            "secret-access-key", "AWS_READER_SECRET_ACCESS_KEY", "Reader's secret access key"
        ),
    ),
    ("gcp", "static"): (
        ReaderPart(
            "secret-access-credentials", "GCP_READER_CREDENTIALS", "Reader's key file, as JSON"
        ),
    ),
}


def parts_of(backend: str, reader: str) -> tuple[ReaderPart, ...]:
    """What a reader's credential consists of; nothing where it signs in without one.

    Args:
        backend: its name in the profile.
        reader: the backend's `reader`.
    """
    return _PARTS.get((backend, reader), ())


def reader_parts(secrets: Secrets) -> tuple[ReaderPart, ...]:
    """What the store of a profile signs in with.

    Nothing where the wizard makes no store, or its reader signs in without anything secret.
    """
    settings = getattr(secrets, secrets.backend, None)
    if not secrets.through_store or not secrets.store.create or settings is None:
        return ()
    return parts_of(secrets.backend, settings.reader)


def reader_secret(secrets: Secrets) -> SecretRef | None:
    """The Secret that holds it; None where there is nothing to hold."""
    if not reader_parts(secrets):
        return None
    found: SecretRef = getattr(secrets, secrets.backend).reader_secret
    return found
