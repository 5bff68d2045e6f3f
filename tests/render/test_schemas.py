"""Every rendered object against the schema of its kind, strictly: no field is unknown."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml

from tests.cluster import SCHEMAS
from tests.render.profiles import PACKAGINGS, PRESETS, documents, every_reader, packaged, profile_of
from wizard.profile.model import Profile
from wizard.render import job_pod

_CRDS = {
    "ExternalSecret": "eso/external-secrets.io_externalsecrets.yaml",
    "ClusterSecretStore": "eso/external-secrets.io_clustersecretstores.yaml",
    "Application": "argo-cd/application-crd.yaml",
    "HelmRelease": "flux/helm.toolkit.fluxcd.io_helmreleases.yaml",
    "HelmRepository": "flux/source.toolkit.fluxcd.io_helmrepositories.yaml",
    "Kustomization": "flux/kustomize.toolkit.fluxcd.io_kustomizations.yaml",
}
_KUBERNETES = "1.32"


def _profiles() -> list[Profile]:
    presets = [packaged(preset, packaging) for preset in PRESETS for packaging in PACKAGINGS]
    everything = profile_of(
        id="0badcafe",
        secrets={"store": "create"},
        manager={
            "node_selector": {"pool": "ci"},
            "tolerations": [{"key": "ci", "operator": "Exists", "effect": "NoSchedule"}],
            "priority_class": "infra",
            "image_pull_secrets": ["pull"],
        },
        runner={"token_revision": 1},
        network={"policy": "standard", "scrape_from": ["monitoring"]},
    )
    identity = profile_of(
        secrets={"store": "create", "infisical": {"reader": "kubernetes-auth"}},
    )
    plain = everything.delivery.model_copy(update={"packaging": "manifests"})
    plain_everything = everything.model_copy(update={"delivery": plain})
    return [*presets, everything, identity, plain_everything, *every_reader().values()]


def test_custom_resources_fit_their_definitions() -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("no ../shared/schemas with CRDs beside this checkout")
    import jsonschema

    checked = set()
    for profile in _profiles():
        for document in documents(profile):
            if document["kind"] in _CRDS:
                schema = schema_of(document["kind"], document["apiVersion"])
                jsonschema.Draft202012Validator(schema).validate(document)
                checked.add(document["kind"])
    assert checked == set(_CRDS)


def test_objects_of_kubernetes_fit_itsschema_of() -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    checked = set()
    for profile in _profiles():
        pods = [dict(job_pod(profile, runner).body) for runner in profile.runners]
        for document in documents(profile) + pods:
            if document["kind"] not in _CRDS:
                kubernetes_validate.validate(document, _KUBERNETES, strict=True)
                checked.add(document["kind"])
    assert {"Deployment", "ConfigMap", "Role", "Namespace", "Pod"} <= checked


@cache
def schema_of(kind: str, api_version: str) -> dict[str, Any]:
    """The strict schema of a custom resource, as its definition in the cluster has it."""
    definition = yaml.load((SCHEMAS / _CRDS[kind]).read_text(), Loader=yaml.CSafeLoader)
    version = api_version.rpartition("/")[2]
    found = next(v for v in definition["spec"]["versions"] if v["name"] == version)
    assert found["served"], f"{api_version} is not served"
    schema = _strict(found["schema"]["openAPIV3Schema"])
    schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
    return dict(schema)


def _strict(schema: Any) -> Any:
    """A structural schema as JSON Schema that refuses unknown fields, as a server does."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields")
    either = schema.get("x-kubernetes-int-or-string")
    found = {
        key: {name: _strict(child) for name, child in value.items()}
        if key in {"properties", "patternProperties"}
        else _strict(value)
        for key, value in schema.items()
        if not key.startswith("x-kubernetes") and key not in {"default", "format", "nullable"}
    }
    if either:
        found = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    if "properties" in found and found.get("type") == "object" and not open_ended:
        found.setdefault("additionalProperties", False)
    return found
