"""Data with the place of every value: values over values, as Helm and Argo CD lay them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.core.problems import Key, key_path
from wizard.importing.ledger import Fate, Ledger, Spot, short_path

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """Data from one place of one document."""

    data: Values
    spot: Callable[[Key], Spot | None]
    """Where a key of the data is; None for a mapping that is written nowhere."""
    is_renamed: bool = False
    """Whether the file calls its keys by other names."""


def layer_of(data: Any, source: int, above: Key) -> Layer:
    """The layer whose keys are below one key of a document."""
    found = data if isinstance(data, Mapping) else {}
    return Layer(found, lambda key: Spot(source, (*above, *key)))


def renamed(pairs: list[tuple[Key, Any, Spot]]) -> Layer:
    """Values that mean keys of another name, each with the place it is written at."""
    data: dict[str, Any] = {}
    places: dict[Key, Spot] = {}
    for key, value, spot in pairs:
        inner = data
        for part in key[:-1]:
            below = inner.setdefault(str(part), {})
            inner = below if isinstance(below, dict) else {}
        inner[str(key[-1])] = value
        places[key] = spot

    def spot_of(key: Key) -> Spot | None:
        for length in range(len(key), 0, -1):
            if found := places.get(key[:length]):
                return Spot(found.source, (*found.path, *key[length:]))
        return None

    return Layer(data, spot_of, is_renamed=True)


class View:
    """Layers as one, the last on top; whoever takes a value says what becomes of it.

    Args:
        ledger: where fates are noted.
        layers: from the bottom up.
        words: what a key is called in evidence.
    """

    def __init__(
        self, ledger: Ledger, layers: list[Layer], words: Callable[[Key], str] = key_path
    ) -> None:
        self.ledger = ledger
        self.layers = layers
        self._words = words
        self._claimed: set[Key] = set()
        self.data: dict[str, Any] = {}
        for layer in layers:
            self.data = laid_over(self.data, layer.data)
        self._note_overruled()

    def _note_overruled(self) -> None:
        for index, layer in enumerate(self.layers):
            for upper in self.layers[index + 1 :]:
                for path in leaf_paths(upper.data):
                    lower, over = layer.spot(path), upper.spot(path)
                    if path and lower and over and found_at(layer.data, path) is not ABSENT:
                        words = f"{self.ledger.at(over, self._words(path))} counts in its place"
                        self.ledger.note(lower, Fate.ASIDE, words)

    def get(self, *key: str | int) -> Any:
        """The value at a key; None where there is none."""
        value = found_at(self.data, key)
        return None if value is ABSENT else value

    def has(self, *key: str | int) -> bool:
        return found_at(self.data, key) is not ABSENT

    def is_written(self, *key: str | int) -> bool:
        """Whether a layer says something at a key, also what cannot be read for what it means."""
        empty: tuple[object, ...] = (ABSENT, None, "", {}, [])
        return any(found_at(layer.data, key) not in empty for layer in self.layers)

    def section(self, *key: str | int) -> Values:
        """The mapping at a key; empty where there is none."""
        value = self.get(*key)
        return value if isinstance(value, Mapping) else {}

    def spot(self, *key: str | int) -> Spot | None:
        """Where a value is: in the topmost layer that has it, or the nearest around it."""
        return self._placed(key)[0]

    def _placed(self, key: Key) -> tuple[Spot | None, Layer | None]:
        for length in range(len(key), -1, -1):
            for layer in reversed(self.layers):
                if found_at(layer.data, key[:length]) is ABSENT:
                    continue
                if spot := layer.spot(key if length else ()):
                    return spot, layer
        return None, None

    def at(self, *key: str | int) -> str:
        """Where a value is, in words: file, line and key."""
        spot, layer = self._placed(key)
        if spot and layer and layer.is_renamed:
            return self.ledger.at(spot, key_path(short_path(spot.path)))
        words = self._words(key) or "the file as a whole"
        return self.ledger.at(spot, words) if spot else words

    def note(
        self, key: Key, fate: Fate, words: str = "", target: Key = (), *, told: bool = False
    ) -> None:
        """Say what becomes of a value, in every layer that has it; nobody else takes it then."""
        if self.claimed(key):
            return  # the first who said something of it knew more
        self._claimed.add(key)
        for layer in reversed(self.layers):
            value = found_at(layer.data, key)
            spot = layer.spot(key) if value is not ABSENT else None
            for one in [spot] if spot else _spots_below(layer, key, value):
                self.ledger.note(one, fate, words, target, told=told)
            if spot and not isinstance(value, Mapping):
                return  # what is below it does not count, and is noted so

    def note_if_open(self, key: Key, fate: Fate, words: str, target: Key) -> None:
        """The same, for what of a value nobody has said anything of yet."""
        value = self.get(*key)
        if isinstance(value, list) and any(one[: len(key)] == key for one in self._claimed):
            for index in range(len(value)):
                if not self.claimed((*key, index)):
                    self.note((*key, index), fate, words, target)
        elif not self.claimed(key):
            self.note(key, fate, words, target)

    def move(self, old: Key, new: Key) -> None:
        """Read the value at a key as one of another key, whatever that had."""
        value, spot = self.get(*old), self.spot(*old)
        if spot is None:
            return
        self._claimed.add(old)
        layer = Layer(nested(new, value), lambda key: _moved(spot, key, new))
        self.layers.append(layer)
        self.data = laid_over(_without(self.data, old), layer.data)

    def blank(self, *keys: Key) -> None:
        """Take values out of what is seen, so that nobody reads them for what they are not.

        Entries of lists stay.
        """
        self.data = without_keys(self.data, set(keys))

    def hand_over(self, key: Key) -> None:
        """Leave a value to another view, which says what becomes of it."""
        self._claimed.add(key)

    def take(self, *key: str | int, to: Key) -> Any:
        """The value at a key, which goes to a key of the profile; None where there is none."""
        value = self.get(*key)
        if value is not None:
            self.note(key, Fate.CARRIED, key_path(to), to)
        return value

    def leave(self, *key: str | int, why: str, told: bool = False) -> Any:
        """The value at a key, which the profile does not say.

        Args:
            told: whether a finding of its own says so.
        """
        if self.has(*key):
            self.note(key, Fate.LEFT, why, told=told)
        return self.get(*key)

    def open_leaves(self, key: Key) -> list[Key]:
        """The values below a key of which nobody has said anything yet."""
        value = found_at(self.data, key)
        found = [(*key, *path) for path in leaf_paths(value)] if value is not ABSENT else []
        return [path for path in found if not self.claimed(path)]

    def claimed(self, key: Key) -> bool:
        return any(key[:length] in self._claimed for length in range(len(key) + 1))

    def rest(self) -> dict[str, Any]:
        """What nobody has taken; empty mappings of it are gone."""
        data = self._unclaimed(self.data, ())
        return data if isinstance(data, dict) else {}

    def _unclaimed(self, data: Any, path: Key) -> Any:
        if path in self._claimed:
            return ABSENT
        if isinstance(data, Mapping):
            if not data:
                return {}
            kept = {key: self._unclaimed(value, (*path, key)) for key, value in data.items()}
            kept = {key: value for key, value in kept.items() if value is not ABSENT}
            return kept or (ABSENT if path else {})
        if isinstance(data, list):
            items = [self._unclaimed(value, (*path, i)) for i, value in enumerate(data)]
            kept_items = [item for item in items if item is not ABSENT]
            return kept_items if kept_items or not data else ABSENT
        return copy.deepcopy(data)


def _spots_below(layer: Layer, key: Key, value: Any) -> Iterator[Spot]:
    """The places of the values of a mapping that is itself written nowhere."""
    for path in leaf_paths(value) if isinstance(value, Mapping) else ():
        if spot := layer.spot((*key, *path)):
            yield spot


def _without(data: Any, key: Key) -> dict[str, Any]:
    """A copy of a mapping that lacks one key, however deep."""
    found = dict(data)
    if len(key) == 1:
        found.pop(str(key[0]), None)
    elif key[0] in found:
        found[str(key[0])] = _without(found[str(key[0])], key[1:])
    return found


def without_keys(data: Values, keys: set[Key], above: Key = ()) -> dict[str, Any]:
    """A copy of mappings that lacks some keys."""
    return {
        name: without_keys(value, keys, (*above, name)) if isinstance(value, Mapping) else value
        for name, value in data.items()
        if (*above, name) not in keys
    }


def without_empty(data: Values) -> dict[str, Any]:
    """A copy of mappings without those that say nothing."""
    kept = {
        key: without_empty(value) if isinstance(value, Mapping) else value
        for key, value in data.items()
    }
    return {key: value for key, value in kept.items() if value != {}}


def _moved(spot: Spot, key: Key, new: Key) -> Spot | None:
    if key[: len(new)] != new:
        return None
    return Spot(spot.source, (*spot.path, *key[len(new) :]))


def nested(key: Key, value: Any) -> dict[str, Any]:
    """A value below mappings."""
    for part in reversed(key):
        value = {part: value}
    return dict(value) if isinstance(value, dict) else {}


ABSENT = object()


def found_at(data: Any, key: Key) -> Any:
    """The value at a key of plain data; `ABSENT` where there is none."""
    for part in key:
        if isinstance(data, list):
            if not isinstance(part, int) or part >= len(data):
                return ABSENT
            data = data[part]
        elif isinstance(data, Mapping) and part in data:
            data = data[part]
        else:
            return ABSENT
    return data


def leaf_paths(data: Any, path: Key = ()) -> Iterator[Key]:
    """Every value that is no mapping with keys, by its path; a list is one value."""
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from leaf_paths(value, (*path, key))
    else:
        yield path


def laid_over(values: Values, more: Values) -> dict[str, Any]:
    """`more` over `values`, mapping by mapping."""
    found = dict(values)
    for key, value in more.items():
        old = found.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        found[key] = laid_over(old, value) if both else value  # type: ignore[arg-type]
    return found
