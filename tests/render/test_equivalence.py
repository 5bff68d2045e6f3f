"""Every packaging makes the same runner.

The plain manifests say what it is: whatever the chart makes must come out the same. With
`HELM_CHART` naming copies of GitLab's chart, and helm on the path, their real objects are compared.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.render.chart import as_helm_makes_it, as_read, chart_and_runner, with_every_chart
from tests.render.outcome import outcome
from tests.render.profiles import PRESETS, documents, file_of, of_chart, packaged, profile_of
from wizard.profile.model import Profile

EVERYTHING: dict[str, Any] = {
    "id": "0badcafe",
    "gitlab": {
        "url": "https://git.example.com:8443",
        "ca_file": "company-ca.pem",
        "proxy": "http://proxy.example.com:3128",
        "no_proxy": [".example.com"],
    },
    "manager": {
        "flavor": "ubuntu",
        "replicas": 2,
        "cpu": {"request": "200m", "limit": "1"},
        "drain": "2h",
        "check_interval": 5,
        "log_level": "warn",
        "log_format": "text",
        "node_selector": {"pool": "ci"},
        "tolerations": [{"key": "ci", "value": "only", "effect": "NoSchedule"}],
        "priority_class": "high",
        "image_pull_secrets": ["mirror"],
    },
    "images": {"registry": "mirror.example.com:5000/gitlab", "pull_policy": "always"},
    "cluster": {"namespace": "ci", "job_namespace": "ci-jobs", "architectures": ["arm64"]},
    "runner": {
        "maximum_timeout": "3h",
        "locked": True,
        "protected": True,
        "token_revision": 7,
        "extra_config": {
            "pre_build_script": "echo \"{{ .Release.Name }} ${HOME}\" 'it' \\ end\n",
            "feature_flags": {"FF_PRINT_POD_EVENTS": True},
            "kubernetes": {"allow_privilege_escalation": True},
        },
    },
}
PROFILES = [*PRESETS, "everything"]


def _profile(name: str, packaging: str) -> Profile:
    if name in PRESETS:
        profile = packaged(name, packaging)
    else:
        repository = {"url": "https://gitlab.com/acme/gitops.git"}
        delivery = {"as": packaging, "to": "directory", "repository": repository}
        profile = profile_of("homelab", delivery=delivery, **copy.deepcopy(EVERYTHING))
        trusting = profile.gitlab.trusting("-----BEGIN CERTIFICATE-----\n")
        profile = profile.model_copy(update={"gitlab": trusting})
    return profile


def _values(profile: Profile, release: str) -> dict[str, Any]:
    if profile.delivery.packaging == "helm":
        return dict(yaml.safe_load(file_of(profile, f"/{release}/values.yaml")))
    if profile.delivery.packaging == "flux":
        made = yaml.safe_load(file_of(profile, f"/{release}/helm-release.yaml"))
        assert made["spec"]["releaseName"] == release
        return dict(made["spec"]["values"])
    application = yaml.safe_load(file_of(profile, f"argocd-apps/{release}.yaml"))
    source = application["spec"]["sources"][0]
    assert source["helm"]["releaseName"] == release
    return dict(source["helm"]["valuesObject"])


@pytest.mark.parametrize("packaging", ["argocd", "flux", "helm"])
@pytest.mark.parametrize("name", PROFILES)
def test_the_chart_makes_the_runner_that_our_manifests_make(name: str, packaging: str) -> None:
    plain, other = _profile(name, "manifests"), _profile(name, packaging)
    for runner in plain.runners:
        chart = as_read(_values(other, runner.release), plain.cluster.namespace)
        made = outcome([*chart, *documents(other)], runner.release)
        assert made == outcome(documents(plain), runner.release)


@with_every_chart
@pytest.mark.parametrize("packaging", ["argocd", "flux", "helm"])
@pytest.mark.parametrize("name", PROFILES)
def test_helm_makes_the_runner_that_our_manifests_make(
    name: str, packaging: str, chart: Path
) -> None:
    pinned = chart_and_runner(chart)
    plain = of_chart(_profile(name, "manifests"), *pinned)
    other = of_chart(_profile(name, packaging), *pinned)
    for runner in plain.runners:
        given = _values(other, runner.release)
        objects = as_helm_makes_it(chart, given, plain.cluster.namespace)
        made = outcome([*objects, *documents(other)], runner.release)
        assert made == outcome(documents(plain), runner.release)


@pytest.mark.parametrize("name", PROFILES)
def test_what_all_runners_share_is_the_same_however_it_is_delivered(name: str) -> None:
    def _shared(packaging: str) -> list[Any]:
        profile = _profile(name, packaging)
        return [
            {**one, "metadata": {**one["metadata"], "annotations": {}}}  # waves are Argo CD's
            for one in documents(profile)
            if one["metadata"]["labels"]["app.kubernetes.io/instance"] == profile.shared
            and one["kind"] not in {"Application", "HelmRepository", "Kustomization"}
        ]

    assert _shared("argocd") == _shared("flux") == _shared("helm") == _shared("manifests")
