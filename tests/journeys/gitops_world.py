"""Worlds in which Git brings the runners: a repository, External Secrets and Argo CD.

Argo CD and External Secrets are played as far as the wizard can see them: what is committed is in
the cluster after `sync`, and what the backend keeps is in the Secret after `refresh`.
"""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any, Self

import yaml

from tests.fakes.infisical import FakeInfisical
from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.external_secrets import written_now
from tests.journeys.world import NAMESPACE, World

FOLDER = "/gitlab/runners/homelab"
RELEASE = "gitlab-runner-homelab"
STORE = "infisical-cluster-secretstore"
PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "default", "namespace": "argocd"},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}
"""As Argo CD makes it itself (3.0)."""
ROOT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "root", "namespace": "argocd"},
    "spec": {
        "project": "default",
        "source": {
            "repoURL": "https://gitlab.com/acme/homelab.git",
            "path": "argocd-apps",
            "targetRevision": "main",
        },
        "syncPolicy": {"automated": {"prune": True}},
    },
}
"""What reads the folder of Applications."""


class PlayedGitOps(World):
    """`World`, with a repository, and Argo CD and External Secrets played for it.

    A subclass says what its backend keeps.
    """

    argocd_is_there = True

    @property
    def repository(self) -> Path:
        return self.folder / "gitops"

    def kept(self, remote: dict[str, str]) -> str:
        """The value that the backend keeps at a `remoteRef`."""
        raise NotImplementedError

    def begin_repository(self) -> None:
        self.change("cluster:\n", "cluster:\n  context: fake\n")
        self.git("init", "-q", "-b", "main")
        for name in ("argocd", "external-secrets"):
            self.cluster.seed({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if self.argocd_is_there:
            self.cluster.seed(PROJECT)
            self.cluster.seed(ROOT)

    def git(self, *arguments: str) -> str:
        self.repository.mkdir(exist_ok=True)
        identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.repository,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all", ".")
        self.git("commit", "-q", "-m", "runners")
        return self.git("rev-parse", "HEAD")

    def push(self) -> None:
        """Commit, and push to a remote that is there."""
        self.commit()
        remote = self.folder / "homelab.git"
        self.git("init", "-q", "--bare", str(remote))
        self.git("remote", "add", "origin", "https://gitlab.com/acme/homelab.git")
        self.git("config", f"url.{remote}.insteadOf", "https://gitlab.com/acme/homelab.git")
        self.git("push", "-q", "origin", "main")

    def commit_if_needed(self) -> None:
        if self.git("status", "--porcelain"):
            self.commit()

    def sync(self, revision: str) -> None:
        """Argo CD: what is in the repository is in the cluster, and what is not is pruned."""
        applications = [
            document
            for file in sorted(self.repository.glob("argocd-apps/*.yaml"))
            for document in yaml.safe_load_all(file.read_text())
            if document["kind"] == "Application"
        ]
        manifests = [
            document
            for file in sorted(self.repository.glob("manifests/**/*.yaml"))
            for document in yaml.safe_load_all(file.read_text())
        ]
        for manifest in sorted(manifests, key=lambda body: body["kind"] != "Namespace"):
            self._put(manifest)
        for application in applications:
            application["status"] = {
                "sync": {"status": "Synced", "revisions": ["0.92.1", revision]},
                "health": {"status": "Healthy"},
            }
            self._put(application)
        wanted = {application["metadata"]["name"] for application in applications} | {"root"}
        for application in self.cluster.objects("Application"):
            if application["metadata"]["name"] not in wanted:
                self._prune(application)

    def refresh(self) -> None:
        """External Secrets: its stores work, and every Secret holds what the backend keeps."""
        ready = {"type": "Ready", "status": "True", "reason": "Valid"}
        for store in self.cluster.objects("ClusterSecretStore"):
            self.cluster.put(store | {"status": {"conditions": [ready]}})
        for found in self.cluster.objects("ExternalSecret"):
            self._bring(found, self.kept(found["spec"]["data"][0]["remoteRef"]))

    def refresh_with(self, value: str) -> None:
        """The same, but of a store that holds something else."""
        for found in self.cluster.objects("ExternalSecret"):
            self._bring(found, value)

    def _bring(self, external: dict[str, Any], value: str) -> None:
        ready = {"type": "Ready", "status": "True", "reason": "SecretSynced"}
        self.cluster.put(external | {"status": {"conditions": [ready]}})
        self._put(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": external["metadata"]["name"],
                    "namespace": NAMESPACE,
                    "managedFields": [written_now()],
                },
                "data": {
                    "runner-token": base64.b64encode(value.encode()).decode(),
                    "runner-registration-token": "",
                },
            }
        )

    def start_managers(self) -> None:
        """The Deployments that Argo CD makes of GitLab's chart, rolled out."""
        for application in self.cluster.objects("Application"):
            sources = application["spec"].get("sources", ())
            for chart in (source for source in sources if "helm" in source):
                self._put(deployment(chart["helm"]["valuesObject"]))

    def install(self) -> None:
        """What somebody does with Helm: the manifests, then the chart once the token is there."""
        manifests = [
            document
            for file in sorted(self.repository.glob("manifests/*/*.yaml"))
            if file.name not in {"kustomization.yaml", "values.yaml"}
            for document in yaml.safe_load_all(file.read_text())
        ]
        for manifest in sorted(manifests, key=lambda body: body["kind"] != "Namespace"):
            self._put(manifest)
        self.refresh()
        for file in self.repository.glob("manifests/*/values.yaml"):
            values = yaml.safe_load(file.read_text())
            self._put(_config_map(values))
            self._put(deployment(values))

    def _put(self, body: dict[str, Any]) -> None:
        metadata = body["metadata"]
        namespace = metadata.get("namespace", "")
        found = self.cluster.find(body["kind"], metadata["name"], namespace)
        if found is None:
            self._create(body)
        else:
            self.cluster.put(body | {"metadata": found["metadata"] | metadata})

    def _create(self, body: dict[str, Any]) -> None:
        self.cluster.seed(body)
        if body["kind"] == "Deployment":
            self.cluster.controllers.after_change(
                self.cluster.find("Deployment", body["metadata"]["name"], NAMESPACE) or body
            )

    def _prune(self, application: dict[str, Any]) -> None:
        self.cluster.remove(application)
        for kind in ("Deployment", "ExternalSecret"):
            for body in self.cluster.objects(kind):
                self.cluster.remove(body)


