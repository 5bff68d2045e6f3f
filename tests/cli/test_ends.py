"""Ctrl-C at any moment, and streams that are closed, full, gone or cannot write a character."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.world import ROOT, World


def _started(world: World, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "wizard", *arguments],
        env=world.environment,
        cwd=world.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _interrupted(process: subprocess.Popen[str]) -> tuple[float, str, str]:
    """Ctrl-C, twice, as people do it; how long it took, and what was said."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return time.monotonic() - began, out, err


def _wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    assert what()


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("hangs", ["cluster", "gitlab"])
def test_ctrl_c_during_a_call_that_hangs_ends_at_once(
    tmp_path: Path, hangs: str, options: tuple[str, ...]
) -> None:
    with World(tmp_path) as world:
        if hangs == "cluster":
            world.cluster.fails("GET", "", delay=15)
        else:  # who the token is, is asked before anything else
            world.gitlab.fail_next("GET", "/user", delay=15, times=99)
        asked = world.cluster.requests if hangs == "cluster" else world.gitlab.calls
        process = _started(world, "plan", str(world.profile), *options)
        _wait_for(lambda: bool(asked))
        took, out, err = _interrupted(process)
    assert process.returncode == 130, err
    assert took < 2  # a second, and what a busy machine adds
    assert "Traceback" not in err
    if options:
        document = json.loads(out)
        assert document["exit_code"] == 130
        assert document["error"]["cause"] == "Nothing was changed."
    else:
        assert "error: Interrupted." in err
        assert "Nothing was changed." in err


def test_ctrl_c_while_a_busy_cluster_is_waited_for_ends_at_once(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.cluster.fails("GET", "", status=429, headers={"Retry-After": "20"})
        process = _started(world, "plan", str(world.profile))
        assert process.stderr
        said = process.stderr.readline()
        took, _, _ = _interrupted(process)
    assert "waiting 20 s" in said
    assert process.returncode == 130
    assert took < 2


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_ctrl_c_before_the_command_has_begun_is_an_interruption(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """While modules are imported, which no signal can be timed for: so an import raises it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'wizard.cli.offline':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "check", "x.yaml", *options],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert "Aborted!" not in done.stderr
    said = json.loads(done.stdout)["error"]["problem"] if options else done.stderr
    assert "Interrupted." in said


def _shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command.replace("WIZARD", f"{sys.executable} -m wizard")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)} | variables,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("WIZARD images p.yaml >/dev/full", 1, "The output cannot be written."),
        ("WIZARD images p.yaml --json >/dev/full", 1, "The output cannot be written."),
        ("WIZARD images p.yaml >&-", 1, "stdout: it is closed"),
        ("WIZARD schema | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", 1, "Not all of the output"),
        ("WIZARD images p.yaml <&-", 0, ""),
        ("WIZARD check p.yaml 2>&-", 0, ""),
        ("WIZARD check gone.yaml 2>/dev/full", 2, ""),
        ("WIZARD open <&-", 2, "The wizard needs a terminal."),
        ("WIZARD --help >/dev/full", 1, "The output cannot be written."),
    ],
)
def test_a_stream_that_cannot_be_used_is_said_and_is_no_crash(
    tmp_path: Path, command: str, code: int, said: str
) -> None:
    (tmp_path / "p.yaml").write_text((ROOT / "profiles" / "direct.yaml").read_text())
    done = _shell(command, tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "crashed" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_character_that_stdout_cannot_write_is_written_as_an_escape(tmp_path: Path) -> None:
    text = (ROOT / "profiles" / "direct.yaml").read_text()
    (tmp_path / "p.yaml").write_text(text.replace("image: alpine", "immage: ключ # alpine", 1))
    done = _shell("WIZARD check p.yaml", tmp_path, PYTHONIOENCODING="latin-1")
    assert done.returncode in {0, 2}
    assert "crashed" not in done.stderr


def test_no_thread_to_be_had_is_slower_and_no_crash() -> None:
    program = (
        "import threading\n"
        'def no(self): raise RuntimeError("can\'t start new thread")\n'
        "threading.Thread.start = no\n"
        "import asyncio\n"
        "from wizard.core.threads import map_concurrently, run\n"
        "async def work():\n"
        "    return await asyncio.to_thread(lambda: map_concurrently(abs, [-1, -2]))\n"
        "print(run(work()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[1, 2]\n", done.stderr


def test_a_bug_is_called_one_and_says_how_to_report_it() -> None:
    from wizard.cli.running import crashed

    error = crashed(KeyError("x"))
    assert error.problem == "Runner Wizard crashed: this is a bug."
    assert "Report it as an issue" in error.fix
    Path(error.fix.partition("attach ")[2].partition(";")[0]).unlink()
