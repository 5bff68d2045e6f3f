"""Argo CD: an Application for each runner, of GitLab's chart and the runner's own folder.

What the runners share is an Application of its own, and goes first. Waves order the objects of one
Application, and Applications among themselves where another one holds them ("app of apps").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.core.manifest import RenderedFile
from wizard.profile.delivery import Repository
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.packagings import argocd as declared
from wizard.profile.packagings.argocd import WAVE
from wizard.profile.runner import Runner
from wizard.render.ownership import header
from wizard.render.packagings.folders import (
    annotated,
    apps_path,
    manifest_files,
    manifests_path,
    placeholder,
    token_note,
)
from wizard.render.packagings.packaging import Packaging
from wizard.render.pipelines import pipeline
from wizard.render.releases import companions, shared
from wizard.render.runner.chart_values import values
from wizard.render.tables.versions import chart_version
from wizard.render.yaml_text import to_yaml

_SHARED_WAVE = "-2"
_CREATE_NAMESPACE = "CreateNamespace=true"
_SYNC_OPTIONS = [
    "PrunePropagationPolicy=foreground",
    "PruneLast=true",
    "ServerSideApply=true",
]
# A default that External Secrets has since 2.3.0. Earlier versions refuse the field, so it cannot
# be written out as the others are, and Argo CD compares a list as a whole.
_ADDED_BY_LATER_VERSIONS = {
    "group": "external-secrets.io",
    "kind": "ExternalSecret",
    "jqPathExpressions": [".spec.data[].remoteRef.nullBytePolicy"],
}


def files(profile: Profile) -> list[RenderedFile]:
    """The Applications, and the folders of manifests that they read."""
    names = {"ClusterSecretStore": "store"}
    shared_folder = manifests_path(profile, profile.shared)
    together = manifest_files(profile, shared_folder, annotated(profile, shared(profile)), names)
    path = apps_path(profile, profile.shared)
    # Argo CD fails on a folder that is not in the repository.
    found = [_application_file(path, profile, _shared_application(profile))] if together else []
    for runner in profile.runners:
        path, body = apps_path(profile, runner.release), _runner_application(profile, runner)
        found.append(_application_file(path, profile, body, runner))
    found += together
    for runner in profile.runners:
        own = annotated(profile, companions(profile, runner))
        found += manifest_files(profile, manifests_path(profile, runner.release), own)
    return found + [pipeline(profile, runner) for runner in profile.runners]


def placeholders(profile: Profile) -> list[RenderedFile]:
    """For the folder of Applications, where ours were all that it held.

    Argo CD reports a folder that is not in the repository as an error, and does not prune the last
    object of an Application by itself (3.6: "auto-sync will wipe out all resources").
    """
    return [placeholder(profile, profile.delivery.argocd.namespace)]


def _application_file(
    path: str, profile: Profile, body: Mapping[str, Any], runner: Runner | None = None
) -> RenderedFile:
    note = token_note(profile, runner) if runner else ""
    about = f"runner {runner.name}: the chart and its folder" if runner else "what runners share"
    return RenderedFile(f"{path}.yaml", header(profile) + note + to_yaml(body), about)


def _shared_application(profile: Profile) -> dict[str, Any]:
    return _application(
        profile,
        profile.shared,
        labels(profile),
        {"source": _folder_source(profile, profile.shared)},
        _SHARED_WAVE,
    )


def _runner_application(profile: Profile, runner: Runner) -> dict[str, Any]:
    chart = {
        "repoURL": profile.delivery.chart.repository,
        "chart": "gitlab-runner",
        "targetRevision": chart_version(profile),
        "helm": {"releaseName": runner.release, "valuesObject": values(profile, runner)},
    }
    sources = {"sources": [chart, _folder_source(profile, runner.release)]}
    body = _application(profile, runner.release, labels(profile, runner), sources, "0")
    if profile.secrets.through_store:
        body["spec"]["ignoreDifferences"] = [_ADDED_BY_LATER_VERSIONS]
    return body


def _folder_source(profile: Profile, folder: str) -> dict[str, Any]:
    repository = _repository(profile)
    return {
        "repoURL": repository.url,
        "targetRevision": repository.branch,
        "path": manifests_path(profile, folder),
    }


def _repository(profile: Profile) -> Repository:
    if profile.delivery.repository is None:
        raise LookupError("as: argocd needs delivery.repository")
    return profile.delivery.repository


def _application(
    profile: Profile, name: str, labelled: dict[str, str], sources: dict[str, Any], wave: str
) -> dict[str, Any]:
    argocd = profile.delivery.argocd
    creates = [_CREATE_NAMESPACE] if profile.makes(profile.cluster.namespace) else []
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": argocd.namespace,
            "labels": labelled,
            "annotations": {WAVE: wave},
            # Deleting the Application takes what it made with it: no manager is left running that
            # nothing looks after. Namespaces stay, and with them the jobs' and other people's data.
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        },
        "spec": {
            "project": argocd.project,
            **sources,
            "destination": {
                "server": "https://kubernetes.default.svc",
                "namespace": profile.cluster.namespace,
            },
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": [*creates, *_SYNC_OPTIONS],
                "retry": {
                    "limit": 10,
                    "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m0s"},
                },
            },
        },
    }


ARGOCD = Packaging(declared.ARGOCD, files, placeholders=placeholders)
