"""Threads that nobody waits for: a person who quits does not sit out somebody else's timeout."""

from __future__ import annotations

from collections.abc import Callable
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

    def __init__(self, at_once: int) -> None:
        super().__init__(at_once)
        self._at_once = at_once
        self._started = 0
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        self._queue.put((future, fn, args, kwargs))
        if self._started < self._at_once:
            self._started += 1
            Thread(target=self._work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        for _ in range(self._started):
            self._queue.put(None)

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            _carry_out(*work)
            del work  # an idle thread must not keep alive what asked for its last answer


def _carry_out(
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
