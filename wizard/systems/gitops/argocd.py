"""What Argo CD's own objects say: which Applications read a folder, and what a project permits.

Only of bodies that were read already. The rules are those of Argo CD 3.0: its documentation,
"Projects" and "Automated Sync Policy", and what a real one answered.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from wizard.core.manifest import ObjectRef
from wizard.profile.delivery import Repository
from wizard.systems.gitops.addresses import same_place

API = "argoproj.io/v1alpha1"
HERE = "https://kubernetes.default.svc"
"""The cluster that Argo CD itself is in, as a destination."""
REFRESH = {"argocd.argoproj.io/refresh": "normal"}
"""The annotation that has an Application looked at now; by itself it is every three minutes."""

Body = Mapping[str, Any]


def application_ref(namespace: str, name: str) -> ObjectRef:
    """An Application of Argo CD's own namespace."""
    return ObjectRef(API, "Application", namespace, name)


def reads_applications(application: Body, repository: Repository) -> bool:
    """Whether an Application reads the folder that the Applications of a profile are in.

    Where it reads a folder above and may be more than a plain directory, it is taken to: what a
    kustomization includes cannot be seen from here.
    """
    return any(
        same_place(str(source.get("repoURL", "")), repository.url)
        and source.get("targetRevision", "HEAD") in {"", "HEAD", repository.branch}
        and _takes_in(source, repository.apps_path, _is_plain(application))
        for source in _sources(application.get("spec") or {})
        if not source.get("chart")
    )


def generates_from(application_set: Body, repository: Repository) -> bool:
    """Whether an ApplicationSet generates Applications from the repository's contents."""
    generators = (application_set.get("spec") or {}).get("generators") or ()
    return any(
        same_place(str((one.get("git") or {}).get("repoURL", "")), repository.url)
        for one in generators
    )


def refuses_to_empty(application: Body) -> bool:
    """Whether it prunes by itself, but never the last object (`allowEmpty` is not set)."""
    policy = (application.get("spec") or {}).get("syncPolicy") or {}
    return not (policy.get("automated") or {}).get("allowEmpty", False)


def not_permitted(
    project: Body,
    repositories: Iterable[str],
    namespaces: Iterable[str],
    kinds: Iterable[ObjectRef],
) -> list[str]:
    """What an AppProject does not permit of what a profile needs, a line each.

    Args:
        repositories: addresses of sources, Git's and the chart's.
        namespaces: where objects go, in the cluster that Argo CD is in.
        kinds: one object of each kind.
    """
    spec = project.get("spec") or {}
    lines = [
        f"sourceRepos has no {url}"
        for url in repositories
        if not _permitted(url, spec.get("sourceRepos") or (), _same_source)
    ]
    lines += [
        f"destinations has no namespace {name} of {HERE}"
        for name in namespaces
        if not _is_destination(name, spec.get("destinations") or ())
    ]
    for ref in kinds:
        words = f"{ref.kind} of {_group(ref) or 'the core group'}"
        if ref.namespace:
            allowed = spec.get("namespaceResourceWhitelist")
            if _listed(ref, spec.get("namespaceResourceBlacklist") or ()) or not (
                allowed is None or _listed(ref, allowed)
            ):
                lines.append(f"its lists of namespaced kinds leave out {words}")
        elif _listed(ref, spec.get("clusterResourceBlacklist") or ()) or not _listed(
            ref, spec.get("clusterResourceWhitelist") or ()
        ):
            lines.append(f"clusterResourceWhitelist has no {words}")
    return list(dict.fromkeys(lines))


def _sources(spec: Body) -> list[Body]:
    return list(spec.get("sources") or [spec.get("source") or {}])


def _is_plain(application: Body) -> bool:
    """Whether Argo CD has found the folder to be one of plain manifests."""
    return bool((application.get("status") or {}).get("sourceType") == "Directory")


def _takes_in(source: Body, folder: str, is_plain: bool) -> bool:
    top = posixpath.normpath(str(source.get("path") or "."))
    if top == folder:
        return True
    if top != "." and not folder.startswith(f"{top}/"):
        return False
    return bool((source.get("directory") or {}).get("recurse")) or not is_plain


def _permitted(value: str, patterns: Iterable[Any], same: Any) -> bool:
    """Whether one of the patterns fits, and none that begins with `!` does."""
    every = [str(pattern) for pattern in patterns]
    if any(pattern[:1] == "!" and same(value, pattern[1:]) for pattern in every):
        return False
    return any(pattern[:1] != "!" and same(value, pattern) for pattern in every)


def _same_source(url: str, pattern: str) -> bool:
    if pattern == "*" or same_place(url, pattern):
        return True
    parts = (re.escape(part).replace(r"\*", "[^/]*") for part in pattern.split("**"))
    return re.fullmatch(".*".join(parts), url, re.IGNORECASE) is not None


def _is_destination(namespace: str, destinations: Iterable[Body]) -> bool:
    found = False
    for one in destinations:
        server, name = str(one.get("server", "")), str(one.get("name", ""))
        pattern = str(one.get("namespace", ""))
        if pattern[:1] == "!" and fnmatch.fnmatchcase(namespace, pattern[1:]):
            return False
        here = fnmatch.fnmatchcase(HERE, server) or fnmatch.fnmatchcase("in-cluster", name)
        found = found or (here and fnmatch.fnmatchcase(namespace, pattern))
    return found


def _listed(ref: ObjectRef, kinds: Iterable[Body]) -> bool:
    return any(
        fnmatch.fnmatchcase(_group(ref), str(one.get("group", "")))
        and fnmatch.fnmatchcase(ref.kind, str(one.get("kind", "")))
        for one in kinds
    )


def _group(ref: ObjectRef) -> str:
    return ref.api_version.rpartition("/")[0]
