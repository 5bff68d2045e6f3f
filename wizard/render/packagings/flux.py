"""Flux: a Kustomization for each runner, with a HelmRelease of GitLab's chart in its folder.

What the runners share is a Kustomization of its own, and goes first. Each waits until all that it
applied is ready, the release and the ExternalSecret among it, so that its one condition tells all.
"""

from __future__ import annotations

from typing import Any

from wizard.core.manifest import Manifest, RenderedFile
from wizard.profile.backends.sops import SOPS
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.packagings import flux as declared
from wizard.profile.runner import Runner
from wizard.render.objects import manifest
from wizard.render.ownership import header
from wizard.render.packagings.folders import (
    annotated,
    apps_path,
    manifest_files,
    manifests_path,
    placeholder,
    runner_folder,
    token_note,
)
from wizard.render.packagings.packaging import Packaging
from wizard.render.pipelines import pipeline
from wizard.render.releases import companions, shared
from wizard.render.runner.chart_values import values
from wizard.render.tables.versions import chart_version
from wizard.render.yaml_text import to_yaml

_OCI = "oci://"
_DECRYPTION = {"provider": "sops", "secretRef": {"name": "sops-age"}}
"""Where Flux's own guide keeps the age key ("Manage Kubernetes secrets with SOPS", Flux 2.7)."""


def files(profile: Profile) -> list[RenderedFile]:
    """The Kustomizations and the chart's repository, and the folders that they read."""
    folder = manifests_path(profile, profile.shared)
    names = {"ClusterSecretStore": "store"}
    together = manifest_files(profile, folder, annotated(profile, shared(profile)), names)
    found = [_file(profile, f"{profile.shared}-chart", _repository(profile), "GitLab's charts")]
    first: list[str] = []
    if together:  # Flux fails on a folder that is not in the repository
        first.append(profile.shared)
        body = _kustomization(profile, profile.shared, labels(profile), [])
        found.append(_file(profile, profile.shared, body, "what runners share"))
    for runner in profile.runners:
        body = _kustomization(profile, runner.release, labels(profile, runner), first)
        if profile.secrets.spec is SOPS:
            body = Manifest({**body.body, "spec": {**body.body["spec"], "decryption": _DECRYPTION}})
        about = f"runner {runner.name}: its folder, with the chart's release in it"
        found.append(_file(profile, runner.release, body, about, token_note(profile, runner)))
    found += together
    for runner in profile.runners:
        own = annotated(profile, [*companions(profile, runner), _release(profile, runner)])
        found += runner_folder(profile, runner, own)
    return found + [pipeline(profile, runner) for runner in profile.runners]


def placeholders(profile: Profile) -> list[RenderedFile]:
    """For the folder of Kustomizations, where ours were all that it held.

    Flux reports a folder that is not in the repository as an error, and prunes nothing of it
    (kustomize-controller 1.9: "kustomization path not found").
    """
    return [placeholder(profile, profile.delivery.flux.namespace)]


def _file(profile: Profile, name: str, body: Manifest, about: str, note: str = "") -> RenderedFile:
    path = apps_path(profile, f"{name}.yaml")
    return RenderedFile(path, header(profile) + note + to_yaml(body.body), about)


def _repository(profile: Profile) -> Manifest:
    url = profile.delivery.chart.repository
    spec = {"interval": "1h", "url": url}
    return manifest(
        "source.toolkit.fluxcd.io/v1",
        "HelmRepository",
        profile.shared,
        profile.delivery.flux.namespace,
        labels(profile),
        spec={"type": "oci", **spec} if url.startswith(_OCI) else spec,
    )


def _kustomization(
    profile: Profile, name: str, labelled: dict[str, str], after: list[str]
) -> Manifest:
    flux = profile.delivery.flux
    spec: dict[str, Any] = {
        "interval": "10m",
        "retryInterval": "1m",
        "timeout": "10m",
        "path": f"./{manifests_path(profile, name)}",
        "prune": True,
        "wait": True,
        "sourceRef": {"kind": "GitRepository", "name": flux.source},
    }
    if after:
        spec["dependsOn"] = [{"name": one} for one in after]
    api = "kustomize.toolkit.fluxcd.io/v1"
    return manifest(api, "Kustomization", name, flux.namespace, labelled, spec=spec)


def _release(profile: Profile, runner: Runner) -> Manifest:
    namespace = profile.cluster.namespace
    chart = {
        "chart": "gitlab-runner",
        "version": chart_version(profile),
        "sourceRef": {"kind": "HelmRepository", "name": profile.shared},
    }
    spec = {
        "interval": "10m",
        "timeout": "10m",
        "releaseName": runner.release,
        "targetNamespace": namespace,
        "storageNamespace": namespace,
        "chart": {"spec": chart},
        # Without retries a first install that came before its token would stay failed.
        "install": {"remediation": {"retries": -1}},
        "upgrade": {"remediation": {"retries": 3}},
        "driftDetection": {"mode": "enabled"},
        "values": values(profile, runner),
    }
    return manifest(
        "helm.toolkit.fluxcd.io/v2",
        "HelmRelease",
        runner.release,
        profile.delivery.flux.namespace,
        labels(profile, runner),
        spec=spec,
    )


FLUX = Packaging(declared.FLUX, files, placeholders=placeholders)
