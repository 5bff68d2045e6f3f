"""How a store of ours reads each backend, and as whom."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.cluster import SCHEMAS
from tests.render.profiles import as_data, documents, every_reader, profile_of, stored_in, wanted
from tests.render.test_schemas import schema_of
from wizard.profile.model import Profile
from wizard.profile.readers import reader_parts, reader_secret
from wizard.render import manifests

READERS = every_reader()


def provider(profile: Profile) -> dict[str, Any]:
    """What the store says of its one provider."""
    [found] = wanted(profile, "ClusterSecretStore")["spec"]["provider"].values()
    return dict(found)


def remote(profile: Profile) -> dict[str, Any]:
    return dict(wanted(profile, "ExternalSecret")["spec"]["data"][0]["remoteRef"])


def account_of(profile: Profile) -> dict[str, Any] | None:
    """The ServiceAccount that the store signs in with, where there is one."""
    found = [
        manifest
        for manifest in manifests(profile)
        if manifest.kind == "ServiceAccount" and manifest.name == profile.reader_account
    ]
    return as_data(found[0]) if found else None


def references(body: Any) -> list[dict[str, Any]]:
    """Every reference to an object of the cluster inside a store."""
    if isinstance(body, dict):
        own = [body] if "name" in body else []
        return own + [found for value in body.values() for found in references(value)]
    return []


# Where the token is


@pytest.mark.parametrize(
    ("profile", "key", "property_"),
    [
        ("vault-kubernetes", "gitlab/runners/homelab", "RUNNER_TOKEN"),
        ("aws-secrets-manager-irsa", "gitlab/runners/homelab", "RUNNER_TOKEN"),
        ("aws-parameter-store-irsa", "/gitlab/runners/homelab", "RUNNER_TOKEN"),
        ("gcp-static", "gitlab-runner-homelab", None),
    ],
)
def test_the_token_is_read_where_the_wizard_writes_it(
    profile: str, key: str, property_: str | None
) -> None:
    found = remote(READERS[profile])
    assert (found["key"], found.get("property")) == (key, property_)


@pytest.mark.parametrize("name", READERS)
def test_every_default_is_written_out(name: str) -> None:
    found = remote(READERS[name])
    assert {key: found[key] for key in found if key.endswith(("Strategy", "Policy"))} == {
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    }


# As whom


@pytest.mark.parametrize("name", READERS)
def test_a_store_of_ours_serves_our_namespace_alone(name: str) -> None:
    store = wanted(READERS[name], "ClusterSecretStore")
    assert store["spec"]["conditions"] == [{"namespaces": ["gitlab-runner"]}]


@pytest.mark.parametrize("name", READERS)
def test_what_a_store_refers_to_has_its_namespace_and_no_job_can_reach_it(name: str) -> None:
    profile = READERS[name]
    found = {reference.get("namespace") for reference in references(provider(profile))}
    assert None not in found
    assert profile.cluster.job_namespace not in found


@pytest.mark.parametrize("name", READERS)
def test_an_account_that_the_store_names_is_made_and_no_other(name: str) -> None:
    profile = READERS[name]
    named = [
        reference["namespace"]
        for reference in references(provider(profile))
        if reference["name"] == profile.reader_account
    ]
    account = account_of(profile)
    assert bool(named) == (account is not None)
    if account:
        assert named == [account["metadata"]["namespace"]]
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", READERS)
def test_a_secret_that_the_store_names_is_never_rendered(name: str) -> None:
    assert not [manifest for manifest in manifests(READERS[name]) if manifest.kind == "Secret"]


@pytest.mark.parametrize("name", READERS)
def test_what_the_store_signs_in_with_is_what_the_wizard_puts_there(name: str) -> None:
    profile = READERS[name]
    secret = reader_secret(profile.secrets)
    found = {
        reference["key"]
        for reference in references(provider(profile))
        if "key" in reference and reference.get("type") != "ConfigMap"
    }
    assert found == {part.key for part in reader_parts(profile.secrets)}
    assert bool(found) == (secret is not None)


def test_infisical_is_trusted_by_the_authority_that_the_profile_names() -> None:
    assert provider(READERS["infisical-universal-auth"])["caProvider"] == {
        "type": "ConfigMap",
        "name": "ca",
        "namespace": "external-secrets",
        "key": "ca.crt",
    }


def test_vault_is_asked_by_its_own_names() -> None:
    kubernetes, jwt = provider(READERS["vault-kubernetes"]), provider(READERS["vault-jwt"])
    assert (kubernetes["server"], kubernetes["path"]) == ("https://vault.example.com", "kv")
    assert kubernetes["version"] == "v2"
    assert provider(READERS["vault-token"])["version"] == "v1"
    assert kubernetes["auth"]["kubernetes"]["mountPath"] == "kubernetes"
    assert kubernetes["auth"]["kubernetes"]["serviceAccountRef"]["audiences"] == ["vault"]
    assert jwt["auth"]["jwt"]["path"] == "k3s"
    assert jwt["namespace"] == "team-a"
    assert jwt["caProvider"] == {
        "type": "ConfigMap",
        "name": "ca",
        "namespace": "external-secrets",
        "key": "ca.crt",
    }


def test_a_credential_is_read_from_the_secret_that_the_profile_names() -> None:
    approle = provider(READERS["vault-approle"])["auth"]["appRole"]
    place = {"name": "reader", "namespace": "eso"}
    assert approle == {
        "path": "approle",
        "roleRef": {**place, "key": "role-id"},
        "secretRef": {**place, "key": "secret-id"},
    }
    token = provider(READERS["vault-token"])["auth"]["tokenSecretRef"]
    assert token == {**place, "key": "token"}


def test_a_role_of_aws_is_taken_by_annotation_or_assumed_with_a_key() -> None:
    irsa, static = READERS["aws-secrets-manager-irsa"], READERS["aws-secrets-manager-static"]
    account = account_of(irsa)
    assert account
    role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role == "arn:aws:iam::111122223333:role/reader"
    assert "role" not in provider(irsa)
    assert provider(static)["role"] == role


def test_pod_identity_is_the_operators_own() -> None:
    found = provider(READERS["aws-parameter-store-pod-identity"])
    assert "auth" not in found
    assert found["service"] == "ParameterStore"


def test_googles_account_is_named_by_annotation() -> None:
    account = account_of(READERS["gcp-workload-identity"])
    assert account
    assert account["metadata"]["annotations"] == {
        "iam.gke.io/gcp-service-account": "reader@acme.iam.gserviceaccount.com"
    }


def test_an_account_keeps_its_annotation_beside_argo_cds() -> None:
    settings = {"region": "eu-central-1", "reader_role": "arn:aws:iam::111122223333:role/r"}
    profile = stored_in("aws", settings)
    [account] = [
        document
        for document in documents(profile)
        if document["metadata"]["name"] == profile.reader_account
    ]
    assert set(account["metadata"]["annotations"]) == {
        "eks.amazonaws.com/role-arn",
        "argocd.argoproj.io/sync-wave",
    }


def test_a_store_that_is_there_needs_no_account_of_ours() -> None:
    secrets = {
        "backend": "vault",
        "infisical": None,
        "vault": {"address": "https://vault.example.com"},
        "store": {"kind": "ClusterSecretStore", "name": "vault"},
    }
    assert account_of(profile_of(secrets=secrets)) is None


# What the operator itself would refuse


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("vault-kubernetes", ("vault", "auth", "kubernetes", "mount"), "kubernetes"),
        ("vault-approle", ("vault", "auth", "approle"), {}),
        ("vault-jwt", ("vault", "version"), "v3"),
        ("aws-secrets-manager-irsa", ("aws", "service"), "SecretManager"),
        ("aws-secrets-manager-static", ("aws", "auth", "secretRef", "accessKey"), {}),
        ("gcp-workload-identity", ("gcpsm", "project"), "acme"),
    ],
)
def test_the_check_of_stores_finds_a_slip(name: str, path: tuple[str, ...], value: Any) -> None:
    """So that a store that passes it has passed something."""
    if not SCHEMAS.is_dir():
        pytest.skip("no ../shared/schemas with CRDs beside this checkout")
    jsonschema = pytest.importorskip("jsonschema")
    store = copy.deepcopy(wanted(READERS[name], "ClusterSecretStore"))
    validator = jsonschema.Draft202012Validator(
        schema_of("ClusterSecretStore", store["apiVersion"])
    )
    validator.validate(store)
    *above, last = path
    place = store["spec"]["provider"]
    for key in above:
        place = place[key]
    place[last] = value
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(store)
