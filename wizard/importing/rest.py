"""The end of an import: what was left out without a finding of its own, and what nobody read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wizard.core.problems import key_path
from wizard.importing.ledger import Fate, Row
from wizard.importing.report import Report

_MOST_NAMED = 12
_WRAPPED = (".config.", ".configOverride.", ".values.", ".valuesObject.", "config.toml.", "spec.")
"""What a key is below, and need not be read again in each."""
_OF_TERRAFORM = re.compile(r"^terraform\..*?(?:values\[\d+\]\.|set\w*\[\d+\] )")


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
            "Compare with what it does now, and write what you need into the profile",
        )
    for mine in ours.values():
        reasons = dict.fromkeys(row.words for row in mine)
        report.tidy(
            f"the wizard writes its own in the place of {_named(mine)}",
            _at(mine[0]),
            "; ".join(reasons),
            "Nothing to do, unless yours did something of its own",
        )
    for (_, key), mine in unread.items():
        report.surprises(
            f"{key} was not understood",
            _at(mine[0]),
            "the import does not know what it is for, so the profile does not have it",
            "Compare with what it does now",
        )


def _named(rows: list[Row]) -> str:
    names = list(dict.fromkeys(_brief(row.key) for row in rows))
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _brief(key: str) -> str:
    """The first two parts of it are enough where many are named."""
    return ".".join(_short(key).split(".")[:2])


def _short(key: str) -> str:
    """A key by its last parts, which are what people know it by."""
    key = _OF_TERRAFORM.sub("", key)
    for text in _WRAPPED:
        key = key.rpartition(text)[2] or key
    return key.partition("[")[0] or key


def _at(row: Row) -> str:
    return (
        f"{row.file}, line {row.line}: {_short(row.key)}"
        if row.line
        else f"{row.file}: {_short(row.key)}"
    )
