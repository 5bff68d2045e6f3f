"""Many runners at once: side by side, and one that fails does not keep the others from theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from wizard.core.errors import NotReachedError, StoppedError, WizardError
from wizard.core.events import Event, NotProven, RunnersDone

AT_ONCE = 12
"""As many runners at a time: GitLab and the API server have others to serve."""
_NAMED = 20
_END = object()


async def side_by_side(streams: Sequence[AsyncIterator[Event]]) -> AsyncIterator[Event]:
    """What several streams yield, some of them running at once, as if one came after the other.

    The first one that has not ended is followed as it goes; what the others say waits until it is
    their turn, so that what belongs together is read together. The first error ends them all.
    """
    if len(streams) == 1:
        async for event in streams[0]:
            yield event
        return
    room = asyncio.Semaphore(AT_ONCE)
    queues: list[asyncio.Queue[object]] = [asyncio.Queue() for _ in streams]
    tasks = [
        asyncio.create_task(_pour(stream, queue, room))
        for stream, queue in zip(streams, queues, strict=True)
    ]
    try:
        for queue in queues:
            while (item := await queue.get()) is not _END:
                if isinstance(item, BaseException):
                    raise item
                if isinstance(item, Event):
                    yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pour(
    stream: AsyncIterator[Event], queue: asyncio.Queue[object], room: asyncio.Semaphore
) -> None:
    async with room:
        try:
            async for event in stream:
                queue.put_nowait(event)
        except Exception as error:  # noqa: BLE001 - raised where the events are read
            queue.put_nowait(error)
        queue.put_nowait(_END)


@dataclass(slots=True)
class Fleet:
    """The runners that take part in a run, and those that have failed in it."""

    names: tuple[str, ...]
    failed: dict[str, WizardError] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether a runner still takes part; what all runners share, with no name, always does."""
        return not name or (name in self.names and name not in self.failed)

    async def guarded(self, name: str, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """A runner's events; its failure is noted, and ends nothing but these.

        Raises: WizardError, of an only runner; StoppedError, NotReachedError, which are of all.
        """
        try:
            async for event in events:
                yield event
        except (StoppedError, NotReachedError):
            raise
        except WizardError as error:
            if not name or len(self.names) == 1:
                raise
            self.failed[name] = error
            yield NotProven(name, error.problem)

    def summary(self) -> list[RunnersDone]:
        """What has become of several runners, where one of them has failed."""
        done = len(self.names) - len(self.failed)
        return [RunnersDone(done, tuple(self.failed))] if self.failed else []

    def raise_failures(self) -> None:
        """Raises: WizardError, with all that failed; of one runner, its own."""
        if not self.failed:
            return
        if len(self.failed) == 1:
            raise next(iter(self.failed.values()))
        raise WizardError(
            f"{len(self.failed)} of {len(self.names)} runners are not proven.",
            "\n".join(_paragraph(name, error) for name, error in self._shown()),
            "Follow the fix of each, then run it again",
        )

    def _shown(self) -> list[tuple[str, WizardError]]:
        return list(self.failed.items())[:_NAMED]


def _paragraph(name: str, error: WizardError) -> str:
    return f"{name}: {error.problem} {error.cause}\nfix: {error.fix}"
