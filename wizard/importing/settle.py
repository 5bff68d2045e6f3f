"""Making a profile's data keep the rules: what they refuse is taken out, and said with its line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from wizard.core.problems import InvalidDocumentError, Key, Problem, Problems, key_path
from wizard.importing.ledger import Fate, Ledger, Spot
from wizard.importing.placeholders import FILL_IN, with_examples
from wizard.importing.release import Bundle
from wizard.importing.report import capital
from wizard.importing.view import nested
from wizard.profile.edit import take
from wizard.profile.load import load_text
from wizard.render import check

_MOST = 200
_ASKED: tuple[Key, ...] = (("gitlab", "url"),)
"""What has a default that would be a guess: it is asked for in its place."""


def settled(data: dict[str, Any], bundle: Bundle) -> None:
    """Take out of the data what the profile's rules refuse; a finding says each."""
    for _ in range(_MOST):
        problems = errors_of(data)
        if not problems:
            return
        if not _take_out(data, problems, bundle):
            raise InvalidDocumentError(problems)
    raise InvalidDocumentError(
        Problems("the profile", [Problem("too much of it breaks the rules")])
    )


def _take_out(data: dict[str, Any], problems: Problems, bundle: Bundle) -> bool:
    """Take out one value of each place: what is beside it may be right once it is gone."""
    places: set[Key] = set()
    sources = _Sources(bundle.ledger)
    for problem in problems.errors:
        key = _there(data, problem.key)
        if not key or any(key[: len(one)] == one for one in places):
            continue
        places.add(key[:-1])
        if key in _ASKED:
            data[str(key[0])] |= nested(key[1:], FILL_IN)
        else:
            take(data, key)
        _tell(bundle, replace(problem, key=key), sources.of(key))
    return bool(places)


def errors_of(data: Mapping[str, Any]) -> Problems | None:
    """What the rules refuse in a profile's data; None where they do not."""
    try:
        text = json.dumps(with_examples(data), ensure_ascii=False)
        load_text(text, Path("profile")).check(check)
    except InvalidDocumentError as error:
        return error.problems
    return None


class _Sources:
    """Which values of the file the keys of the profile were made of."""

    def __init__(self, ledger: Ledger) -> None:
        self._whole: dict[Key, list[Spot]] = {}
        self._below: dict[Key, list[Spot]] = {}
        for target, spot in ledger.targets():
            self._whole.setdefault(target, []).append(spot)
            for length in range(1, len(target)):
                self._below.setdefault(target[:length], []).append(spot)

    def of(self, key: Key) -> list[Spot]:
        """What a key was made of: what went to it, below it, or to what is around it as a whole."""
        whole = [self._whole.get(key[:length], ()) for length in range(1, len(key) + 1)]
        return [*chain.from_iterable(whole), *self._below.get(key, ())]


def _tell(bundle: Bundle, problem: Problem, spots: list[Spot]) -> None:
    key, words = key_path(problem.key), str(replace(problem, key=()))
    for spot in spots:
        why = f"the profile's rules refuse it: {words}"
        bundle.ledger.note(spot, Fate.LEFT, why, told=True)
    at = bundle.ledger.at(spots[0], key_path(spots[0].path)) if spots else bundle.made[0].as_whole()
    bundle.report.breaks(
        f"{key} could not be carried over: {problem.message}",
        at,
        "the profile would not be valid with it",
        f"{capital(problem.fix) or 'Write it another way'}; it was left out",
    )


def _there(data: Any, key: Key) -> Key:
    """The part of a key that is written in the data; empty where nothing of it may go."""
    for length, part in enumerate(key):
        try:
            data = data[part]
        except (LookupError, TypeError):
            key = key[:length]
            break
    return key if len(key) > (2 if key[:1] == ("runners",) else 1) else ()
