"""Whether Argo CD would read the files once they are committed, and may do what they say."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.checks.connected import Connected
from wizard.checks.names import whose_names
from wizard.core.errors import NotAllowedError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import ObjectRef
from wizard.profile.delivery import Repository
from wizard.profile.packagings.argocd import ARGOCD
from wizard.render import manifests
from wizard.systems.gitops.addresses import same_place
from wizard.systems.gitops.argocd import (
    API,
    application_ref,
    generates_from,
    not_permitted,
    reads_applications,
)

_CREDENTIALS = "argocd.argoproj.io/secret-type"
"""The label of Secrets with which Argo CD signs in to repositories (Argo CD 3.0)."""


def of_argocd(connected: Connected) -> Iterator[Check]:
    """What reads the folder, what the project permits, who signs in, and whose the names are."""
    profile = connected.profile
    repository = profile.delivery.repository
    if profile.delivery.spec is not ARGOCD or repository is None:
        return
    if not connected.seen_cluster.serves(API, "Application"):
        return  # `target.operators` says that it is not there
    yield _is_watched(connected, repository)
    yield _is_permitted(connected, repository)
    yield _can_sign_in(connected, repository)
    namespace = profile.delivery.argocd.namespace
    refs = [application_ref(namespace, name) for name in profile.delivered_names]
    yield from whose_names(connected, refs)


def _is_watched(connected: Connected, repository: Repository) -> Check:
    namespace = connected.profile.delivery.argocd.namespace
    folder = repository.apps_path
    asked = f"Argo CD reads {folder} of the repository"
    applications = connected.seen_cluster.find(API, "Application", namespace)
    if any(reads_applications(one, repository) for one in applications):
        return Check(asked, Verdict.OK)
    if connected.seen_cluster.serves(API, "ApplicationSet"):
        sets = connected.seen_cluster.find(API, "ApplicationSet", namespace)
        if any(generates_from(one, repository) for one in sets):
            return Check(asked, Verdict.OK)
    ours = {runner.release for runner in connected.profile.runners}
    if any(one["metadata"]["name"] in ours for one in applications):
        return Check(asked, Verdict.OK)  # they have come, by whatever way
    finding = Finding(
        f"Nothing in Argo CD reads the folder {folder} of {repository.url}.",
        f"{len(applications)} Applications of namespace {namespace} were looked at",
        "the files would be committed, and nothing would happen",
        f"Create an Application with repoURL {repository.url} and path {folder}, or name the "
        "folder that one reads already in delivery.repository.apps_path",
    )
    return Check(asked, Verdict.WARN, finding)


def _is_permitted(connected: Connected, repository: Repository) -> Check:
    profile, argocd = connected.profile, connected.profile.delivery.argocd
    asked = f"the AppProject {argocd.project} permits what the files hold"
    ref = ObjectRef(API, "AppProject", argocd.namespace, argocd.project)
    project = connected.object(ref)
    if project is None:
        finding = Finding(
            f"There is no {ref}, which the Applications name.",
            cause="Argo CD syncs no Application whose project is not there",
            fix="Create it, or correct delivery.argocd.project",
        )
        return Check(asked, Verdict.WARN, finding)
    sources = (repository.url, profile.delivery.chart.repository)
    kinds = (manifest.ref for manifest in manifests(profile))
    if lines := not_permitted(project, sources, profile.namespaces, kinds):
        finding = Finding(
            f"{ref} does not permit what the files hold.",
            "\n".join(lines),
            "Argo CD would refuse to sync the Applications",
            "Add this to the project, or name another in delivery.argocd.project",
        )
        return Check(asked, Verdict.WARN, finding)
    return Check(asked, Verdict.OK)


def _can_sign_in(connected: Connected, repository: Repository) -> Check:
    """Whether Argo CD has credentials for a repository that no one may read without any."""
    asked = f"Argo CD can sign in to {repository.url}"
    if repository.url.startswith(("https://", "http://")):
        return Check(asked, Verdict.OK)  # it may be public; where it is not, the wait says so
    namespace = connected.profile.delivery.argocd.namespace
    try:
        found = [
            url
            for kind in ("repository", "repo-creds")
            for one in connected.seen_cluster.find("v1", "Secret", namespace, {_CREDENTIALS: kind})
            if (url := _url(one)) and _is_for(repository.url, url, kind)
        ]
    except NotAllowedError as refused:
        return Check(asked, Verdict.UNSEEN, Finding(refused.problem, cause=refused.cause))
    if found:
        return Check(asked, Verdict.OK)
    finding = Finding(
        f"Argo CD has no credentials for {repository.url}.",
        f"no Secret of namespace {namespace} with the label {_CREDENTIALS} names it",
        "an address of SSH cannot be read without a key",
        f"Run argocd repo add {repository.url} --ssh-private-key-path KEY",
    )
    return Check(asked, Verdict.WARN, finding)


def _url(secret: Mapping[str, Any]) -> str:
    """The address in a Secret of Argo CD; nothing else of it is looked at."""
    try:
        return base64.b64decode((secret.get("data") or {}).get("url") or "").decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _is_for(url: str, known: str, kind: str) -> bool:
    return same_place(url, known) if kind == "repository" else url.startswith(known)
