from __future__ import annotations

from typing import Any

import pytest

from tests.render.profiles import profile_of, wanted
from wizard.render import manifests


def test_the_token_is_read_from_the_runners_own_folder() -> None:
    spec = wanted(profile_of(), "ExternalSecret")["spec"]
    assert spec["data"][0]["remoteRef"]["key"] == "/gitlab/runners/homelab/RUNNER_TOKEN"
    root = profile_of(secrets={"infisical": {"path": "/"}})
    spec = wanted(root, "ExternalSecret")["spec"]
    assert spec["data"][0]["remoteRef"]["key"] == "/homelab/RUNNER_TOKEN"


def test_the_secret_has_both_keys_that_the_chart_mounts_and_no_line_end() -> None:
    template = wanted(profile_of(), "ExternalSecret")["spec"]["target"]["template"]
    assert template["data"] == {
        "runner-token": "{{ .RUNNER_TOKEN | trim }}",
        "runner-registration-token": "",
    }


def test_the_secret_is_the_one_that_the_manager_mounts() -> None:
    profile = profile_of()
    external = wanted(profile, "ExternalSecret")
    assert external["spec"]["target"]["name"] == profile.runners[0].token_secret
    assert external["metadata"]["namespace"] == profile.cluster.namespace


def test_argo_cd_does_not_take_the_secret_for_its_own() -> None:
    template = wanted(profile_of(), "ExternalSecret")["spec"]["target"]["template"]
    assert "app.kubernetes.io/instance" not in template["metadata"]["labels"]


def test_an_existing_store_is_named_and_none_is_made() -> None:
    profile = profile_of(secrets={"store": {"kind": "SecretStore", "name": "mine"}})
    spec = wanted(profile, "ExternalSecret")["spec"]
    assert spec["secretStoreRef"] == {"kind": "SecretStore", "name": "mine"}
    assert not [m for m in manifests(profile) if m.kind.endswith("SecretStore")]


def test_a_store_of_ours_serves_our_namespace_only_and_holds_no_credential() -> None:
    profile = profile_of(secrets={"store": "create"})
    store = wanted(profile, "ClusterSecretStore")
    reference = wanted(profile, "ExternalSecret")["spec"]["secretStoreRef"]
    assert reference == {"kind": "ClusterSecretStore", "name": store["metadata"]["name"]}
    assert store["spec"]["conditions"] == [{"namespaces": ["gitlab-runner"]}]
    auth = store["spec"]["provider"]["infisical"]["auth"]["universalAuthCredentials"]
    assert auth["clientSecret"] == {
        "name": "infisical-runner-reader",
        "namespace": "external-secrets",
        "key": "clientSecret",
    }
    assert not [m for m in manifests(profile) if m.kind == "Secret"]


def test_the_readers_credential_is_out_of_the_jobs_reach() -> None:
    profile = profile_of(secrets={"store": "create"})
    auth = wanted(profile, "ClusterSecretStore")["spec"]["provider"]["infisical"]["auth"]
    namespaces = {ref["namespace"] for ref in auth["universalAuthCredentials"].values()}
    assert profile.cluster.job_namespace not in namespaces
    assert profile.cluster.namespace not in namespaces


def test_the_cluster_can_sign_in_without_a_static_secret() -> None:
    infisical = {"reader": "kubernetes-auth", "reader_secret": {"name": "id", "namespace": "eso"}}
    profile = profile_of(secrets={"store": "create", "infisical": infisical})
    auth = wanted(profile, "ClusterSecretStore")["spec"]["provider"]["infisical"]["auth"]
    assert auth == {
        "kubernetesAuthCredentials": {
            "identityId": {"name": "id", "namespace": "eso", "key": "identityId"}
        }
    }


@pytest.mark.parametrize("property_", [None, "token"])
def test_a_store_of_any_provider_is_read_by_its_own_key(property_: str | None) -> None:
    secrets: dict[str, Any] = {
        "backend": "existing-store",
        "infisical": None,
        "existing_store": {"key": "ci/{runner}", "property": property_},
    }
    remote = wanted(profile_of(secrets=secrets), "ExternalSecret")["spec"]["data"][0]["remoteRef"]
    assert remote["key"] == "ci/homelab"
    assert remote.get("property") == property_


def test_a_plain_secret_is_never_rendered() -> None:
    kinds = {manifest.kind for manifest in manifests(profile_of("direct"))}
    assert not kinds & {"Secret", "ExternalSecret", "ClusterSecretStore"}
