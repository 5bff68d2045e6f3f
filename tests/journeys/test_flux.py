"""The homelab preset with Flux: files to Git, and Flux brings them into the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.gitops_world import RELEASE, GitOpsWorld, deployment
from tests.journeys.world import Ended

REVISION = "main@sha1:{}"
SOURCE = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "GitRepository",
    "metadata": {"name": "flux-system", "namespace": "flux-system"},
    "spec": {"url": "ssh://git@gitlab.com/acme/homelab.git", "ref": {"branch": "main"}},
}
ROOT = {
    "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
    "kind": "Kustomization",
    "metadata": {"name": "flux-system", "namespace": "flux-system"},
    "spec": {
        "path": "./clusters/home",
        "prune": True,
        "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
    },
}
"""As `flux bootstrap` makes both."""


class FluxWorld(GitOpsWorld):
    """Flux, played as far as the wizard can see it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "external-secrets", "flux")

    def begin_repository(self) -> None:
        super().begin_repository()
        self.change("as: argocd", "as: flux")
        self.change("apps_path: argocd-apps", "apps_path: clusters/home/runners")
        self.cluster.seed(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}}
        )
        self.cluster.seed(SOURCE)
        self.cluster.seed(ROOT)

    @property
    def apps(self) -> Path:
        return self.repository / "clusters/home/runners"

    def sync(self, revision: str) -> None:
        """All that is in the repository is in the cluster and ready, and nothing else of ours."""
        files = [*self.apps.glob("*.yaml"), *self.repository.glob("manifests/*/*.yaml")]
        bodies = [
            body
            for file in files
            if file.name != "kustomization.yaml"
            for body in yaml.safe_load_all(file.read_text())
        ]
        for body in sorted(bodies, key=lambda one: one["kind"] != "Namespace"):
            self._put(body | self._status(body["kind"], revision))
        wanted = {body["metadata"]["name"] for body in bodies} | {"flux-system"}
        for kind in ("Kustomization", "HelmRelease"):
            for body in self.cluster.objects(kind):
                if body["metadata"]["name"] not in wanted:
                    self._prune(body)

    @staticmethod
    def _status(kind: str, revision: str) -> dict[str, Any]:
        ready = {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded"}
        applied = {"lastAppliedRevision": REVISION.format(revision), "conditions": [ready]}
        return {"status": applied} if kind in {"Kustomization", "HelmRelease"} else {}

    def start_managers(self) -> None:
        for release in self.cluster.objects("HelmRelease"):
            self._put(deployment(release["spec"]["values"]))

    def says(self, kind: str, name: str, reason: str, message: str) -> None:
        """An object is not ready, for a reason."""
        found = self.cluster.find(kind, name, "flux-system")
        assert found
        ready = {"type": "Ready", "status": "False", "reason": reason, "message": message}
        self.cluster.put(found | {"status": found.get("status", {}) | {"conditions": [ready]}})


@pytest.fixture
def homelab(tmp_path: Path) -> Iterator[FluxWorld]:
    with FluxWorld(tmp_path) as world:
        yield world


def synced(world: FluxWorld) -> None:
    world.sync(world.commit())
    world.refresh()
    world.start_managers()


def proven(world: FluxWorld) -> None:
    assert world.apply().code == 4
    synced(world)
    ended = world.apply()
    assert ended.code == 0, ended.err + ended.out


def destroyed(world: FluxWorld) -> Ended:
    arguments = ("destroy", str(world.profile), "--yes", "--json", "--timeout", "2")
    return world.wizard(*arguments)


def warned(world: FluxWorld) -> list[dict[str, Any]]:
    ended = world.wizard("plan", str(world.profile), "--json")
    assert ended.code == 0, ended.err + ended.out
    checks = ended.document["data"]["checks"]
    return [one for one in checks if one["id"] == "cluster.flux" and one["verdict"] != "ok"]


def test_from_nothing_to_a_proven_runner_and_then_no_change(homelab: FluxWorld) -> None:
    assert warned(homelab) == []
    proven(homelab)
    homelab.commit_if_needed()
    homelab.forget_writes()
    ended = homelab.apply()
    assert ended.code == 0, ended.err + ended.out
    assert ended.document["data"]["changed"] is False
    assert homelab.cluster.writes == []


def test_what_is_committed_and_not_applied_yet_is_waited_for(homelab: FluxWorld) -> None:
    proven(homelab)
    homelab.change("limit: 2Gi", "limit: 3Gi")
    assert homelab.apply().code == 4
    revision = homelab.commit()
    ended = homelab.wizard("apply", str(homelab.profile), "--yes", "--json", "--timeout", "2")
    assert ended.code == 1, ended.out
    assert f"Flux has not applied commit {revision[:8]} yet" in ended.document["error"]["cause"]
    root = homelab.cluster.find("Kustomization", "flux-system", "flux-system")
    assert root
    assert "reconcile.fluxcd.io/requestedAt" in root["metadata"]["annotations"]


def test_what_flux_says_of_a_release_is_told(homelab: FluxWorld) -> None:
    proven(homelab)
    said = "Helm install failed: timed out waiting for the condition"
    homelab.says("HelmRelease", RELEASE, "InstallFailed", said)
    ended = homelab.wizard("apply", str(homelab.profile), "--yes", "--json", "--timeout", "2")
    assert ended.code == 1, ended.out
    cause = ended.document["error"]["cause"]
    assert f"HelmRelease flux-system/{RELEASE} is InstallFailed: {said}" in cause


def test_a_source_of_another_repository_is_told_before_the_commit(homelab: FluxWorld) -> None:
    source = homelab.cluster.find("GitRepository", "flux-system", "flux-system")
    assert source
    source["spec"]["url"] = "ssh://git@gitlab.com/acme/other.git"
    homelab.cluster.put(source)
    (said,) = warned(homelab)
    assert said["problem"].endswith("reads another repository or branch than delivery.repository.")


def test_a_folder_that_no_kustomization_reads_is_told_before_the_commit(
    homelab: FluxWorld,
) -> None:
    homelab.change("clusters/home/runners", "elsewhere")
    (said,) = warned(homelab)
    assert said["problem"].startswith("No Kustomization of Flux reads the folder elsewhere of ")


def test_destroy_leaves_nothing_but_the_folder_that_flux_reads(homelab: FluxWorld) -> None:
    proven(homelab)
    assert destroyed(homelab).code == 4
    (placeholder,) = homelab.apps.iterdir()
    assert placeholder.name == "placeholder.yaml"
    homelab.push()
    ended = destroyed(homelab)
    assert ended.code == 4, ended.out
    assert "waits for its prune" in ended.events[-1]["sentence"]
    homelab.sync(homelab.git("rev-parse", "HEAD"))
    ended = destroyed(homelab)
    assert ended.code == 0, ended.err + ended.out
    assert homelab.gitlab.runners == []
