"""What a real API server says to everything that is rendered, and to the pods of jobs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.cluster import RealCluster
from tests.render.chart import as_helm_makes_it, chart_and_runner, with_every_chart
from tests.render.profiles import (
    PACKAGINGS,
    PRESETS,
    behind_a_proxy,
    building,
    documents,
    of_chart,
    packaged,
    profile_of,
    runner_version,
)
from wizard.core.manifest import Manifest
from wizard.core.problems import Problems
from wizard.profile.model import Profile
from wizard.profile.rules import check as check_rules
from wizard.profile.strategies import Strategy
from wizard.render import check, job_pod, pod_security_level
from wizard.render.runner.chart_values import values
from wizard.render.tables.catalogue import runner_versions

pytestmark = pytest.mark.cluster
_PLURALS = {
    "Application": "applications",
    "ClusterSecretStore": "clustersecretstores",
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "ExternalSecret": "externalsecrets",
    "HelmRelease": "helmreleases",
    "HelmRepository": "helmrepositories",
    "Kustomization": "kustomizations",
    "Namespace": "namespaces",
    "NetworkPolicy": "networkpolicies",
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


def _with_policies(profile: Profile) -> Profile:
    network = profile.network.model_copy(update={"policy": "standard"})
    return profile.model_copy(update={"network": network})


def _renderings() -> Iterator[Any]:
    for preset in PRESETS:
        for packaging in PACKAGINGS:
            profile = packaged(preset, packaging)
            yield pytest.param(profile, id=f"{preset}-{packaging}")
            yield pytest.param(_with_store(profile), id=f"{preset}-{packaging}-store")
            yield pytest.param(_with_policies(profile), id=f"{preset}-{packaging}-policies")
            for builds in get_args(Strategy):
                everything = behind_a_proxy(building(profile, builds))
                yield pytest.param(everything, id=f"{preset}-{packaging}-{builds}")


@pytest.mark.parametrize("profile", list(_renderings()))
def test_a_real_server_takes_every_object_and_admits_the_jobs(
    profile: Profile, real_cluster_with_operators: RealCluster
) -> None:
    """Under the labels that the rendered namespaces carry, whatever the packaging."""
    assert not _problems(profile).errors
    cluster, found = real_cluster_with_operators, documents(profile)
    for operators in ("argocd", "flux-system"):
        _namespace(cluster, operators, "privileged")
    _make(cluster, found)
    for document in found:
        _apply(cluster, document)
    for runner in profile.runners:
        _admit(cluster, dict(job_pod(profile, runner).body))
    for document in found:
        if document["kind"] == "Deployment":
            _admit(cluster, _pod_of(document))


@with_every_chart
@pytest.mark.parametrize("builds", get_args(Strategy))
@pytest.mark.parametrize("preset", PRESETS)
def test_a_real_server_takes_what_helm_makes(
    preset: str, builds: Strategy, chart: Path, real_cluster: RealCluster
) -> None:
    profile = of_chart(packaged(preset, "helm"), *chart_and_runner(chart))
    profile = behind_a_proxy(building(profile, builds))
    namespace = profile.cluster.namespace
    _make(real_cluster, documents(profile))
    for one in profile.runners:
        found = as_helm_makes_it(chart, values(profile, one), namespace)
        _make(real_cluster, found)
        for document in found:
            _apply(real_cluster, document)
        (deployment,) = [document for document in found if document["kind"] == "Deployment"]
        _admit(real_cluster, _pod_of(deployment))
        _admit(real_cluster, dict(job_pod(profile, one).body))


def _problems(profile: Profile) -> Problems:
    problems = Problems()
    check_rules(profile, problems)
    check(profile, problems)
    return problems


def _make(cluster: RealCluster, found: list[dict[str, Any]]) -> None:
    """What must be there before a pod is looked at: namespaces with their labels, and accounts."""
    for document in found:
        if document["kind"] in {"Namespace", "ServiceAccount"}:
            _apply(cluster, document, dry_run=False)


def _pod_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """The pod that a Deployment's controllers would ask for."""
    template, namespace = deployment["spec"]["template"], deployment["metadata"]["namespace"]
    metadata = {**template["metadata"], "name": "manager", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Deployment", ("spec", "template", "spec", "containers", 0)),
        ("ExternalSecret", ("spec",)),
        ("RoleBinding", ()),
    ],
)
def test_it_would_not_take_a_field_that_nobody_knows(
    kind: str, path: tuple[str | int, ...], real_cluster_with_operators: RealCluster
) -> None:
    cluster, found = real_cluster_with_operators, documents(packaged("homelab", "manifests"))
    _make(cluster, found)
    (document, *_) = [copy.deepcopy(one) for one in found if one["kind"] == kind]
    place: Any = document
    for part in path:
        place = place[part]
    place["imagePullPolcy"] = "Always"
    with pytest.raises(AssertionError, match="imagePullPolcy"):
        _apply(cluster, document)


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
    found = documents(profile_of("direct", manager={"flavor": flavor}))
    _make(real_cluster, found)
    (deployment,) = [document for document in found if document["kind"] == "Deployment"]
    assert _admit(real_cluster, _pod_of(deployment))["spec"]["securityContext"]["runAsNonRoot"]
    (level,) = [
        one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for one in found
        if one["kind"] == "Namespace" and one["metadata"]["name"] == "gitlab-runner"
    ]
    assert level == "restricted"
