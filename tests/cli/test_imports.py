"""Start-up is a feature: what a command does not need, it does not load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("textual", "gitlab", "kubernetes", "hvac", "boto3", "keyring", "requests", "ruamel")
OFFLINE = {
    "--version": "['--version']",
    "--help": "['--help']",
    "check": "['check', 'profiles/homelab.yaml']",
    "render": "['render', 'profiles/homelab.yaml', '--diff']",
    "images": "['images', 'profiles/homelab.yaml']",
    "schema": "['schema']",
    "init": "['init', '--preset', 'direct', '-o', 'NEW']",
}


def loaded_by(arguments: str, folder: Path) -> set[str]:
    """The heavy modules that a command has loaded when it ends."""
    arguments = arguments.replace("NEW", str(folder / "new.yaml"))
    program = (
        "import sys\n"
        f"sys.argv[1:] = {arguments}\n"
        "from wizard.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', *[m for m in {HEAVY} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.rpartition("LOADED")[2].split())


@pytest.mark.parametrize("command", OFFLINE)
def test_an_offline_command_loads_no_sdk_and_no_textual(command: str, tmp_path: Path) -> None:
    assert loaded_by(OFFLINE[command], tmp_path) == set()


@pytest.mark.parametrize("name", ["plan", "apply", "destroy", "login", "logout"])
def test_the_help_of_a_live_command_loads_no_sdk_and_no_textual(name: str, tmp_path: Path) -> None:
    assert loaded_by(f"['{name}', '--help']", tmp_path) == set()
