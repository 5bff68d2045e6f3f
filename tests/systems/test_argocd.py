"""Which Applications read a folder, and what an AppProject permits."""

from __future__ import annotations

from typing import Any

import pytest

from wizard.core.manifest import ObjectRef
from wizard.profile.delivery import Repository
from wizard.systems.gitops.argocd import not_permitted, reads_applications

URL = "https://gitlab.com/acme/homelab.git"
HERE = Repository(url=URL)
CHART = "https://charts.gitlab.io"
NAMESPACE = ObjectRef("v1", "Namespace", "", "ci")
ROLE = ObjectRef("rbac.authorization.k8s.io/v1", "Role", "ci", "runner")


def application(kind: str = "Directory", **source: Any) -> dict[str, Any]:
    source = {"repoURL": URL, "path": "argocd-apps"} | source
    return {"spec": {"source": source}, "status": {"sourceType": kind}}


@pytest.mark.parametrize(
    "reader",
    [
        application(),
        application(path="./argocd-apps/"),
        application(repoURL="git@gitlab.com:acme/homelab.git"),
        application(targetRevision="main"),
        application(path=".", directory={"recurse": True}),
        application("Kustomize", path="."),
        {"spec": {"sources": [{"repoURL": CHART, "chart": "x"}, application()["spec"]["source"]]}},
    ],
)
def test_what_reads_the_folder_of_applications_is_known(reader: dict[str, Any]) -> None:
    assert reads_applications(reader, HERE)


@pytest.mark.parametrize(
    "other",
    [
        application(path="manifests"),
        application(path="argocd"),
        application(path="."),
        application(repoURL="https://gitlab.com/acme/other.git"),
        application(targetRevision="release"),
        {"spec": {}},
    ],
)
def test_what_reads_something_else_is_not_taken_for_it(other: dict[str, Any]) -> None:
    assert not reads_applications(other, HERE)


def permitted(**spec: Any) -> list[str]:
    everything: dict[str, Any] = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    project = {"spec": everything | spec}
    return not_permitted(project, (URL, CHART), ("ci",), (NAMESPACE, ROLE))


def test_the_default_project_permits_everything() -> None:
    assert permitted() == []


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({"sourceRepos": ["https://gitlab.com/acme/*"]}, f"sourceRepos has no {CHART}"),
        ({"sourceRepos": ["*", f"!{CHART}"]}, f"sourceRepos has no {CHART}"),
        (
            {"destinations": [{"server": "https://kubernetes.default.svc", "namespace": "web-*"}]},
            "destinations has no namespace ci of https://kubernetes.default.svc",
        ),
        (
            {"destinations": [{"name": "production", "namespace": "*"}]},
            "destinations has no namespace ci of https://kubernetes.default.svc",
        ),
        (
            {"clusterResourceWhitelist": []},
            "clusterResourceWhitelist has no Namespace of the core group",
        ),
        (
            {"namespaceResourceBlacklist": [{"group": "rbac.authorization.k8s.io", "kind": "*"}]},
            "its lists of namespaced kinds leave out Role of rbac.authorization.k8s.io",
        ),
    ],
)
def test_what_a_project_does_not_permit_is_named(spec: dict[str, Any], line: str) -> None:
    assert permitted(**spec) == [line]


def test_a_pattern_of_two_stars_takes_in_every_repository_of_a_group() -> None:
    spec = {"sourceRepos": ["https://gitlab.com/**", CHART]}
    assert permitted(**spec) == []
