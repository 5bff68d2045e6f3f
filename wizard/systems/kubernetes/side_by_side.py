"""Independent calls, made at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(call: Callable[[A], B], things: Iterable[A], *, at_once: int = 8) -> list[B]:
    """`call` for each thing, answers in the order of the things; the first error is raised."""
    with ThreadPoolExecutor(at_once, "cluster") as pool:
        return list(pool.map(call, things))
