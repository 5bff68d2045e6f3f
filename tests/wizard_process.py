"""The command line in a process of its own, without importing it every time.

The tests start the wizard some two thousand times, and most of what a start costs is imports. Here
one process imports the wizard once and forks for every command: each has its own pid, environment,
folder and streams, and ends by itself or by a signal, as any other. Tests of starting itself
(imports, closed streams, Ctrl-C while Python starts) start Python.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_CHUNK = 1 << 16
_LATE = ("gitlab.v4.objects", "kubernetes.client", "kubernetes.config", "requests", "urllib3")
"""What the wizard imports once it is asked for."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON envelope, which is last on stdout."""
        return json.loads(self.out[self.out.rindex('{\n  "format"') :])

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = self.out[: self.out.rindex('{\n  "format"')].splitlines()
        return [json.loads(line) for line in lines]


class Command:
    """`runner-wizard ARGUMENTS`, started, without a terminal; what it writes is read from `stdout`.

    Args:
        environment: all of its environment.
        folder: its working directory.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str], folder: Path) -> None:
        reads, writes = os.pipe()
        self.stdout = os.fdopen(reads, encoding="utf-8", errors="replace")
        self._stderr = os.fdopen(_nameless_file(), "w+", encoding="utf-8", errors="replace")
        self._socket, theirs = socket.socketpair()
        self._answers = self._socket.makefile()
        asked = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
        with theirs:
            handed = [writes, self._stderr.fileno(), theirs.fileno()]
            socket.send_fds(_server(), [f"{json.dumps(asked)}\n".encode()], handed)
        os.close(writes)
        self._code: int | None = None
        self.pid = self._answer(60)

    def send_signal(self, number: int) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """The exit code, or minus the signal that ended it. Raises: TimeoutError."""
        if self._code is None:
            self._code = self._answer(seconds)
            self._answers.close()
            self._socket.close()
        return self._code

    def ends(self, seconds: float = 60) -> Ended:
        """Waits until it ends. Raises: TimeoutError, when it had to be killed."""
        try:
            out = self._output(seconds)
            code = self.wait(seconds)
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            raise
        finally:
            self.stdout.close()
        self._stderr.seek(0)
        with self._stderr:
            return Ended(code, out, self._stderr.read())

    def _output(self, seconds: float) -> str:
        deadline, parts, poll = time.monotonic() + seconds, [b""], select.poll()
        poll.register(self.stdout, select.POLLIN)
        while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            if not (part := os.read(self.stdout.fileno(), 1 << 16)):
                return b"".join(parts).decode(errors="replace")
            parts.append(part)
        raise TimeoutError(b"".join(parts).decode(errors="replace"))

    def _answer(self, seconds: float) -> int:
        self._socket.settimeout(seconds)
        if not (answer := self._answers.readline()):
            raise RuntimeError("the process that runs the commands has ended")
        return int(answer)


def _nameless_file() -> int:
    descriptor, name = tempfile.mkstemp()
    Path(name).unlink()
    return descriptor


def run_wizard(
    *arguments: str, environment: Mapping[str, str], folder: Path, seconds: float = 60
) -> Ended:
    """Run `runner-wizard ARGUMENTS` to its end, without a terminal."""
    return Command(*arguments, environment=environment, folder=folder).ends(seconds)


@functools.cache
def _server() -> socket.socket:
    """Where to ask for commands; the process behind it ends with this one."""
    ours, theirs = socket.socketpair()
    with theirs:
        server = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        server.wait(10)

    atexit.register(end)
    return ours


def _serve(requests: socket.socket) -> dict[str, Any] | None:
    """Forks for each request: returns it in the process that is to run it; None at the end."""
    running: dict[int, socket.socket] = {}
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    poll = select.poll()
    poll.register(requests, select.POLLIN)
    poll.register(woken, select.POLLIN)
    while True:
        ready = [number for number, _ in poll.poll()]
        if woken in ready:
            os.read(woken, 1 << 16)
            for pid, code in _ended():
                with running.pop(pid) as answers, contextlib.suppress(OSError):
                    answers.send(f"{code}\n".encode())
        if requests.fileno() in ready:
            text, handed, _, _ = socket.recv_fds(requests, _CHUNK, 3)
            if not text:
                return None
            while not text.endswith(b"\n"):
                text += requests.recv(_CHUNK)
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number, descriptor in enumerate(handed[:2], start=1):
                    os.dup2(descriptor, number)
                os.closerange(3, 1 << 12)
                return json.loads(text)
            for descriptor in handed[:2]:
                os.close(descriptor)
            running[pid] = socket.socket(fileno=handed[2])
            running[pid].send(f"{pid}\n".encode())


def _ended() -> Iterator[tuple[int, int]]:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            yield ended[0], os.waitstatus_to_exitcode(ended[1])


def _import_all() -> None:
    import wizard

    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    for module in pkgutil.walk_packages(wizard.__path__, "wizard."):
        if not module.name.startswith(("wizard.tui", "wizard.__main__")):
            importlib.import_module(module.name)
    for name in _LATE:
        importlib.import_module(name)
    from wizard.profile.load import load

    load(ROOT / "profiles" / "direct.yaml")  # what pydantic builds when a model is first used
    gc.collect()
    gc.freeze()


def _main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    _import_all()
    if not (asked := _serve(requests)):
        return
    requests.detach()  # its number is closed by now
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    sys.argv = [str(ROOT / "wizard" / "__main__.py"), *asked["arguments"]]
    from wizard.cli import main

    main()


if __name__ == "__main__":
    _main()
