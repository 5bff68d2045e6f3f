"""The CI/CD component: GitLab's schema accepts it, and its scripts do what they say."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.world import World
from tests.wizard_process import ROOT

COMPONENT = ROOT / "templates" / "runner-wizard.yml"
ROTATION = ROOT / "assets" / "pipelines" / "scheduled-rotation.gitlab-ci.yml"


def included(**inputs: str) -> dict[str, Any]:
    """The component's jobs, as GitLab makes them from its inputs."""
    head, jobs = COMPONENT.read_text().split("\n---\n")
    asked = yaml.safe_load(head)["spec"]["inputs"]
    values = {name: told.get("default", "") for name, told in asked.items()} | inputs

    def value(match: re.Match[str]) -> str:
        given = values[match[1]]
        return given if isinstance(given, str) else json.dumps(given)

    made: dict[str, Any] = yaml.safe_load(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", value, jobs))
    return made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def run(world: World, job: str) -> subprocess.CompletedProcess[str]:
    """A job of the component."""
    jobs = included(profile=world.profile.name, rotate_after="30d")
    lines = [*jobs[".runner-wizard"]["before_script"], *jobs[job]["script"]]
    return in_shell(world, lines)


def in_shell(world: World, lines: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """A job's own script, in the shell that the runner gives it."""
    (world.folder / "bin").mkdir(exist_ok=True)
    program = world.folder / "bin" / "runner-wizard"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m wizard "$@"\n')
    program.chmod(0o755)
    environment = {**world.environment, "CI_SERVER_URL": world.gitlab.url, **variables}
    del environment["GITLAB_HOST"]
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=world.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_gitlabs_schema_accepts_the_component_and_our_own_pipeline(tmp_path: Path) -> None:
    made = tmp_path / "included.yml"
    made.write_text(yaml.safe_dump(included(tags="[a]")))
    schema = ["--builtin-schema", "vendor.gitlab-ci"]
    files = [made, ROTATION, ROOT / ".gitlab-ci.yml"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_plan_is_left_for_the_merge_request_and_apply_carries_it_out(world: World) -> None:
    planned = run(world, "runner-wizard:plan")
    assert planned.returncode == 0, planned.stderr
    comment = (world.folder / "plan.md").read_text()
    assert comment.startswith("### Runner Wizard: plan for `direct.yaml`\n\n**")
    assert "- + create `runner direct`" in comment
    applied = run(world, "runner-wizard:apply")
    assert applied.returncode == 0, applied.stderr
    assert world.live_tokens == [world.secret_token]
    assert run(world, "runner-wizard:watch").returncode == 0


def test_a_plan_that_apply_would_refuse_fails_the_job_and_is_still_left(world: World) -> None:
    world.token = world.gitlab.add_token("read_api")
    planned = run(world, "runner-wizard:plan")
    assert planned.returncode == 3
    assert "Apply would refuse this" in (world.folder / "plan.md").read_text()


def test_a_schedule_replaces_only_tokens_that_have_become_old(world: World) -> None:
    assert world.apply().code == 0
    token = world.secret_token
    nightly = yaml.safe_load(ROTATION.read_text())["rotate-runner-tokens"]
    lines = [*nightly["before_script"], *nightly["script"]]
    for days, is_new in ((1, False), (31, True)):
        world.gitlab.advance(days * 24 * 3600)
        done = in_shell(world, lines, PROFILE=world.profile.name)
        assert done.returncode == 0, done.stderr
        assert (world.secret_token != token) is is_new
    again = run(world, "runner-wizard:rotate")
    assert again.returncode == 0, again.stderr
    assert "No token is due." in again.stdout
    assert world.live_tokens == [world.secret_token]
