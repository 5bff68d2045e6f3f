"""What External Secrets needs to know of each backend: the store's provider, and a token's key.

Field names and defaults are those of external-secrets v2.9.0 (`external-secrets.io/v1`); every
default is written out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from wizard.core.manifest import Manifest
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.profile.secrets import (
    OPERATOR_NAMESPACE,
    TOKEN_FIELD,
    Aws,
    BackendName,
    ConfigMapRef,
    ExistingStore,
    Gcp,
    Infisical,
    SecretRef,
    Vault,
)
from wizard.render.objects import manifest, without_empty

_AWS_SERVICES = {"secrets-manager": "SecretsManager", "parameter-store": "ParameterStore"}

Settings = TypeVar("Settings")


def provider(profile: Profile) -> dict[str, Any]:
    """The `provider` of a store that reads this profile's backend."""
    return _PROVIDERS[profile.secrets.backend](profile)


def remote_key(profile: Profile, runner: Runner) -> dict[str, str]:
    """The `remoteRef` of a runner's token: its key, and its property where it has one."""
    return _KEYS[profile.secrets.backend](profile, runner)


def reader_account(profile: Profile) -> Manifest | None:
    """The ServiceAccount with which a store of ours signs in; None where it needs none.

    It is in the managers' namespace, where no job can use it, and no pod runs as it: the
    operator asks the cluster for its tokens.
    """
    secrets = profile.secrets
    if not secrets.through_store or not secrets.store.create:
        return None
    annotations = _ANNOTATIONS[secrets.backend](profile)
    if annotations is None:
        return None
    account = manifest(
        "v1",
        "ServiceAccount",
        profile.reader_account,
        profile.cluster.namespace,
        labels(profile),
        automountServiceAccountToken=False,
    )
    metadata = {**account.body["metadata"], **without_empty(annotations=annotations)}
    return Manifest({**account.body, "metadata": metadata})


def _signs_in_otherwise(_profile: Profile) -> dict[str, str] | None:
    return None


def _vault_annotations(profile: Profile) -> dict[str, str] | None:
    return {} if _vault(profile).reader in {"kubernetes", "jwt"} else None


def _aws_annotations(profile: Profile) -> dict[str, str] | None:
    settings = _aws(profile)
    if settings.reader != "irsa":
        return None
    return without_empty(**{"eks.amazonaws.com/role-arn": settings.reader_role})


def _gcp_annotations(profile: Profile) -> dict[str, str] | None:
    settings = _gcp(profile)
    if settings.reader != "workload-identity":
        return None
    return without_empty(**{"iam.gke.io/gcp-service-account": settings.reader_account})


def _present(settings: Settings | None, name: str) -> Settings:
    if settings is None:
        raise LookupError(f"the backend needs secrets.{name}, which is missing")
    return settings


def _infisical(profile: Profile) -> Infisical:
    return _present(profile.secrets.infisical, "infisical")


def _vault(profile: Profile) -> Vault:
    return _present(profile.secrets.vault, "vault")


def _aws(profile: Profile) -> Aws:
    return _present(profile.secrets.aws, "aws")


def _gcp(profile: Profile) -> Gcp:
    return _present(profile.secrets.gcp, "gcp")


def _existing_store(profile: Profile) -> ExistingStore:
    return _present(profile.secrets.existing_store, "existing_store")


def _in(thing: SecretRef | ConfigMapRef, key: str) -> dict[str, str]:
    return {"name": thing.name, "namespace": thing.namespace or OPERATOR_NAMESPACE, "key": key}


def _trusted(authority: ConfigMapRef | None) -> dict[str, str] | None:
    return {"type": "ConfigMap", **_in(authority, "ca.crt")} if authority else None


def _account(profile: Profile) -> dict[str, Any]:
    return {"name": profile.reader_account, "namespace": profile.cluster.namespace}


def _infisical_key(profile: Profile, runner: Runner) -> dict[str, str]:
    return {"key": f"{_infisical(profile).folder(runner.name)}/{TOKEN_FIELD}"}


def _infisical_provider(profile: Profile) -> dict[str, Any]:
    settings = _infisical(profile)
    if settings.reader == "kubernetes-auth":
        identity = _in(settings.reader_secret, "identityId")
        auth: dict[str, Any] = {"kubernetesAuthCredentials": {"identityId": identity}}
    else:
        keys = ("clientId", "clientSecret")
        found = {key: _in(settings.reader_secret, key) for key in keys}
        auth = {"universalAuthCredentials": found}
    return {
        "infisical": {
            "hostAPI": settings.host,
            **without_empty(caProvider=_trusted(settings.reader_ca)),
            "auth": auth,
            "secretsScope": {
                "projectSlug": settings.project,
                "environmentSlug": settings.environment,
                # The operator lists this folder to see whether the store works.
                "secretsPath": settings.path,
                "recursive": False,
                "expandSecretReferences": True,
            },
        }
    }


