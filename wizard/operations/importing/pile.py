"""Data that is taken apart key by key, until what is left of it can be seen."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


class Pile:
    """A copy of data from which values are taken."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data: dict[str, Any] = copy.deepcopy(dict(data))

    def take(self, *key: str) -> Any:
        """The value at a key, which is gone from then on; None where there is none."""
        around: list[dict[str, Any]] = [self._data]
        for part in key[:-1]:
            inner = around[-1].get(part)
            if not isinstance(inner, dict):
                return None
            around.append(inner)
        value = around[-1].pop(key[-1], None)
        for inner, part in zip(reversed(around[:-1]), reversed(key[:-1]), strict=True):
            if not inner[part]:  # nothing is left in it either
                del inner[part]
        return value

    def put(self, value: Any, *key: str) -> None:
        """Lay a value back."""
        inner = self._data
        for part in key[:-1]:
            inner = inner.setdefault(part, {})
        inner[key[-1]] = value

    def rest(self) -> dict[str, Any]:
        """What nobody took, less what is empty."""
        return {key: value for key, value in self._data.items() if value not in (None, "", [], {})}
