"""Where a runner's token is kept, and how the cluster reads it. No secret stands here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from wizard.core.secrets import excerpt
from wizard.profile.backends import BACKENDS
from wizard.profile.backends.aws import Aws
from wizard.profile.backends.existing_store import ExistingStore
from wizard.profile.backends.gcp import Gcp
from wizard.profile.backends.infisical import Infisical
from wizard.profile.backends.sealed_secrets import SealedSecrets
from wizard.profile.backends.sops import Sops
from wizard.profile.backends.spec import (
    OPERATOR_NAMESPACE,
    TOKEN_FIELD,
    BackendName,
    BackendSpec,
    ConfigMapRef,
    SecretRef,
)
from wizard.profile.backends.vault import Vault
from wizard.profile.types import ObjectName, Seconds, Section, option

__all__ = [
    "OPERATOR_NAMESPACE",
    "TOKEN_FIELD",
    "Aws",
    "BackendName",
    "ConfigMapRef",
    "ExistingStore",
    "Gcp",
    "Infisical",
    "SealedSecrets",
    "SecretRef",
    "Secrets",
    "Sops",
    "Store",
    "Vault",
]


class Store(Section):
    """The External Secrets store through which the cluster reads."""

    create: bool = option(
        False, "Whether the wizard renders one, limited to the runner's namespace."
    )
    kind: Literal["SecretStore", "ClusterSecretStore"] = option(
        "ClusterSecretStore", "The kind of a store that is there already."
    )
    name: ObjectName | None = option(None, "The name of a store that is there already.")

    @model_validator(mode="before")
    @classmethod
    def _create_may_be_a_word(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "create":
            raise ValueError(
                f"{excerpt(value, 80)!r} is not a store; write the word create, or "
                "{kind: ClusterSecretStore, name: NAME}"
            )
        return {"create": True} if value == "create" else value

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Store:
        if self.create == (self.name is not None):
            raise ValueError(
                "write the word create, or name a store that is there: "
                "{kind: ClusterSecretStore, name: NAME}"
            )
        return self


class Secrets(Section):
    """Where the runner's token is kept, and how the cluster reads it."""

    backend: BackendName = option(
        "kubernetes",
        "Where the wizard writes the runner's token.",
        **{spec.key: spec.about for spec in BACKENDS.values()},
    )
    infisical: Infisical | None = option(None, "Infisical's settings.")
    vault: Vault | None = option(None, "Vault's or OpenBao's settings.")
    aws: Aws | None = option(None, "AWS's settings.")
    gcp: Gcp | None = option(None, "Google Cloud's settings.")
    existing_store: ExistingStore | None = option(None, "Your own store's settings.")
    sealed_secrets: SealedSecrets | None = option(None, "Sealed Secrets' settings.")
    sops: Sops | None = option(None, "SOPS's settings.")
    store: Store = option(
        Store(create=True), "How the cluster reads: create, or {kind: ..., name: ...}."
    )
    refresh: Seconds = option(900, "How often External Secrets looks for a new token.")

    @property
    def spec(self) -> BackendSpec:
        """What is known of the chosen backend."""
        return BACKENDS[self.backend]

    @property
    def settings(self) -> Any:
        """The chosen backend's own section; None where it is not written."""
        return getattr(self, self.spec.key, None)

    @property
    def in_files(self) -> bool:
        """Whether the token is among the delivered files, encrypted."""
        return self.spec.through == "files"

    @property
    def through_store(self) -> bool:
        """Whether External Secrets brings the token into the cluster."""
        return self.spec.through == "store"
