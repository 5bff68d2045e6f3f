"""What is said to work offline opens no connection: an audit hook ends a process that tries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.render.profiles import PACKAGINGS, PRESETS, packaged
from wizard.core.shipped import profiles

ROOT = Path(__file__).resolve().parents[2]
_WATCHED = """
import sys
NETWORK = {"socket." + what for what in (
    "connect", "getaddrinfo", "gethostbyname", "gethostbyaddr", "sendto", "sendmsg", "bind"
)}
# Another program could open one where nobody watches.
ELSEWHERE = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"}
def _watch(event, _args):
    if event in NETWORK or event in ELSEWHERE:
        sys.stderr.write("NETWORK: " + event + chr(10))
        sys.stderr.flush()
        import os
        os._exit(99)
sys.addaudithook(_watch)
"""
_CLI = "from wizard.cli import main; sys.argv[0] = 'runner-wizard'; main()"


def _run(folder: Path, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _WATCHED + code, *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _works(folder: Path, *words: str) -> None:
    done = _run(folder, _CLI, *words)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_is_asked_of_the_network(preset: str, tmp_path: Path) -> None:
    name = f"{preset}.yaml"
    _works(tmp_path, "init", "--preset", preset, "-o", name)
    for words in (("check",), ("images",), ("images", "--script"), ("render", "-o", "out")):
        _works(tmp_path, *words, name)
    assert list((tmp_path / "out").rglob("*.yaml"))


@pytest.mark.parametrize("packaging", PACKAGINGS)
def test_no_packaging_asks_the_network_for_a_chart(packaging: str, tmp_path: Path) -> None:
    delivery = packaged("airgapped", packaging).delivery.model_dump(by_alias=True, mode="json")
    profile = yaml.safe_load((profiles() / "airgapped.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(profile | {"delivery": delivery})
    (tmp_path / "profile.yaml").write_text(text, encoding="utf-8")
    _works(tmp_path, "render", "profile.yaml", "-o", "out")
    assert list((tmp_path / "out").rglob("*.yaml"))


def test_neither_a_schema_nor_an_import_asks_the_network(tmp_path: Path) -> None:
    _works(tmp_path, "schema")
    values = "gitlabUrl: https://gitlab.example.com\nrunners: {}\n"
    (tmp_path / "values.yaml").write_text(values, encoding="utf-8")
    _works(tmp_path, "init", "--from", "values.yaml", "-o", "made.yaml")


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import subprocess; subprocess.run(['true'])",
    ],
)
def test_the_watch_would_see_it(code: str, tmp_path: Path) -> None:
    assert "NETWORK" in _run(tmp_path, code).stderr
