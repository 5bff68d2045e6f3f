"""Streams of events: followed from a blocking generator, given a title, or empty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from wizard.core.events import Event, StepStarted

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


async def titled(title: str, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """The events below their title; a step in which nothing happens is not mentioned."""
    mentioned = False
    async for event in events:
        if not mentioned:
            yield StepStarted(title)
            mentioned = True
        yield event


async def nothing() -> AsyncIterator[Event]:
    """No event at all."""
    return
    yield
