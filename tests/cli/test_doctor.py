"""`doctor --log`: offline, on what somebody pastes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LOG = """\
Running with gitlab-runner 19.3.1 (535ced5f)
ERROR: Job failed (system failure): prepare environment: setting up build pod: pods "runner-x" is \
forbidden: exceeded quota: jobs, requested: limits.memory=2432Mi, used: limits.memory=7Gi
"""


def doctor(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wizard", "doctor", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )


def test_a_pasted_log_is_explained_with_line_cause_fix_and_source() -> None:
    done = doctor("--log", "-", given=LOG)
    assert done.returncode == 1
    told = done.stdout
    assert "The namespace's quota or limits do not let the job's pod in (certain)." in told
    assert "seen: standard input, line 2: ERROR: Job failed" in told
    assert "fix: Lower jobs.concurrent" in told
    assert "more: https://" in told


def test_nothing_known_says_what_was_looked_at_and_shows_the_line(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("make\nERROR: the flux capacitor failed\n")
    done = doctor("--log", str(log))
    assert done.returncode == 1
    assert "ERROR: the flux capacitor failed" in done.stdout
    assert "No known failure was found; " in done.stdout
    assert f"Looked at: {log} (2 lines)." in done.stdout


def test_a_log_without_trouble_ends_with_0() -> None:
    done = doctor("--log", "-", given="Job succeeded\n")
    assert (done.returncode, done.stderr) == (0, "")


def test_machines_get_the_same(tmp_path: Path) -> None:
    done = doctor("--log", "-", "--json", given=LOG)
    data = json.loads(done.stdout)["data"]
    assert data["known"][0]["failure"] == "quota-or-limits"
    assert data["known"][0]["line"]["number"] == 2


def test_without_anything_to_look_at_it_says_what_to_give() -> None:
    done = doctor()
    assert done.returncode == 2
    assert "Give a PROFILE, --log FILE or --job URL" in done.stderr
    assert doctor("--log", "nosuch.log").returncode == 2
    assert doctor("--job", "4711").returncode == 2