def _vault_key(profile: Profile, runner: Runner) -> dict[str, str]:
    return {"key": _vault(profile).secret_path(runner.name), "property": TOKEN_FIELD}


def _vault_provider(profile: Profile) -> dict[str, Any]:
    settings = _vault(profile)
    return {
        "vault": {
            "server": settings.address,
            "path": settings.mount,
            "version": f"v{settings.kv_version or 2}",
            **without_empty(namespace=settings.namespace, caProvider=_trusted(settings.reader_ca)),
            "auth": _vault_auth(profile, settings),
        }
    }


def _vault_auth(profile: Profile, settings: Vault) -> dict[str, Any]:
    mount, secret = settings.reader_mount or settings.reader, settings.reader_secret
    if settings.reader == "token":
        return {"tokenSecretRef": _in(secret, "token")}
    if settings.reader == "approle":
        role, password = _in(secret, "role-id"), _in(secret, "secret-id")
        return {"appRole": {"path": mount, "roleRef": role, "secretRef": password}}
    account = {**_account(profile), "audiences": [settings.reader_audience]}
    if settings.reader == "jwt":
        token = {"serviceAccountRef": account}
        return {
            "jwt": {
                "path": mount,
                "role": settings.reader_role,
                "kubernetesServiceAccountToken": token,
            }
        }
    return {
        "kubernetes": {
            "mountPath": mount,
            "role": settings.reader_role,
            "serviceAccountRef": account,
        }
    }


def _aws_key(profile: Profile, runner: Runner) -> dict[str, str]:
    return {"key": _aws(profile).secret_name(runner.name), "property": TOKEN_FIELD}


def _aws_provider(profile: Profile) -> dict[str, Any]:
    settings = _aws(profile)
    found: dict[str, Any] = {
        "service": _AWS_SERVICES[settings.service],
        "region": settings.region,
        "sessionTagsPolicy": "None",
    }
    if settings.reader == "irsa":
        found["auth"] = {"jwt": {"serviceAccountRef": _account(profile)}}
    elif settings.reader == "static":
        found |= without_empty(role=settings.reader_role)
        found["auth"] = {
            "secretRef": {
                "accessKeyIDSecretRef": _in(settings.reader_secret, "access-key"),
                "secretAccessKeySecretRef": _in(settings.reader_secret, "secret-access-key"),
            }
        }
    return {"aws": found}


def _gcp_key(profile: Profile, runner: Runner) -> dict[str, str]:
    return {"key": _gcp(profile).secret_id(runner.name)}


def _gcp_provider(profile: Profile) -> dict[str, Any]:
    settings = _gcp(profile)
    if settings.reader == "static":
        key = _in(settings.reader_secret, "secret-access-credentials")
        auth: dict[str, Any] = {"secretRef": {"secretAccessKeySecretRef": key}}
    else:
        auth = {"workloadIdentity": {"serviceAccountRef": _account(profile)}}
    return {
        "gcpsm": {
            "projectID": settings.project,
            "secretVersionSelectionPolicy": "LatestOrFail",
            "auth": auth,
        }
    }


def _own_key(profile: Profile, runner: Runner) -> dict[str, str]:
    key, inside = _existing_store(profile).place(runner.name)
    return {"key": key, **without_empty(property=inside)}


_KEYS: dict[BackendName, Callable[[Profile, Runner], dict[str, str]]] = {
    "infisical": _infisical_key,
    "vault": _vault_key,
    "aws": _aws_key,
    "gcp": _gcp_key,
    "existing-store": _own_key,
}
_PROVIDERS: dict[BackendName, Callable[[Profile], dict[str, Any]]] = {
    "infisical": _infisical_provider,
    "vault": _vault_provider,
    "aws": _aws_provider,
    "gcp": _gcp_provider,
}
_ANNOTATIONS: dict[BackendName, Callable[[Profile], dict[str, str] | None]] = {
    "infisical": _signs_in_otherwise,
    "vault": _vault_annotations,
    "aws": _aws_annotations,
    "gcp": _gcp_annotations,
}
"""The annotations of the reader's ServiceAccount; None where the store needs no such account."""
