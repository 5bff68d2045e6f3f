"""The end of an import: what was left out without a finding of its own, and what nobody read."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from wizard.core.problems import Key, key_path
from wizard.importing.ledger import Fate, Row, short_path
from wizard.importing.report import Report

_MOST_NAMED = 12


def tell_rest(rows: Iterable[Row], report: Report) -> None:
    """Tell every value whose fate has not been told, together with those of the same reason."""
    left: dict[tuple[str, str], list[Row]] = {}
    ours: dict[str, list[Row]] = {}
    unread: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.fate is Fate.LEFT and not row.told:
            left.setdefault((row.file, row.words), []).append(row)
        elif row.fate is Fate.OURS and not row.told:
            ours.setdefault(row.file, []).append(row)
        elif row.fate is Fate.UNREAD:
            unread.setdefault((row.file, key_path(row.spot.path[:4])), []).append(row)
    for (_, why), mine in left.items():
        report.surprises(
            f"not carried over: {_named(mine)}",
            _at(mine[0]),
            why,
            "Check what it does today, and write what you need into the profile",
        )
    for mine in ours.values():
        reasons = dict.fromkeys(row.words for row in mine)
        report.tidy(
            f"the wizard writes these itself: {_named(mine, lists=False)}",
            _at(mine[0]),
            "; ".join(reasons),
            "Nothing to do, unless yours did something special",
        )
    for (_, key), mine in unread.items():
        report.surprises(
            f"{key} was not understood",
            _at(mine[0]),
            "the import does not know what it is for, so it was left out",
            "Check what it does today",
        )


def _named(rows: list[Row], *, lists: bool = True) -> str:
    names = list(dict.fromkeys(_brief(row.spot.path, lists=lists) for row in rows))
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _brief(path: Key, *, lists: bool) -> str:
    """The first two parts of a key, which are enough where many are named; of a list, all.

    Args:
        lists: whether entries of lists are named one by one.
    """
    parts = short_path(path)
    if not lists:
        parts = tuple(takewhile(lambda part: isinstance(part, str), parts))
    is_entry = any(isinstance(part, int) for part in parts)
    return key_path(parts if is_entry else parts[:2]) or "the whole document"


def _at(row: Row) -> str:
    words = key_path(short_path(row.spot.path)) or "the whole document"
    return f"{row.file}, line {row.line}: {words}" if row.line else f"{row.file}: {words}"
