"""What registering makes of the chart's template: the runner's own merge, not our reading of it.

The chart never shows the runner our config.toml. It copies one with the manager's keys and runs
`register` with the rest as a template; what comes of it must be what the plain manifests hold.
`GITLAB_RUNNER` names a gitlab-runner; GitLab is the fake.
"""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import tomli_w

from tests.fakes.gitlab import FakeGitLab
from tests.render.profiles import EVERY_JOB_SETTING, behind_a_proxy, profile_of
from wizard.profile.model import Profile
from wizard.profile.strategies import Strategy
from wizard.render import config
from wizard.render.runner.chart_values import values

_OF_REGISTERING = {"id", "token", "token_obtained_at", "token_expires_at"}
_EVERYTHING = {
    "jobs": EVERY_JOB_SETTING,
    "builds": {"strategy": "dind", "mtu": 1400},
    "extra_config": {
        "output_limit": 8192,
        "clean_git_config": False,
        "feature_flags": {"FF_TIMESTAMPS": False, "FF_USE_FASTZIP": False},
        "pre_build_script": "echo \"{{ .Release.Name }} ${HOME}\" 'it' \\ end\n",
        "kubernetes": {"services": [{"name": "redis:8"}], "print_pod_warning_events": False},
    },
}


@pytest.fixture
def gitlab() -> Iterator[FakeGitLab]:
    with FakeGitLab() as fake:
        fake.add_project("acme/homelab")
        yield fake


def _registered(profile: Profile, gitlab: FakeGitLab, home: Path) -> dict[str, Any]:
    """The config.toml that the manager runs with, made as the chart's scripts make it."""
    runner = os.environ.get("GITLAB_RUNNER")
    if not runner:
        pytest.skip("GITLAB_RUNNER does not name a gitlab-runner")
    whole = config(profile, profile.runners[0])
    own = {key: value for key, value in whole.items() if key != "runners"}
    (home / "config.toml").write_text(tomli_w.dumps(own), encoding="utf-8")
    template = values(profile, profile.runners[0])["runners"]["config"]
    text = template.replace('{{ "{{" }}', "{{")  # as Helm's `tpl` does
    (home / "template.toml").write_text(text, encoding="utf-8")
    command = [runner, "register", f"--name={profile.runners[0].name}", "--non-interactive"]
    command += ["--template-config", str(home / "template.toml")]
    done = subprocess.run(
        [*command, "--config", str(home / "config.toml")],
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "CI_SERVER_URL": profile.gitlab.url,
            "CI_SERVER_TOKEN": _token(gitlab),
            "RUNNER_EXECUTOR": "kubernetes",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tomllib.loads((home / "config.toml").read_text(encoding="utf-8"))


def _token(gitlab: FakeGitLab) -> str:
    project = next(iter(gitlab.state.projects))
    body = {"runner_type": "project_type", "project_id": project}
    request = urllib.request.Request(
        f"{gitlab.url}/api/v4/user/runners",
        json.dumps(body).encode(),
        {
            "PRIVATE-TOKEN": gitlab.add_token("api").get_secret_value(),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["token"])


def _unlike(ours: Any, made: Any, path: str = "") -> Iterator[str]:
    """Where what was made lacks something of ours, or adds something that is not empty."""
    if isinstance(ours, Mapping) and isinstance(made, Mapping):
        for key in {*ours, *made} - _OF_REGISTERING:
            if key in ours:
                yield from _unlike(ours[key], made.get(key), f"{path}.{key}")
            elif _says_something(made[key]):
                yield f"{path}.{key} is {made[key]!r}, and nobody wrote it"
    elif _are_tables(ours) and _are_tables(made) and len(ours) == len(made):
        for index, (one, other) in enumerate(zip(ours, made, strict=True)):
            yield from _unlike(one, other, f"{path}[{index}]")
    elif ours != made:
        yield f"{path} is {made!r}, not {ours!r}"


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def _says_something(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_says_something, value.values()))
    return bool(value)


def _check(profile: Profile, gitlab: FakeGitLab, home: Path) -> None:
    ours, made = config(profile, profile.runners[0]), _registered(profile, gitlab, home)
    assert len(made["runners"]) == 1
    assert list(_unlike(ours["runners"][0], made["runners"][0])) == []
    assert [key for key in ours if key != "runners" and ours[key] != made.get(key)] == []


@pytest.mark.parametrize("builds", get_args(Strategy))
def test_the_chart_runs_the_configuration_that_our_manifests_hold(
    builds: str, gitlab: FakeGitLab, tmp_path: Path
) -> None:
    _check(profile_of(gitlab={"url": gitlab.url}, runner={"builds": builds}), gitlab, tmp_path)


def test_so_it_does_with_all_that_can_be_said(gitlab: FakeGitLab, tmp_path: Path) -> None:
    profile = profile_of(gitlab={"url": gitlab.url}, runner=_EVERYTHING)
    _check(profile, gitlab, tmp_path)


def test_and_behind_a_proxy(gitlab: FakeGitLab, tmp_path: Path) -> None:
    profile = behind_a_proxy(profile_of(gitlab={"url": gitlab.url}))
    trusting = profile.gitlab.trusting("")  # the file would be looked for on this machine
    _check(profile.model_copy(update={"gitlab": trusting}), gitlab, tmp_path)
