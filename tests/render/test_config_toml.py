from __future__ import annotations

import tomllib
from typing import Any, get_args

import pytest

from tests.render.profiles import (
    EVERY_JOB_SETTING,
    PRESETS,
    behind_a_proxy,
    profile_of,
    runner_version,
)
from wizard.profile.strategies import Strategy
from wizard.render import config, config_toml
from wizard.render.tables.catalogue import runner_keys, runner_versions

BUILDS = get_args(Strategy)
_MIRROR = {"images": {"registry": "mirror.example.com"}}


def _kubernetes(**runner: Any) -> dict[str, Any]:
    profile = profile_of(runner=runner)
    return dict(config(profile, profile.runners[0])["runners"][0]["kubernetes"])


@pytest.mark.parametrize(("jobs_at_once", "requests"), [(1, 2), (2, 2), (3, 3), (4, 4), (100, 4)])
def test_how_many_at_once_is_asked_once(jobs_at_once: int, requests: int) -> None:
    profile = profile_of(runner={"jobs": {"concurrent": jobs_at_once}})
    written = config(profile, profile.runners[0])
    assert written["concurrent"] == jobs_at_once
    assert written["runners"][0]["limit"] == jobs_at_once
    assert written["runners"][0]["request_concurrency"] == requests


@pytest.mark.parametrize("builds", BUILDS)
@pytest.mark.parametrize("version", runner_versions())
def test_no_key_is_written_that_the_pinned_runner_does_not_know(version: str, builds: str) -> None:
    everything = {
        "builds": {"strategy": builds, "mtu": 1400} if builds == "dind" else builds,
        "jobs": EVERY_JOB_SETTING,
    }
    profile = behind_a_proxy(runner_version(version, runner=everything, **_MIRROR))
    assert not list(runner_keys(version).complaints(config(profile, profile.runners[0])))


def test_the_file_reads_back_as_the_data_it_was_made_of() -> None:
    for preset in PRESETS:
        profile = profile_of(preset)
        written = config(profile, profile.runners[0])
        assert tomllib.loads(config_toml(profile, profile.runners[0])) == written


def test_values_of_a_table_stand_before_the_tables_in_it() -> None:
    # A value after a sub-table would belong to that one, and be lost.
    text = config_toml(profile_of("direct"), profile_of("direct").runners[0])
    table = text.index("[runners.kubernetes]")
    below = text.index("[runners.kubernetes.pod_security_context]")
    assert table < text.index("cpu_limit") < below


def test_only_the_pull_policy_of_the_profile_is_allowed() -> None:
    profile = profile_of(images={"pull_policy": "always"})
    kubernetes = config(profile, profile.runners[0])["runners"][0]["kubernetes"]
    assert kubernetes["pull_policy"] == kubernetes["allowed_pull_policies"] == ["always"]


def test_every_container_of_a_job_has_requests_and_limits() -> None:
    kubernetes = _kubernetes()
    for prefix in ("", "helper_", "service_"):
        for resource in ("cpu", "memory"):
            assert kubernetes[f"{prefix}{resource}_request"]
            assert kubernetes[f"{prefix}{resource}_limit"]


def test_a_ceiling_lets_jobs_raise_their_limit_so_far() -> None:
    kubernetes = _kubernetes(jobs={"memory": {"limit": "1Gi", "ceiling": "4Gi"}})
    assert kubernetes["memory_limit_overwrite_max_allowed"] == "4Gi"
    assert "cpu_limit_overwrite_max_allowed" not in kubernetes


def test_jobs_that_build_nothing_are_made_to_fit_restricted() -> None:
    kubernetes = _kubernetes(builds="none")
    assert kubernetes["privileged"] is False
    assert kubernetes["allow_privilege_escalation"] is False
    assert kubernetes["cap_drop"] == ["ALL"]
    assert kubernetes["pod_security_context"] == {
        "run_as_non_root": True,
        "run_as_user": 1000,
        "run_as_group": 1000,
        "fs_group": 1000,
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def test_a_user_that_no_image_knows_has_a_home_it_can_write_to() -> None:
    restricted, baseline = profile_of("direct"), profile_of("homelab")
    assert config(restricted, restricted.runners[0])["runners"][0]["environment"] == ["HOME=/tmp"]
    assert "environment" not in config(baseline, baseline.runners[0])["runners"][0]


def test_kaniko_stays_root_with_its_capabilities() -> None:
    kubernetes = _kubernetes(builds="kaniko")
    assert "cap_drop" not in kubernetes
    assert kubernetes["pod_security_context"] == {"seccomp_profile": {"type": "RuntimeDefault"}}


def test_tolerations_become_the_map_that_the_runner_reads() -> None:
    tolerations = [
        {"key": "ci", "value": "only", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists"},
        {"key": "arch", "value": "arm", "effect": "NoSchedule"},
        {"key": "arch", "value": "arm", "effect": "NoExecute"},
    ]
    assert _kubernetes(jobs={"tolerations": tolerations})["node_tolerations"] == {
        "ci=only": "NoSchedule",
        "spot": "",
        "arch=arm": "",
    }


def test_the_helper_of_another_architecture_is_chosen_by_the_node_selector() -> None:
    profile = profile_of(cluster={"architectures": ["arm64"]})
    kubernetes = config(profile, profile.runners[0])["runners"][0]["kubernetes"]
    linux = {"kubernetes.io/os": "linux"}
    assert kubernetes["node_selector"] == {**linux, "kubernetes.io/arch": "arm64"}
    assert _kubernetes()["node_selector"] == linux


def test_extra_config_wins_key_by_key() -> None:
    extra = {"output_limit": 8192, "kubernetes": {"poll_timeout": 900, "dns_policy": "default"}}
    profile = profile_of(runner={"extra_config": extra})
    table = config(profile, profile.runners[0])["runners"][0]
    assert table["output_limit"] == 8192
    assert table["kubernetes"]["poll_timeout"] == 900
    assert table["kubernetes"]["namespace"] == "gitlab-runner-jobs"


def test_a_runner_does_not_rotate_its_token_behind_our_back() -> None:
    for version in runner_versions():
        profile = runner_version(version)
        flags = config(profile, profile.runners[0])["runners"][0]["feature_flags"]
        assert flags == {"FF_DISABLE_AUTOMATIC_TOKEN_ROTATION": True}
