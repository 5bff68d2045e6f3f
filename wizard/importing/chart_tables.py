"""What the chart's values are by default, and what they were before 0.53.0: one reader for each."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from wizard.core.problems import Key
from wizard.core.shipped import asset
from wizard.importing.view import ABSENT, found_at
from wizard.render.tables.catalogue import chart_keys
from wizard.render.tables.versions import CHARTS


@cache
def _document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asset(name).read_text(encoding="utf-8"))
    return found


def default_of(key: Key) -> Any:
    """What the chart has at a key where nobody says otherwise; `ABSENT` where that is not known."""
    return found_at(_document("chart-defaults.json")["values"], key)


def is_default(key: Key, value: Any) -> bool:
    """Whether a value says what the chart says by itself."""
    default = default_of(key)
    return default is not ABSENT and bool(default == value)


def chart_knows(path: str) -> bool:
    """Whether the newest chart reads a value."""
    return chart_keys(CHARTS[-1].version).knows(path)


def old_keys() -> dict[str, str]:
    """Values that charts before 0.53.0 read, each with its key of the `[[runners]]` table."""
    found: dict[str, str] = _document("chart-old-keys.json")["keys"]
    return found


def old_until() -> str:
    """The first chart that reads none of the old keys."""
    return str(_document("chart-old-keys.json")["gone_in"])
