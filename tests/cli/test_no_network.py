"""What is said to work offline opens no connection: an audit hook ends a process that tries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_WATCHED = """
import sys
def _watch(event, _args):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"}:
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


@pytest.mark.parametrize("preset", ["airgapped", "homelab", "team"])
def test_nothing_is_asked_of_the_network(preset: str, tmp_path: Path) -> None:
    name = f"{preset}.yaml"
    for words in (
        ("init", "--preset", preset, "-o", name),
        ("check", name),
        ("images", name),
        ("images", "--script", name),
        ("render", name, "-o", "out"),
        ("schema",),
    ):
        done = _run(tmp_path, _CLI, *words)
        assert done.returncode == 0, done.stderr
    assert list((tmp_path / "out").rglob("*.yaml"))


def test_the_watch_would_see_a_connection(tmp_path: Path) -> None:
    code = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"
    assert "NETWORK" in _run(tmp_path, code).stderr
