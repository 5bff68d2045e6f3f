"""Threads that nobody waits for."""

from __future__ import annotations

import subprocess
import sys
import time
from threading import Event

import pytest

from wizard.core.threads import DaemonThreads


def test_it_returns_results_and_errors_as_any_executor_does():
    with DaemonThreads(2) as threads:
        assert threads.submit(sum, [1, 2]).result(5) == 3
        with pytest.raises(ZeroDivisionError):
            threads.submit(lambda: 1 / 0).result(5)
        assert sorted(threads.map(abs, [-1, -2, 3], timeout=5)) == [1, 2, 3]


def test_no_more_than_so_many_run_at_once():
    running, most, go = [], [], Event()

    def work() -> None:
        running.append(1)
        most.append(len(running))
        go.wait(5)
        running.pop()

    threads = DaemonThreads(2)
    asked = [threads.submit(work) for _ in range(5)]
    time.sleep(0.1)
    go.set()
    for one in asked:
        one.result(5)
    assert max(most) == 2


def test_a_process_ends_while_a_call_still_waits():
    program = """
import asyncio, time
from wizard.core.threads import DaemonThreads
async def main():
    asyncio.get_running_loop().set_default_executor(DaemonThreads(2))
    asyncio.create_task(asyncio.to_thread(time.sleep, 60))
    await asyncio.sleep(0.1)
asyncio.run(main())
"""
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    assert time.monotonic() - started < 10
