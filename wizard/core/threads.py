"""Threads that no one waits for: a person who quits does not sit out another's timeout."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_Work = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class DaemonThreads(ThreadPoolExecutor):
    """An executor for calls with timeouts of their own; leaving it waits for none of them.

    The standard one is joined when asyncio ends, and once more when Python does. It is a
    `ThreadPoolExecutor` because asyncio takes nothing else as a loop's default.

    Args:
        at_once: how many threads.
    """

    def __init__(self, max_workers: int) -> None:
        super().__init__(max_workers)
        self._max_workers = max_workers
        self._started = 0
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        if self._started < self._max_workers and not self._start_another() and not self._started:
            _complete(future, fn, args, kwargs)  # slower, with no thread at all; but it is done
        else:
            self._queue.put((future, fn, args, kwargs))
        return future

    def _start_another(self) -> bool:
        """Whether there is one more now: a machine or container may limit how many there are."""
        try:
            Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            return False
        self._started += 1
        return True

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        for _ in range(self._started):
            self._queue.put(None)

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            _complete(*work)
            del work  # an idle thread must not keep alive what asked for its last answer


A = TypeVar("A")
B = TypeVar("B")
_BLOCKING_CALLS = 32


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose blocking calls run in daemon threads, and that waits for none at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.set_default_executor(DaemonThreads(_BLOCKING_CALLS))

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Not waited for; the standard one would start one more thread for it."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; Ctrl-C ends it at once, whatever its blocking calls wait for."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


def map_concurrently(
    call: Callable[[A], B], things: Iterable[A], *, max_workers: int = 8
) -> list[B]:
    """`call` for each thing, answers in the order of the things; the first error is raised."""
    with DaemonThreads(max_workers) as threads:
        return list(threads.map(call, things))


def _complete(
    future: Future[Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - it belongs to who asked
        future.set_exception(error)
    else:
        future.set_result(result)
