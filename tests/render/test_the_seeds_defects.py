"""What a careful person's hand-made set-up had wrong, and the homelab preset must not have.

The set-up is a well-known post on pod-per-job runners with Argo CD, External Secrets and Kaniko.
"""

from __future__ import annotations

import tomllib
from typing import Any

import yaml

from tests.render.profiles import documents, file_of, profile_of
from wizard.render import config, files
from wizard.render.tables.catalogue import chart_keys, version_key
from wizard.render.tables.versions import Evidence, chart_of


def _application() -> dict[str, Any]:
    text = file_of(profile_of(), "argocd-apps/gitlab-runner-homelab.yaml")
    return dict(yaml.safe_load(text))


def _values() -> dict[str, Any]:
    return dict(_application()["spec"]["sources"][0]["helm"]["valuesObject"])


def _kubernetes() -> dict[str, Any]:
    template = tomllib.loads(_values()["runners"]["config"])
    return dict(template["runners"][0]["kubernetes"])


def test_s1_the_chart_is_one_of_today_and_fits_its_runner() -> None:
    profile = profile_of()
    chart = chart_of(profile.manager.runner_version)
    assert chart is not None
    assert chart.evidence in set(Evidence)
    assert version_key(chart.version) > version_key("0.90.0")
    assert _application()["spec"]["sources"][0]["targetRevision"] == chart.version


def test_s2_no_value_is_written_that_the_chart_does_not_know() -> None:
    values = _values()
    assert not list(chart_keys("0.92.1").complaints(values))
    assert "secretPath" not in values["runners"]


def test_s3_there_is_no_init_container_to_be_ignored_or_to_break() -> None:
    assert "initContainers" not in _values()


def test_s4_the_managers_user_is_the_one_of_its_image() -> None:
    values = _values()
    assert values["image"]["tag"].startswith("alpine-")
    assert values["podSecurityContext"]["runAsUser"] == 100
    assert values["podSecurityContext"]["fsGroup"] == 65533


def test_s5_the_helper_image_is_left_to_the_runner() -> None:
    assert "helper_image" not in _kubernetes()
    assert "latest" not in file_of(profile_of(), "gitlab-runner-homelab.yaml")


def test_s6_the_role_has_what_jobs_need_and_nothing_else() -> None:
    verbs = {rule["resources"][0]: rule["verbs"] for rule in _values()["rbac"]["rules"]}
    assert verbs["pods/exec"] == ["create", "delete", "get", "patch"]
    assert verbs["pods/attach"] == ["create", "delete", "get", "patch"]
    assert verbs["pods/log"] == ["get", "list"]
    assert verbs["events"] == ["list"]
    assert verbs["services"] == ["create", "get"]
    assert "list" not in verbs["secrets"]
    assert "configmaps" not in verbs
    assert "*" not in str(verbs)


def test_s7_jobs_have_an_account_of_their_own_without_a_token_in_a_namespace_of_their_own() -> None:
    kubernetes, values = _kubernetes(), _values()
    account = next(
        document
        for document in documents(profile_of())
        if document["kind"] == "ServiceAccount"
        and document["metadata"]["name"] == kubernetes["service_account"]
    )
    assert kubernetes["service_account"] != values["serviceAccount"]["name"]
    assert account["automountServiceAccountToken"] is False
    assert kubernetes["automount_service_account_token"] is False
    assert kubernetes["namespace"] == values["runners"]["jobNamespace"] == "gitlab-runner-jobs"


def test_s8_a_rotated_token_can_restart_the_manager_through_git() -> None:
    before = profile_of()
    after = profile_of(runner={"token_revision": 1})
    changed = {
        file.path
        for file, old in zip(files(after), files(before), strict=True)
        if file.content != old.content
    }
    assert changed == {"argocd-apps/gitlab-runner-homelab.yaml"}
    values = yaml.safe_load(file_of(after, "gitlab-runner-homelab.yaml"))["spec"]["sources"][0]
    annotations = values["helm"]["valuesObject"]["podAnnotations"]
    assert annotations == {"runner-wizard/token-revision": "1"}


def test_s9_kaniko_is_the_maintained_fork_with_a_shell() -> None:
    pipeline = file_of(profile_of(), "pipelines/homelab.gitlab-ci.yml")
    image = yaml.safe_load(pipeline)["build-image"]["image"]["name"]
    assert image.startswith("ghcr.io/osscontainertools/kaniko:v")
    assert image.endswith("-debug")
    assert "archived" in pipeline


def test_s11_no_volume_is_made_for_docker_that_nobody_uses() -> None:
    assert "volumes" not in _kubernetes()


def test_s13_the_external_secret_spells_every_default_of_the_server() -> None:
    secret = next(d for d in documents(profile_of()) if d["kind"] == "ExternalSecret")
    spec, target = secret["spec"], secret["spec"]["target"]
    assert secret["apiVersion"] == "external-secrets.io/v1"
    assert (spec["refreshPolicy"], spec["refreshInterval"]) == ("Periodic", "15m0s")
    assert (target["creationPolicy"], target["deletionPolicy"]) == ("Owner", "Retain")
    assert target["template"]["engineVersion"] == "v2"
    assert target["template"]["mergePolicy"] == "Replace"
    assert spec["data"][0]["remoteRef"] == {
        "key": "/gitlab/runners/homelab/RUNNER_TOKEN",
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    }


def test_no_token_stands_in_any_file() -> None:
    for file in files(profile_of()):
        assert "glrt-" not in file.content
    assert config(profile_of(), profile_of().runners[0])["runners"][0]["token"] == "@RUNNER_TOKEN@"
