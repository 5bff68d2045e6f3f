"""A blocking generator, followed from an async one without holding the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_END: Any = object()


async def stream(
    make: Callable[P, Iterator[T]], *args: P.args, **kwargs: P.kwargs
) -> AsyncIterator[T]:
    """What `make(...)` yields; each step of it runs in a thread. Its errors come through."""
    iterator = await asyncio.to_thread(make, *args, **kwargs)
    while (item := await asyncio.to_thread(next, iterator, _END)) is not _END:
        yield item
