from __future__ import annotations

from typing import Any

import pytest

from tests.render.profiles import profile_of, runner_version, wanted
from wizard.render.runner.rbac import GRANTS
from wizard.render.tables.catalogue import runner_versions


def _verbs(profile: Any) -> dict[str, list[str]]:
    return {rule["resources"][0]: rule["verbs"] for rule in wanted(profile, "Role")["rules"]}


@pytest.mark.parametrize("version", runner_versions())
def test_no_manager_gets_a_wildcard_or_other_peoples_secrets(version: str) -> None:
    verbs = _verbs(runner_version(version))
    assert not any("*" in resource or "*" in granted for resource, granted in verbs.items())
    assert verbs["secrets"] == ["create", "delete", "get", "update"]
    assert "configmaps" not in verbs


def test_the_role_is_where_the_jobs_run_and_given_to_the_manager() -> None:
    profile = profile_of()
    role, binding = wanted(profile, "Role"), wanted(profile, "RoleBinding")
    assert role["metadata"]["namespace"] == "gitlab-runner-jobs"
    assert binding["metadata"]["namespace"] == "gitlab-runner-jobs"
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "gitlab-runner-homelab", "namespace": "gitlab-runner"}
    ]


def test_rights_follow_the_features_in_use() -> None:
    assert "poddisruptionbudgets" in _verbs(runner_version("18.11.0"))
    assert "poddisruptionbudgets" not in _verbs(runner_version("18.9.0"))
    assert _verbs(profile_of())["events"] == ["list"]
    quiet = {"extra_config": {"kubernetes": {"print_pod_warning_events": False}}}
    assert "events" not in _verbs(profile_of(runner=quiet))
    loud = {"extra_config": {"feature_flags": {"FF_PRINT_POD_EVENTS": True}}}
    assert _verbs(profile_of(runner=loud))["events"] == ["list", "watch"]


def test_every_grant_says_why() -> None:
    assert all(grant.why and grant.verbs and "*" not in grant.verbs for grant in GRANTS)


def test_each_runner_has_rights_of_its_own() -> None:
    two = [
        {"name": "one", "scope": {"project": "acme/one"}},
        {"name": "two", "scope": {"project": "acme/two"}},
    ]
    profile = profile_of(runners=two)
    assert wanted(profile, "Role", "gitlab-runner-one")
    assert wanted(profile, "RoleBinding", "gitlab-runner-two")["subjects"][0]["name"] == (
        "gitlab-runner-two"
    )
