"""How the wizard signs in to Vault: where its credentials come from, and the login itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.core.secrets import SecretStr, remember_secret
from wizard.profile.secrets import Vault
from wizard.systems.backends.context import BackendContext

if TYPE_CHECKING:
    import hvac

_POD_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")

Credentials = Mapping[str, SecretStr]
"""What a login is made with, by Vault's own names: `secret_id`, `jwt`, ..."""


def credentials(settings: Vault, around: BackendContext, address: str) -> Credentials:
    """What this profile's login needs, from the environment, a file of Vault's, or who is asked.

    Raises: UsageError, naming the variable to set.
    """
    if settings.login == "approle":
        return {
            "role_id": around.credential(
                "Vault role id", "VAULT_ROLE_ID", "BAO_ROLE_ID", to=address
            ),
            "secret_id": around.credential(
                "Vault secret id", "VAULT_SECRET_ID", "BAO_SECRET_ID", to=address
            ),
        }
    if settings.login == "userpass":
        return {
            "username": around.credential(
                "Vault user name", "VAULT_USERNAME", "BAO_USERNAME", to=address
            ),
            "password": around.credential(
                "Vault password", "VAULT_PASSWORD", "BAO_PASSWORD", to=address
            ),
        }
    if settings.login == "token":
        return {"token": _token(around, address)}
    if settings.login == "kubernetes" and not around.variable("VAULT_ID_TOKEN", "BAO_ID_TOKEN"):
        kept = _kept(_POD_TOKEN)
        if kept:
            around.may_send((str(_POD_TOKEN),), address)
            return {"jwt": kept}
    # VAULT_ID_TOKEN is what GitLab's documentation calls a job's id token for Vault.
    return {
        "jwt": around.credential(
            "JSON web token for Vault", "VAULT_ID_TOKEN", "BAO_ID_TOKEN", to=address
        )
    }


def sign_in(client: hvac.Client, settings: Vault, given: Credentials) -> None:
    """Sign in; a token is only taken on, the first call will show what it is worth."""
    values = {name: value.get_secret_value() for name, value in given.items()}
    mount = settings.login_mount or settings.login
    role = settings.login_role
    if settings.login == "token":
        client.token = values["token"]
    elif settings.login == "approle":
        client.auth.approle.login(**values, mount_point=mount)
    elif settings.login == "userpass":
        client.auth.userpass.login(**values, mount_point=mount)
    elif settings.login == "jwt":
        client.auth.jwt.jwt_login(role, **values, path=mount)
    else:
        client.auth.kubernetes.login(role, **values, mount_point=mount)


def token_of(client: hvac.Client) -> SecretStr:
    return SecretStr(client.token or "")


def _token(around: BackendContext, address: str) -> SecretStr:
    if not around.variable("VAULT_TOKEN", "BAO_TOKEN"):
        # Where `vault login` and `bao login` leave theirs, an OIDC login's too.
        kept = _kept(Path(around.variable("HOME") or str(Path.home())) / ".vault-token")
        if kept:
            around.may_send(("~/.vault-token",), address)
            return kept
    return around.credential("Vault token", "VAULT_TOKEN", "BAO_TOKEN", to=address)


def _kept(path: Path) -> SecretStr | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return remember_secret(SecretStr(text)) if text else None
