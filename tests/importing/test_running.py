"""A profile of what runs in a cluster, in the place of a file."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.kubernetes.setups import VALUES
from wizard.importing import Imported
from wizard.operations.discovery.taking_over import import_running
from wizard.profile.load import load_text
from wizard.profile.model import Profile
from wizard.systems.kubernetes import SetupText

ID = "0badcafe"
HELM = SetupText(
    "values", "Helm release ci/runner", json.dumps(VALUES), "0.70.0", "gitlab-runner-attic", "ci"
)
_TOML = 'concurrent = 3\n[[runners]]\n  executor = "kubernetes"\n  token = "glrt-1n0t0n3"\n'
_METADATA = {"name": "runner", "namespace": "ci"}
_MANAGER = {
    "containers": [
        {
            "name": "runner",
            "image": "registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v18.9.0",
            "resources": {"limits": {"memory": "256Mi"}},
        }
    ],
    "nodeSelector": {"pool": "ci"},
    "volumes": [{"name": "config", "configMap": {"name": "runner"}}],
}
_ITEMS = [
    {"apiVersion": "v1", "kind": "ConfigMap", "data": {"config.toml": _TOML}},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"replicas": 2, "template": {"spec": _MANAGER}},
    },
]
CONFIG = SetupText(
    "objects",
    "ConfigMap ci/runner and Deployment ci/runner",
    json.dumps({"kind": "List", "items": [one | {"metadata": _METADATA} for one in _ITEMS]}),
)


def _filled(text: str) -> str:
    return text.replace("url: FILL-IN", "url: https://gitlab.example.com/acme/gitops.git")


def profile(imported: Imported) -> Profile:
    return load_text(_filled(imported.text), Path("profile.yaml")).profile


def test_a_helm_release_keeps_its_name_its_place_and_its_jobs():
    imported = import_running(HELM, ID)
    made = profile(imported)
    assert made.name == "attic"
    assert made.cluster.namespace == "ci"
    assert made.runners[0].jobs.concurrent == 3
    assert made.gitlab.url == "https://gitlab.example.com"
    assert "chart 0.70.0 is old: it brings runner 17.5" in [
        one.problem for one in imported.findings
    ]


def test_a_config_map_and_its_deployment_are_one_runner():
    imported = import_running(CONFIG, ID)
    made = profile(imported)
    assert [one.jobs.concurrent for one in made.runners] == [6], "3 for each of two managers"
    assert (made.manager.replicas, made.manager.node_selector) == (2, {"pool": "ci"})
    assert made.manager.memory.limit == "256Mi"
    assert made.manager.runner_version == "18.9.0"
    assert made.cluster.namespace == "ci"
    assert "the runner's token is in the file" in [one.problem for one in imported.findings]


def test_an_application_is_read_as_its_file_is():
    wish = {
        "kind": "Application",
        "metadata": {"name": "runner", "namespace": "argocd"},
        "spec": {
            "project": "infra",
            "source": {
                "chart": "gitlab-runner",
                "targetRevision": "0.70.0",
                "helm": {"valuesObject": VALUES},
            },
        },
    }
    found = SetupText("application", "Application argocd/runner", json.dumps(wish))
    made = profile(import_running(found, ID))
    assert made.delivery.packaging == "argocd"
    assert made.delivery.argocd.project == "infra"


def test_evidence_names_no_line_of_a_file_that_nobody_has():
    for found in (HELM, CONFIG):
        imported = import_running(found, ID)
        assert imported.source == found.name
        assert imported.findings
        for finding in imported.findings:
            assert finding.evidence.startswith(f"{found.name}: "), finding
