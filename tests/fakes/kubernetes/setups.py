"""Runner managers as people set them up: with Argo CD, with Helm, or by hand."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from tests.fakes.kubernetes.cluster import FakeCluster, Json

IMAGE = "registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v17.5.0"
CONFIG = """\
[[runners]]
  [runners.kubernetes]
    privileged = true
    image = "alpine:3.20"
"""
VALUES: Json = {
    "gitlabUrl": "https://gitlab.example.com",
    "concurrent": 3,
    "runners": {"config": CONFIG},
}


def by_hand(
    cluster: FakeCluster,
    name: str = "gitlab-runner",
    namespace: str = "ci",
    *,
    image: str = IMAGE,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    variables: dict[str, str] | None = None,
    **config: str,
) -> None:
    """A Deployment, and the ConfigMap it mounts; `config` is what that holds, by its keys."""
    if not cluster.find("Namespace", namespace):
        cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    data = {key.replace("_", "."): text for key, text in config.items()}
    cluster.seed({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    volume = {"name": "config", "projected": {"sources": [{"configMap": {"name": name}}]}}
    env = [{"name": one, "value": value} for one, value in (variables or {}).items()]
    pod = {"containers": [{"name": name, "image": image, "env": env}], "volumes": [volume]}
    cluster.seed(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata | {"labels": labels or {}, "annotations": annotations or {}},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
            },
        }
    )


def with_helm(cluster: FakeCluster, values: Json, chart: Json | None = None) -> None:
    """A release of GitLab's chart, or of one around it, as Helm 3 keeps it."""
    by_hand(
        cluster,
        annotations={
            "meta.helm.sh/release-name": "gitlab-runner",
            "meta.helm.sh/release-namespace": "ci",
        },
    )
    metadata = chart or {"name": "gitlab-runner", "version": "0.70.0"}
    release = {"config": values, "chart": {"metadata": metadata}}
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    for version, status in ((1, "superseded"), (2, "deployed")):
        name = f"sh.helm.release.v1.gitlab-runner.v{version}"
        labels = {"owner": "helm", "name": "gitlab-runner", "status": status}
        data = packed if status == "deployed" else b"nonsense"
        cluster.seed(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "helm.sh/release.v1",
                "metadata": {"name": name, "namespace": "ci", "labels": labels},
                "data": {"release": base64.b64encode(data).decode()},
            }
        )


def with_argocd(cluster: FakeCluster, values: Json, chart: str = "0.70.0") -> None:
    """An Application of GitLab's chart, and what it has synced."""
    by_hand(
        cluster,
        annotations={"argocd.argoproj.io/tracking-id": "runner:apps/Deployment:ci/gitlab-runner"},
    )
    cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
    source = {
        "repoURL": "https://charts.gitlab.io",
        "chart": "gitlab-runner",
        "targetRevision": chart,
        "helm": {"valuesObject": values},
    }
    cluster.seed(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "runner", "namespace": "argocd"},
            "spec": {
                "project": "infra",
                "source": source,
                "destination": {"namespace": "ci", "server": "https://kubernetes.default.svc"},
            },
        }
    )
