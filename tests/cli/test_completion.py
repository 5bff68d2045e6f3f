"""Completion, asked as the shells themselves ask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def offered(folder: Path, *words: str) -> list[str]:
    """What bash would be offered for the last of these words."""
    environment = os.environ | {
        "_RUNNER_WIZARD_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("runner-wizard", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "wizard"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_are_offered(tmp_path: Path) -> None:
    assert {"plain,apply", "plain,plan", "plain,destroy"} <= set(offered(tmp_path, ""))
    assert offered(tmp_path, "rend") == ["plain,render"]


def test_options_of_a_command_are_offered(tmp_path: Path) -> None:
    assert "plain,--detailed-exitcode" in offered(tmp_path, "plan", "--")


def test_presets_are_offered(tmp_path: Path) -> None:
    assert offered(tmp_path, "init", "--preset", "home") == ["plain,homelab"]


def test_a_profile_may_come_first(tmp_path: Path) -> None:
    assert offered(tmp_path, "homel") == ["file,homel"]
    assert offered(tmp_path, "check", "homel") == ["file,homel"]


_ASK = {
    "bash": (
        'source "$SCRIPT"; COMP_WORDS=(runner-wizard des); COMP_CWORD=1; '
        '_runner_wizard_completion runner-wizard; echo "${COMPREPLY[@]}"'
    ),
    "fish": 'source $SCRIPT; complete -C "runner-wizard des"',
    # Zsh completes only in an interactive shell, so one is started in a terminal of its own.
    "zsh": (
        "zmodload zsh/zpty; zpty inner zsh -f -i; "
        "zpty -w inner 'autoload -Uz compinit; compinit -u -D; source $SCRIPT; print re''ady'; "
        "zpty -r -m inner text '*ready*'; "
        "zpty -w -n inner $'runner-wizard des\t'; zpty -r -m inner text '*destroy*'; print $text"
    ),
}


@pytest.mark.parametrize("shell", _ASK)
def test_the_script_works_in_a_real_shell(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    command = tmp_path / "runner-wizard"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m wizard "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "SCRIPT": str(tmp_path / "script"),
        "HOME": str(tmp_path),
    }
    script = subprocess.run(
        [command, "completion", shell], env=environment, capture_output=True, text=True, check=True
    )
    (tmp_path / "script").write_text(script.stdout)
    done = subprocess.run(
        [shell, "-c", _ASK[shell]],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "destroy" in done.stdout, done.stderr
