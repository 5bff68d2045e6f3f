"""What a real GitLab Runner says to every config.toml that is rendered.

`GITLAB_RUNNER` names one of 19.3 or later, whose `lint` knows every key and refuses all others.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from tests.render.profiles import (
    EVERY_JOB_SETTING,
    PRESETS,
    behind_a_proxy,
    building,
    packaged,
    profile_of,
)
from wizard.profile.strategies import Strategy
from wizard.render import config_toml

_EVERYTHING = list(itertools.product(PRESETS, get_args(Strategy)))
_MIRROR = {"images": {"registry": "mirror.example.com"}}


def _lint(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    runner = os.environ.get("GITLAB_RUNNER")
    if not runner:
        pytest.skip("GITLAB_RUNNER does not name a gitlab-runner 19.3 or later")
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [runner, "lint", "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("preset", "builds"), _EVERYTHING)
def test_the_runner_itself_finds_no_fault_with_the_configuration(
    preset: str, builds: Strategy, tmp_path: Path
) -> None:
    plain = building(packaged(preset, "manifests"), builds)
    for profile in (plain, behind_a_proxy(plain)):
        for runner in profile.runners:
            done = _lint(config_toml(profile, runner), tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr


def test_nor_with_all_that_a_job_can_be_given(tmp_path: Path) -> None:
    extra = {
        "kubernetes": {
            "services": [{"name": "redis:8"}],
            "autoscaler": {"max_pause_pods": 1, "pause_pod_priority_class_name": "idle"},
        }
    }
    runner = {
        "jobs": EVERY_JOB_SETTING,
        "builds": {"strategy": "dind", "mtu": 1400},
        "extra_config": extra,
    }
    profile = behind_a_proxy(profile_of("direct", runner=runner, **_MIRROR))
    done = _lint(config_toml(profile, profile.runners[0]), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_would_find_one(tmp_path: Path) -> None:
    profile = packaged("direct", "manifests")
    text = config_toml(profile, profile.runners[0]).replace("poll_timeout", "pol_timeout")
    done = _lint(text, tmp_path)
    assert done.returncode == 1
    assert "runners.kubernetes.pol_timeout" in done.stdout + done.stderr
