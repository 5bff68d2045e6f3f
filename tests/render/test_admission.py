"""What a real API server says to everything that is rendered, and to the pods of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from tests.cluster import RealCluster
from tests.render.chart import as_helm_makes_it, chart_and_runner
from tests.render.profiles import (
    PACKAGINGS,
    PRESETS,
    documents,
    of_chart,
    packaged,
    profile_of,
    runner_version,
)
from wizard.core.manifest import Manifest
from wizard.profile.model import Profile
from wizard.profile.runner import Strategy
from wizard.render import job_pod, manifests, pod_security_level
from wizard.render.catalogue import runner_versions
from wizard.render.chart_values import values

pytestmark = pytest.mark.cluster
_PLURALS = {
    "Application": "applications",
    "ClusterSecretStore": "clustersecretstores",
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "ExternalSecret": "externalsecrets",
    "Namespace": "namespaces",
    "Pod": "pods",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "ServiceAccount": "serviceaccounts",
}


def _path(document: dict[str, Any]) -> str:
    api, metadata = document["apiVersion"], document["metadata"]
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    if metadata.get("namespace"):
        root += f"/namespaces/{metadata['namespace']}"
    return f"{root}/{_PLURALS[document['kind']]}/{metadata['name']}"


def _apply(cluster: RealCluster, document: dict[str, Any], *, dry_run: bool = True) -> Any:
    """A strict server-side apply: an unknown or doubled field is an error."""
    query = "?fieldManager=test&force=true&fieldValidation=Strict"
    query += "&dryRun=All" if dry_run else ""
    return cluster.call(
        "PATCH", _path(document) + query, document, content_type="application/apply-patch+yaml"
    )


def _admit(cluster: RealCluster, document: dict[str, Any]) -> Any:
    collection = _path(document).rpartition("/")[0]
    return cluster.call("POST", f"{collection}?dryRun=All&fieldValidation=Strict", document)


def _moved(manifest: Manifest, namespace: str) -> dict[str, Any]:
    metadata = {**manifest.body["metadata"], "namespace": namespace}
    return {**manifest.body, "metadata": metadata}


def _namespace(cluster: RealCluster, name: str, level: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": level}
    body = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels},
    }
    _apply(cluster, body, dry_run=False)


def _account(cluster: RealCluster, namespace: str, name: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
    }
    _apply(cluster, body, dry_run=False)


def _with_store(profile: Profile) -> Profile:
    store = profile_of(secrets={"store": "create"}).secrets
    return profile.model_copy(update={"secrets": store, "id": "0badcafe"})


def _renderings() -> Iterator[Any]:
    for preset in PRESETS:
        for packaging in PACKAGINGS:
            profile = packaged(preset, packaging)
            yield pytest.param(profile, id=f"{preset}-{packaging}")
            yield pytest.param(_with_store(profile), id=f"{preset}-{packaging}-store")
            for builds in get_args(Strategy):
                everything = _behind_a_proxy(_building(profile, builds))
                yield pytest.param(everything, id=f"{preset}-{packaging}-{builds}")


def _behind_a_proxy(profile: Profile) -> Profile:
    """The profile with a private CA and a proxy."""
    gitlab = profile.gitlab.model_copy(update={"proxy": "http://proxy.example.com:3128"})
    return profile.model_copy(update={"gitlab": gitlab.trusting("the certificates")})


def _building(profile: Profile, builds: Strategy) -> Profile:
    """The profile with another way to build; Docker in Docker with all that may come with it."""
    mtu = 1400 if builds == "dind" else None
    strategy = profile.runners[0].builds.model_copy(update={"strategy": builds, "mtu": mtu})
    runners = [runner.model_copy(update={"builds": strategy}) for runner in profile.runners]
    return profile.model_copy(update={"runners": runners})


@pytest.mark.parametrize("profile", list(_renderings()))
def test_a_real_server_takes_every_object(
    profile: Profile, real_cluster_with_operators: RealCluster
) -> None:
    cluster = real_cluster_with_operators
    for namespace in ("gitlab-runner", "gitlab-runner-jobs", "argocd"):
        _namespace(cluster, namespace, "privileged")
    for document in documents(profile):
        _apply(cluster, document)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_real_server_takes_what_helm_makes(preset: str, real_cluster: RealCluster) -> None:
    profile = of_chart(packaged(preset, "helm"), *chart_and_runner())
    for namespace in (profile.cluster.namespace, profile.cluster.job_namespace):
        _namespace(real_cluster, namespace, "privileged")
    for one in profile.runners:
        for document in as_helm_makes_it(values(profile, one), profile.cluster.namespace):
            _apply(real_cluster, document)


def _job_profiles() -> Iterator[Any]:
    for version in (*runner_versions(), "19.3.1"):
        for builds in get_args(Strategy):
            profile = runner_version(version, runner={"builds": builds})
            yield pytest.param(profile, id=f"{version}-{builds}")
        loose = {"builds": "none", "jobs": {"pod_security": "baseline"}}
        yield pytest.param(runner_version(version, runner=loose), id=f"{version}-none-baseline")


@pytest.mark.parametrize("profile", list(_job_profiles()))
def test_a_job_is_admitted_under_the_level_its_namespace_enforces(
    profile: Profile, real_cluster: RealCluster
) -> None:
    level = pod_security_level(profile)
    namespace = f"jobs-{level}"
    pod = _moved(job_pod(profile, profile.runners[0]), namespace)
    _namespace(real_cluster, namespace, level)
    _account(real_cluster, namespace, pod["spec"]["serviceAccountName"])
    assert _admit(real_cluster, pod)["spec"]["containers"][0]["name"] == "build"


def test_kaniko_would_not_fit_restricted(real_cluster: RealCluster) -> None:
    profile = runner_version("19.3.0", runner={"builds": "kaniko"})
    assert pod_security_level(profile) == "baseline"
    pod = _moved(job_pod(profile, profile.runners[0]), "jobs-restricted")
    _namespace(real_cluster, "jobs-restricted", "restricted")
    _account(real_cluster, "jobs-restricted", pod["spec"]["serviceAccountName"])
    with pytest.raises(AssertionError, match="runAsNonRoot"):
        _admit(real_cluster, pod)


def test_an_older_runner_would_not_fit_restricted(real_cluster: RealCluster) -> None:
    profile = runner_version("18.10.0", runner={"builds": "none"})
    assert pod_security_level(profile) == "baseline"
    pod = _moved(job_pod(profile, profile.runners[0]), "jobs-restricted")
    _namespace(real_cluster, "jobs-restricted", "restricted")
    _account(real_cluster, "jobs-restricted", pod["spec"]["serviceAccountName"])
    with pytest.raises(AssertionError, match="seccompProfile"):
        _admit(real_cluster, pod)


@pytest.mark.parametrize("flavor", ["alpine", "ubuntu"])
def test_the_managers_pod_is_admitted_under_restricted(
    flavor: str, real_cluster: RealCluster
) -> None:
    profile = profile_of("direct", manager={"flavor": flavor})
    for manifest in manifests(profile):
        if manifest.kind in {"Namespace", "ServiceAccount"}:
            _apply(real_cluster, dict(manifest.body), dry_run=False)
    deployment = next(m for m in manifests(profile) if m.kind == "Deployment")
    template = deployment.body["spec"]["template"]
    metadata = {**template["metadata"], "name": "manager", "namespace": deployment.namespace}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    assert _admit(real_cluster, pod)["spec"]["securityContext"]["runAsNonRoot"] is True
