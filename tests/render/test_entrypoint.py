"""The manager's entrypoint, run for real with bash, with a stub in place of the runner."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.render.profiles import profile_of, wanted
from wizard.profile.model import Profile
from wizard.render import config

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="there is no bash here")
# What the runner would see of the token: its arguments, its environment, and every process around.
_STUB = """#!/bin/sh
{ echo "$@"; env; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; } > "$SEEN"
"""


@dataclass
class Start:
    """One start of the manager."""

    folder: Path
    code: int
    said: str

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def seen(self) -> str:
        return (self.folder / "seen").read_text()


def _start(folder: Path, secret: bytes | None, profile: Profile | None = None) -> Start:
    data = wanted(profile or profile_of("direct"), "ConfigMap")["data"]
    stub = folder / "runner"
    stub.write_text(_STUB)
    stub.chmod(0o755)
    script = folder / "entrypoint"
    script.write_text(data["entrypoint"].replace("exec /entrypoint", f"exec {stub}"))
    (folder / "config.template.toml").write_text(data["config.template.toml"])
    if secret is not None:
        (folder / "runner-token").write_bytes(secret)
    done = subprocess.run(
        [str(BASH), str(script)],
        env={
            "PATH": os.environ["PATH"],
            "RUNNER_TOKEN_FILE": str(folder / "runner-token"),
            "RUNNER_CONFIG_TEMPLATE": str(folder / "config.template.toml"),
            "RUNNER_CONFIG": str(folder / "config.toml"),
            "SEEN": str(folder / "seen"),
        },
        capture_output=True,
        text=True,
        timeout=20,
    )
    return Start(folder, done.returncode, done.stdout + done.stderr)


def _token() -> str:
    return "glrt-" + secrets.token_hex(10)


def test_the_manager_starts_with_the_token_in_its_configuration(tmp_path: Path) -> None:
    token, profile = _token(), profile_of("direct")
    start = _start(tmp_path, token.encode())
    assert start.code == 0, start.said
    wished = config(profile, profile.runners[0])
    wished["runners"][0]["token"] = token
    assert tomllib.loads(start.config.read_text()) == wished
    assert "run --config" in start.seen
    assert "--working-directory /home/gitlab-runner" in start.seen


def test_nobody_else_can_read_the_configuration(tmp_path: Path) -> None:
    start = _start(tmp_path, _token().encode())
    assert stat.S_IMODE(start.config.stat().st_mode) == 0o600


def test_the_token_is_in_no_argument_no_variable_and_no_output(tmp_path: Path) -> None:
    token = _token()
    start = _start(tmp_path, token.encode())
    assert "PATH=" in start.seen
    assert token not in start.seen
    assert token not in start.said


def test_a_token_of_an_instance_with_a_prefix_of_its_own_starts(tmp_path: Path) -> None:
    token = f"acme_1-{_token()}.01.0abc"
    start = _start(tmp_path, token.encode())
    assert tomllib.loads(start.config.read_text())["runners"][0]["token"] == token


def test_a_line_end_after_the_token_does_no_harm(tmp_path: Path) -> None:
    token = _token()
    start = _start(tmp_path, f"{token}\n".encode())
    assert start.code == 0
    assert tomllib.loads(start.config.read_text())["runners"][0]["token"] == token


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        (None, "has no key runner-token"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"   ", "holds spaces"),
        (b"glrt-one two", "holds spaces"),
        (b"glrt-one\nglrt-two", "line ends"),
        (b" glrt-one", "holds spaces"),
        (b'glrt-"]\nurl="https://evil.example', "other characters"),
        (b"glrt-$(id)&/", "other characters"),
    ],
)
def test_what_is_no_token_stops_the_manager_with_the_reason(
    tmp_path: Path, secret: bytes | None, why: str
) -> None:
    start = _start(tmp_path, secret)
    assert start.code == 1
    assert why in start.said
    assert "glrt-" not in start.said
    assert not start.config.exists()
    assert not (tmp_path / "seen").exists()


def test_the_script_is_clean_for_shellcheck(tmp_path: Path) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    script = tmp_path / "entrypoint.sh"
    script.write_text(wanted(profile_of("direct"), "ConfigMap")["data"]["entrypoint"])
    done = subprocess.run(["shellcheck", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_only_the_runners_own_line_is_given_the_token(tmp_path: Path) -> None:
    """What jobs are given (variables, labels, scripts) is what the profile says, to the letter."""
    token, placeholder = _token(), "@RUNNER_TOKEN@"
    profile = profile_of(
        "direct",
        runner={
            "extra_config": {
                "environment": [f"LEAK={placeholder}", f'\ntoken = "{placeholder}"'],
                "pre_build_script": f'[[runners]]\ntoken = "{placeholder}"\n',
                "kubernetes": {"pod_labels": {"token": placeholder}},
            }
        },
    )
    start = _start(tmp_path, token.encode(), profile)
    assert start.code == 0, start.said
    assert start.config.read_text().count(token) == 1
    wished = config(profile, profile.runners[0])
    wished["runners"][0]["token"] = token
    assert tomllib.loads(start.config.read_text()) == wished
