"""Timing whole processes, in turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIZARD = [str(Path(sys.executable).parent / "runner-wizard")]


@dataclass(frozen=True)
class Timed:
    """One command: the median wall time in seconds, and the largest peak memory in MiB."""

    seconds: float
    mebibytes: float


def once(command: list[str]) -> Timed:
    """Run a command to its end and ask the kernel what it took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(command)} failed")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Timed(seconds, usage.ru_maxrss / scale)


def in_turns(commands: dict[str, list[str]], runs: int) -> dict[str, Timed]:
    """Time commands in turns, A B A B, after one round that warms the caches."""
    for command in commands.values():
        once(command)
    taken: dict[str, list[Timed]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(once(command))
    return {
        name: Timed(
            statistics.median(each.seconds for each in all_of_it),
            max(each.mebibytes for each in all_of_it),
        )
        for name, all_of_it in taken.items()
    }


def table(title: str, timed: dict[str, Timed]) -> None:
    """Print the figures; the ratio is the first command's time by each other's."""
    print(title)
    first = next(iter(timed.values())).seconds
    for name, each in timed.items():
        ratio = f"{first / each.seconds:5.2f}x" if each.seconds else ""
        print(f"  {name:<42} {each.seconds:7.3f} s  {each.mebibytes:7.1f} MiB  {ratio}")


def bar(what: str, ratio: float | None, wanted: str, missing: str) -> None:
    """Print a ratio beside what it should be, or why it was not measured."""
    found = f"not measured: {missing}" if ratio is None else f"{ratio:.2f}x"
    print(f"  {what}: {found} (wanted: {wanted})")
