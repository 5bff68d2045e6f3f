"""Where a runner's token is kept, and how the cluster reads it. No secret stands here."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import model_validator

from wizard.profile.types import (
    DnsLabel,
    FilePath,
    Matching,
    ObjectName,
    Seconds,
    Section,
    Text,
    Url,
    option,
)

BackendName = Literal[
    "kubernetes", "infisical", "vault", "aws", "gcp", "existing-store", "sealed-secrets", "sops"
]
THROUGH_STORE: frozenset[BackendName] = frozenset(
    {"infisical", "vault", "aws", "gcp", "existing-store"}
)
"""Backends from which External Secrets brings the token into the cluster."""

_FolderPath = Annotated[
    str,
    Matching(r"/(?:[\w-]+(?:/[\w-]+)*)?", "an Infisical folder: /, letters, digits, '-' and '_'"),
]
_SecretPath = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9_][A-Za-z0-9_.@+=-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.@+=-]*)*",
        "a path such as gitlab/runners, without leading /",
    ),
]
TOKEN_FIELD = "RUNNER_TOKEN"  # noqa: S105 - the field's name
"""What the token is called inside a secret that has fields."""
_AgeRecipient = Annotated[str, Matching(r"age1[0-9a-z]{20,}", "an age public key (age1...)")]


OPERATOR_NAMESPACE = "external-secrets"
"""Where External Secrets is installed, if nothing else is said."""


class SecretRef(Section):
    """A Secret of the cluster, by name; its values never stand in the profile."""

    name: ObjectName = option(..., "The Secret's name.")
    namespace: DnsLabel | None = option(
        None, f"Its namespace; none: the operator's own, {OPERATOR_NAMESPACE}."
    )


class ConfigMapRef(Section):
    """A ConfigMap of the cluster, by name."""

    name: ObjectName = option(..., "The ConfigMap's name.")
    namespace: DnsLabel | None = option(
        None, f"Its namespace; none: the operator's own, {OPERATOR_NAMESPACE}."
    )


class Infisical(Section):
    """Infisical, Cloud or self-hosted."""

    host: Url = option(
        "https://app.infisical.com", "Its address; the EU cloud is eu.infisical.com."
    )
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


class Vault(Section):
    """HashiCorp Vault or OpenBao."""

    address: Url = option(..., "Its address; VAULT_ADDR wins for the wizard's own calls.")
    mount: _SecretPath = option("secret", "The KV secrets engine's mount.")
    path: _SecretPath = option(
        "gitlab/runners", "Below the mount; each runner has its own under it."
    )
    kv_version: Literal[1, 2] | None = option(None, "The engine's version; filled in by asking it.")
    namespace: Text | None = option(None, "The Vault namespace.")
    ca_file: FilePath | None = option(None, "A private CA, in PEM, relative to the profile.")
    tls_server_name: Text | None = option(None, "The name its certificate is for, if another.")
    login: Literal["token", "approle", "jwt", "userpass", "kubernetes"] = option(
        "token", "How the wizard signs in; credentials come from the environment or a prompt."
    )
    login_mount: Text | None = option(None, "Where that method is mounted, if not under its name.")
    login_role: Text | None = option(None, "The role of a jwt or kubernetes login.")
    reader: Literal["kubernetes", "approle", "token", "jwt"] = option(
        "kubernetes",
        "How the cluster signs in to read the token.",
        kubernetes="a ServiceAccount, checked by Vault through the cluster; no static secret",
        approle="a role id and a secret id, kept in a Secret",
        token="a Vault token, kept in a Secret; it is not renewed",  # noqa: S106
        jwt="a ServiceAccount, checked by Vault by the cluster's own signing keys",
    )
    reader_mount: Text | None = option(None, "Where the reader's method is mounted, if elsewhere.")
    reader_role: Text = option("gitlab-runner", "The role that the reader signs in with.")
    reader_audience: Text = option("vault", "The audience of the reader's ServiceAccount token.")
    reader_secret: SecretRef = option(
        SecretRef(name="vault-runner-reader"),
        "The Secret with the reader's credential: role-id and secret-id, or token.",
    )
    reader_ca: ConfigMapRef | None = option(
        None, "A ConfigMap that is in the cluster with the private CA, as ca.crt, for the reader."
    )

    def secret_path(self, runner: str) -> str:
        """Where a runner's token is, below the mount."""
        return f"{self.path}/{runner}"


class Aws(Section):
    """AWS Secrets Manager or Parameter Store."""

    service: Literal["secrets-manager", "parameter-store"] = option(
        "secrets-manager",
        "Which of the two services.",
        secrets_manager="versioned secrets, priced each",
        parameter_store="SecureString parameters",
    )
    region: Text = option(..., "The region, such as eu-central-1.")
    path: _SecretPath = option("gitlab/runners", "Each runner's secret is named PATH/NAME.")
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


class Gcp(Section):
    """Google Cloud Secret Manager."""

    project: Text = option(..., "The Google Cloud project's id.")
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


class ExistingStore(Section):
    """A store of your own, of any provider: you put the token where it reads."""

    key: Text = option(..., "The remote key; {runner} stands for the runner's name.")
    property: Text | None = option(None, "The field inside that key; none: the whole value.")
    push: bool = option(
        False,
        "Whether the cluster writes the token there, by a PushSecret; the store must be able to.",
    )

    def place(self, runner: str) -> tuple[str, str]:
        """The remote key and the property of a runner's token; the property may be empty."""
        return (
            self.key.replace("{runner}", runner),
            (self.property or "").replace("{runner}", runner),
        )


class SealedSecrets(Section):
    """Bitnami Sealed Secrets: encrypted into the GitOps files."""

    certificate: FilePath | None = option(
        None, "The controller's certificate, relative to the profile; none: from the cluster."
    )
    controller_namespace: DnsLabel = option("kube-system", "The controller's namespace.")
    controller_name: ObjectName = option("sealed-secrets-controller", "The controller's Service.")


class Sops(Section):
    """SOPS with age: encrypted into the GitOps files."""

    age: list[_AgeRecipient] = option([], "The age recipients (public keys) to encrypt for.")


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
                f"{value[:80]!r} is not a store; write the word create, or "
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
        kubernetes="a plain Secret of the cluster, written by the wizard",
        infisical="Infisical, read by External Secrets",
        vault="HashiCorp Vault or OpenBao, read by External Secrets",
        aws="AWS Secrets Manager or Parameter Store, read by External Secrets",
        gcp="Google Cloud Secret Manager, read by External Secrets",
        existing_store="wherever your own store reads; you put the token there",
        sealed_secrets="encrypted into the GitOps files for Sealed Secrets",
        sops="encrypted into the GitOps files with SOPS and age",
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
    def in_files(self) -> bool:
        """Whether the token stands among the delivered files, encrypted."""
        return self.backend in {"sealed-secrets", "sops"}

    @property
    def through_store(self) -> bool:
        """Whether External Secrets brings the token into the cluster."""
        return self.backend in THROUGH_STORE
