"""HashiCorp Vault or OpenBao."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from wizard.core.problems import Problems
from wizard.profile.backends.readers import require_reader_ca
from wizard.profile.backends.spec import (
    EXTERNAL_SECRETS,
    BackendSpec,
    ConfigMapRef,
    Credential,
    ReaderPart,
    SecretPath,
    SecretRef,
    allow_http,
)
from wizard.profile.types import FilePath, Section, Text, Url, option

if TYPE_CHECKING:
    from wizard.profile.model import Profile

_IN_A_POD = "the ServiceAccount's token of this pod is used, where there is one"


class Vault(Section):
    """HashiCorp Vault or OpenBao."""

    address: Url = option(..., "Its address; VAULT_ADDR wins for the wizard's own calls.")
    allow_http: bool = allow_http()
    mount: SecretPath = option("secret", "The KV secrets engine's mount.")
    path: SecretPath = option(
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


def _rule(profile: Profile, problems: Problems) -> None:
    settings, creates = profile.secrets.vault, profile.secrets.store.create
    require_reader_ca(profile.secrets, problems)
    if settings and settings.tls_server_name and creates:
        problems.at("secrets", "vault", "tls_server_name").warn(
            "External Secrets cannot expect another name than the address has",
            "give an address that the certificate is for",
        )
    if settings and settings.login in {"jwt", "kubernetes"} and not settings.login_role:
        problems.at("secrets", "vault", "login").add(
            f"a {settings.login} login needs its role", "add login_role"
        )


def _named(variable: str, label: str, otherwise: str = "") -> Credential:
    """OpenBao's own program reads the same variables under its own name."""
    return Credential(f"VAULT_{variable}", label, otherwise, also=(f"BAO_{variable}",))


VAULT = BackendSpec(
    name="vault",
    about="HashiCorp Vault or OpenBao, read by External Secrets",
    needs="External Secrets; a login that may write",
    client="vault",
    through="store",
    section=Vault,
    operator=EXTERNAL_SECRETS,
    provider="vault",
    sign_in={
        "token": (_named("TOKEN", "Vault token", "what `vault login` left in ~/.vault-token"),),
        "approle": (_named("ROLE_ID", "Role id"), _named("SECRET_ID", "Secret id")),
        "userpass": (_named("USERNAME", "User name"), _named("PASSWORD", "Password")),
        # VAULT_ID_TOKEN is what GitLab's documentation calls a job's id token for Vault.
        "jwt": (_named("ID_TOKEN", "JSON web token"),),
        "kubernetes": (_named("ID_TOKEN", "JSON web token", _IN_A_POD),),
    },
    address_variables=("VAULT_ADDR", "BAO_ADDR"),
    address="https://127.0.0.1:8200",
    readers={
        "approle": (
            ReaderPart("role-id", "VAULT_READER_ROLE_ID", "Reader's role id"),
            ReaderPart("secret-id", "VAULT_READER_SECRET_ID", "Reader's secret id"),
        ),
        "token": (ReaderPart("token", "VAULT_READER_TOKEN", "Reader's Vault token"),),
    },
    rule=_rule,
)
