from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.render.kustomize import kustomized
from tests.render.profiles import (
    PACKAGINGS,
    PRESETS,
    documents,
    file_of,
    packaged,
    profile_of,
)
from wizard.profile.model import Profile
from wizard.render import files, manifests
from wizard.render.ownership import Owner, owner_in

TWO = [
    {"name": "one", "scope": {"project": "acme/one"}, "tags": ["a"], "builds": "none"},
    {"name": "two", "scope": {"group": "acme"}, "builds": "kaniko"},
]


def _application(profile: Profile, name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(file_of(profile, f"argocd-apps/{name}.yaml")))


def _chart(profile: Profile) -> dict[str, Any]:
    release = profile.runners[0].release
    return dict(_application(profile, release)["spec"]["sources"][0])


@pytest.mark.parametrize("packaging", PACKAGINGS)
def test_each_object_is_in_exactly_one_file(packaging: str) -> None:
    profile = packaged("homelab", packaging)
    profile = profile.model_copy(update={"runners": profile_of(runners=TWO).runners})
    seen = Counter(
        (d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"])
        for d in documents(profile)
    )
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("packaging", PACKAGINGS)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_file_begins_with_whose_it_is(preset: str, packaging: str) -> None:
    profile = packaged(preset, packaging)
    for file in files(profile):
        assert owner_in(file.content) == Owner(preset, "")
        assert file.about
        assert "\n" not in file.about


@pytest.mark.parametrize("packaging", PACKAGINGS)
def test_every_object_is_labelled_as_ours(packaging: str) -> None:
    profile = packaged("homelab", packaging).model_copy(update={"id": "0badcafe"})
    for document in documents(profile):
        labels = document["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "runner-wizard"
        assert labels["app.kubernetes.io/part-of"] == "gitlab-runner"
        assert labels["runner-wizard/id"] == "0badcafe"


def test_nothing_that_gitlab_keeps_is_told_to_the_chart() -> None:
    runner = {"maximum_timeout": "2h", "locked": True, "protected": True, "tags": ["a", "b"]}
    profile = profile_of(runner=runner)
    values = _chart(profile)["helm"]["valuesObject"]
    told = {"tags", "locked", "runUntagged", "protected", "maximumTimeout", "registrationToken"}
    assert not told & set(values["runners"])
    assert not {"runnerToken", "runnerRegistrationToken"} & set(values)


def test_a_gitlab_outage_of_hours_restarts_no_manager_of_the_chart() -> None:
    probe = _chart(profile_of())["helm"]["valuesObject"]["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 12 * 3600


def test_braces_in_the_configuration_survive_helms_templates() -> None:
    script = 'echo "{{ .Release.Name }}"'
    profile = profile_of(runner={"extra_config": {"pre_build_script": script}})
    text = _chart(profile)["helm"]["valuesObject"]["runners"]["config"]
    assert "{{ .Release" not in text
    # What Helm makes of it: the escape is an action that prints two braces.
    rendered = text.replace('{{ "{{" }}', "{{")
    assert tomllib.loads(rendered)["runners"][0]["pre_build_script"] == script


def test_no_unescaped_braces_reach_the_chart() -> None:
    for preset in PRESETS:
        text = _chart(packaged(preset, "argocd"))["helm"]["valuesObject"]["runners"]["config"]
        assert "{{" not in text


def test_extra_values_win_key_by_key() -> None:
    extra = {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["git"]}], "metrics": {"port": 9999}}
    values = _chart(profile_of(runner={"extra_values": extra}))["helm"]["valuesObject"]
    assert values["hostAliases"] == extra["hostAliases"]
    assert values["metrics"] == {"enabled": True, "port": 9999}


def test_argo_cd_keeps_everything_in_step_and_tries_again() -> None:
    profile = profile_of()
    for name in (profile.shared, "gitlab-runner-homelab"):
        policy = _application(profile, name)["spec"]["syncPolicy"]
        assert policy["automated"] == {"prune": True, "selfHeal": True}
        assert policy["retry"]["limit"] > 0
        assert set(policy["syncOptions"]) == {
            "CreateNamespace=true",
            "PrunePropagationPolicy=foreground",
            "PruneLast=true",
            "ServerSideApply=true",
        }


def test_the_store_comes_before_the_secret_and_the_secret_before_the_runner() -> None:
    profile = profile_of(secrets={"store": "create"})
    waves = {
        document["kind"]: int(annotations["argocd.argoproj.io/sync-wave"])
        for document in documents(profile)
        if (annotations := document["metadata"].get("annotations", {}))
        and "argocd.argoproj.io/sync-wave" in annotations
    }
    assert waves["Namespace"] < waves["ClusterSecretStore"] < waves["ExternalSecret"] < 0
    applications = {
        d["metadata"]["name"]: int(d["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for d in documents(profile)
        if d["kind"] == "Application"
    }
    assert applications[profile.shared] < applications["gitlab-runner-homelab"]


def test_an_application_that_goes_takes_its_runner_but_no_namespace() -> None:
    profile = profile_of()
    application = _application(profile, "gitlab-runner-homelab")
    assert application["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    for namespace in (d for d in documents(profile) if d["kind"] == "Namespace"):
        options = namespace["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
        assert "Delete=false" in options
        assert "Prune=false" in options


def test_the_folders_are_those_of_the_repository() -> None:
    profile = profile_of(
        delivery={"repository": {"apps_path": "clusters/lab/apps", "manifests_path": "deploy/ci/"}}
    )
    paths = [file.path for file in files(profile)]
    assert "clusters/lab/apps/gitlab-runner-homelab.yaml" in paths
    assert "deploy/ci/gitlab-runner-homelab/external-secret.yaml" in paths
    text = file_of(profile, "apps/gitlab-runner-homelab.yaml")
    source = yaml.safe_load(text)["spec"]["sources"][1]
    assert source["path"] == "deploy/ci/gitlab-runner-homelab"


def test_files_of_a_plain_secret_say_where_it_comes_from() -> None:
    note = "# The Secret gitlab-runner/gitlab-runner-direct-token holds the runner's token"
    for packaging, ending in (
        ("manifests", "gitlab-runner-direct/kustomization.yaml"),
        ("helm", "gitlab-runner-direct/values.yaml"),
        ("argocd", "argocd-apps/gitlab-runner-direct.yaml"),
    ):
        assert note in file_of(packaged("direct", packaging), ending)
    assert "holds the runner's token" not in file_of(profile_of(), "gitlab-runner-homelab.yaml")


@pytest.mark.parametrize("preset", PRESETS)
def test_kustomize_builds_every_folder(preset: str, tmp_path: Path) -> None:
    profile = packaged(preset, "manifests")
    built = kustomized(profile, tmp_path)
    assert built == {(m.kind, m.name) for m in manifests(profile)}


def test_the_objects_of_files_and_of_the_cluster_are_the_same() -> None:
    profile = packaged("homelab", "manifests")
    in_files = sorted(documents(profile), key=lambda d: (d["kind"], d["metadata"]["name"]))
    direct = sorted(
        (dict(m.body) for m in manifests(profile)), key=lambda d: (d["kind"], d["metadata"]["name"])
    )
    assert in_files == direct


def test_objects_come_in_the_order_in_which_they_are_needed() -> None:
    kinds = [m.kind for m in manifests(profile_of(secrets={"store": "create"}))]
    needed = ["Namespace", "ClusterSecretStore", "ServiceAccount", "Role", "RoleBinding"]
    needed += ["ConfigMap", "ExternalSecret", "Deployment", "PodDisruptionBudget"]
    assert list(dict.fromkeys(kinds)) == needed


def test_a_default_that_only_later_operators_add_is_no_difference_to_argo_cd() -> None:
    profile = packaged("homelab", "argocd")
    (text,) = (
        file.content
        for file in files(profile)
        if file.path == "argocd-apps/gitlab-runner-homelab.yaml"
    )
    (ignored,) = yaml.safe_load(text)["spec"]["ignoreDifferences"]
    assert ignored["kind"] == "ExternalSecret"
    assert ignored["jqPathExpressions"] == [".spec.data[].remoteRef.nullBytePolicy"]


def test_each_runner_is_a_release_of_its_own() -> None:
    profile = profile_of(runners=TWO)
    paths = [file.path for file in files(profile)]
    for name in ("one", "two"):
        assert f"argocd-apps/gitlab-runner-{name}.yaml" in paths
        assert f"manifests/gitlab-runner-{name}/external-secret.yaml" in paths
        assert f"pipelines/{name}.gitlab-ci.yml" in paths


@pytest.mark.parametrize("builds", ["none", "kaniko"])
def test_the_example_pipeline_is_yaml_with_the_runners_tags(builds: str) -> None:
    tags = ["with space", 'quote"d', "ünïcode", "#hash", "@IMAGE@"]
    profile = profile_of(runner={"tags": tags, "builds": builds})
    pipeline = yaml.safe_load(file_of(profile, "homelab.gitlab-ci.yml"))
    assert pipeline["default"]["tags"] == tags
    assert pipeline["default"]["image"] == "alpine:3.22"
    assert "@" not in str(pipeline["default"]["image"])
