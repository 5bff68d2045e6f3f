"""`init --from-cluster` against a real API server: what Helm, Argo CD and people left there."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import SCHEMAS, RealCluster
from tests.wizard_process import Ended, run_wizard

pytestmark = pytest.mark.cluster
IMAGE = "registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v18.9.0"
URL = "https://gitlab.example.com"
CONFIG = f"""\
concurrent = 3
[[runners]]
  name = "build"
  url = "{URL}"
  executor = "kubernetes"
  [runners.kubernetes]
    image = "ruby:3.3"
"""
VALUES = {"gitlabUrl": URL, "concurrent": 7, "runners": {"secret": "runner-token"}}


class Here:
    """A namespace of its own on the real API server."""

    def __init__(self, real: RealCluster, folder: Path, name: str) -> None:
        self.real, self.folder, self.name = real, folder, name

    def make(self, root: str, kind: str, name: str, body: dict[str, Any], **more: Any) -> None:
        metadata = {"name": name, "namespace": self.name, **more}
        path = f"{root}/namespaces/{self.name}/{kind}"
        self.real.call("POST", path, {**body, "metadata": metadata})

    def deploy(self, name: str, mounts: str = "", **metadata: Any) -> None:
        pod: dict[str, Any] = {"containers": [{"name": "manager", "image": IMAGE}]}
        if mounts:
            pod["volumes"] = [{"name": "config", "configMap": {"name": mounts}}]
        spec = {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        }
        self.make("/apis/apps/v1", "deployments", name, {"spec": spec}, **metadata)

    def take_over(self, name: str, user: str = "admin") -> Ended:
        environment = {
            "HOME": str(self.folder),
            "KUBECONFIG": str(self.real.kubeconfig(user)),
            "PATH": "",
        }
        arguments = ("init", "--from-cluster", f"{self.name}/{name}", "-o", "taken.yaml")
        return run_wizard(*arguments, environment=environment, folder=self.folder)

    def taken(self) -> dict[str, Any]:
        return dict(yaml.safe_load((self.folder / "taken.yaml").read_text()))


@pytest.fixture
def here(
    real_cluster: RealCluster, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Here]:
    name = f"taking-{abs(hash(request.node.name)) % 10**8}"
    real_cluster.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield Here(real_cluster, tmp_path, name)
    real_cluster.call("DELETE", f"/api/v1/namespaces/{name}")


ARGO = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
spec:
  group: argoproj.io
  names: {kind: Application, plural: applications}
  scope: Namespaced
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""


@pytest.fixture
def argo(here: Here, request: pytest.FixtureRequest) -> Here:
    """The API server, knowing Applications: by Argo CD's own CRD, or by one that takes anything."""
    if SCHEMAS.is_dir():
        request.getfixturevalue("real_cluster_with_operators")
    else:
        crd = here.folder / "crd.yaml"
        crd.write_text(ARGO)
        here.real.install(crd)
    return here


def released(values: dict[str, Any]) -> dict[str, str]:
    """What Helm 3 keeps of a release, as the data of its Secret."""
    chart = {"metadata": {"name": "gitlab-runner", "version": "0.88.3"}}
    packed = gzip.compress(json.dumps({"config": values, "chart": chart}).encode())
    return {"release": base64.b64encode(base64.b64encode(packed)).decode()}


def with_helm(here: Here, name: str) -> None:
    labels = {"owner": "helm", "name": name, "status": "deployed", "version": "1"}
    secret = {"type": "helm.sh/release.v1", "data": released(VALUES)}
    here.make("/api/v1", "secrets", f"sh.helm.release.v1.{name}.v1", secret, labels=labels)
    annotations = {
        "meta.helm.sh/release-name": name,
        "meta.helm.sh/release-namespace": here.name,
    }
    here.make("/api/v1", "configmaps", name, {"data": {"config.toml": CONFIG}})
    here.deploy(name, mounts=name, annotations=annotations)


def test_a_config_map_and_its_deployment_become_one_runner(here: Here) -> None:
    here.make("/api/v1", "configmaps", "runner", {"data": {"config.toml": CONFIG}})
    here.deploy("runner", mounts="runner")

    ended = here.take_over("runner")

    assert ended.code == 0, ended.err
    taken = here.taken()
    assert [one["jobs"]["concurrent"] for one in taken["runners"]] == [6]
    assert taken["runners"][0]["jobs"]["image"] == "ruby:3.3"
    assert taken["manager"] == {"runner_version": "18.9.0", "replicas": 2}
    assert taken["cluster"]["namespace"] == here.name
    assert f"ConfigMap {here.name}/runner and Deployment {here.name}/runner" in ended.err


def test_a_release_of_helm_is_read_from_its_secret(here: Here) -> None:
    with_helm(here, "runner")
    ended = here.take_over("runner")
    assert ended.code == 0, ended.err
    taken = here.taken()
    assert taken["runners"][0]["jobs"]["concurrent"] == 7
    assert taken["manager"]["runner_version"] == "18.11.3"
    assert taken["delivery"]["as"] == "helm"


def test_who_may_not_read_secrets_gets_what_the_config_map_says(here: Here) -> None:
    with_helm(here, "runner")
    ended = here.take_over("runner", user="reader")
    assert ended.code == 0, ended.err
    assert here.taken()["runners"][0]["jobs"]["image"] == "ruby:3.3"


def test_who_may_read_nothing_is_told_so(here: Here) -> None:
    ended = here.take_over("runner", user="nobody")
    assert ended.code != 0
    assert 'cannot list resource "deployments"' in ended.err


def test_what_argo_cd_syncs_is_read_from_its_application(argo: Here) -> None:
    here = argo
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "spec": {
            "project": "infra",
            "destination": {"namespace": here.name, "server": "https://kubernetes.default.svc"},
            "source": {
                "repoURL": "https://charts.gitlab.io",
                "chart": "gitlab-runner",
                "targetRevision": "0.88.3",
                "helm": {"valuesObject": VALUES},
            },
        },
    }
    here.make("/apis/argoproj.io/v1alpha1", "applications", "runner", application)
    tracked = f"runner:apps/Deployment:{here.name}/runner"
    here.deploy("runner", annotations={"argocd.argoproj.io/tracking-id": tracked})

    ended = here.take_over("runner")

    assert ended.code == 0, ended.err
    taken = here.taken()
    assert taken["runners"][0]["jobs"]["concurrent"] == 7
    assert taken["delivery"]["as"] == "argocd"
    assert taken["delivery"]["argocd"] == {"namespace": here.name, "project": "infra"}