class GitOpsWorld(PlayedGitOps):
    """The homelab preset, with its store in the cluster and an Infisical."""

    def __init__(self, folder: Path, *operators: str) -> None:
        self._operators = operators or ("external-secrets", "argocd")
        self.argocd_is_there = "argocd" in self._operators
        super().__init__(folder, cluster=FakeCluster(*self._operators), name="homelab")
        self.infisical = FakeInfisical()

    def __enter__(self) -> Self:
        super().__enter__()
        self._stack.enter_context(self.infisical)
        self.vault = self.infisical.add_project("homelab")
        self.identity = self.infisical.add_identity()
        self.change("https://app.infisical.com", self.infisical.url)
        self.begin_repository()
        if "external-secrets" in self._operators:
            self.store = self.cluster.seed(
                {
                    "apiVersion": "external-secrets.io/v1",
                    "kind": "ClusterSecretStore",
                    "metadata": {"name": STORE},
                    "spec": {"provider": {"infisical": {}}},
                    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
                }
            )
        return self

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "INFISICAL_CLIENT_ID": self.identity.client_id,
            "INFISICAL_CLIENT_SECRET": self.identity.client_secret,
            "INFISICAL_API_URL": f"{self.infisical.url}/api",
        }

    def kept(self, remote: dict[str, str]) -> str:
        return self.infisical.versions(self.vault, remote["key"])[-1]


def deployment(values: dict[str, Any]) -> dict[str, Any]:
    """What GitLab's chart makes of its values, as far as the wizard looks at it."""
    pod_labels = values["podLabels"]
    image = "{registry}/{image}:{tag}".format(**values["image"])
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": values["fullnameOverride"], "namespace": NAMESPACE},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": values["fullnameOverride"]}},
            "template": {
                "metadata": {"labels": pod_labels | {"app": values["fullnameOverride"]}},
                "spec": {"containers": [{"name": "gitlab-runner", "image": image}]},
            },
        },
    }


def _config_map(values: dict[str, Any]) -> dict[str, Any]:
    """The chart's ConfigMap, as far as the wizard looks at it."""
    config = f"concurrent = {values['concurrent']}\ncheck_interval = {values['checkInterval']}\n"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": values["fullnameOverride"], "namespace": NAMESPACE},
        "data": {
            "config.toml": config,
            "config.template.toml": values["runners"]["config"],
        },
    }
