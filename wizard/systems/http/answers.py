"""Typed reading of answers: what is not what a system answers becomes one error, and never a crash.

A reader takes parsed JSON apart with `record`, `records` and the fields of `Record`; whatever does
not fit raises `ShapeError` with the place and what was expected there. `reading` makes that the
system's `InvalidAnswerError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from typing import Any, TypeVar

from wizard.core.errors import InvalidAnswerError, WizardError
from wizard.core.secrets import excerpt

LONGEST = 600
"""Characters of another's words that are shown."""
_LOOKED_AT = 65536
"""Characters of a web page in which its title is looked for."""

T = TypeVar("T")
_MISSING: Any = object()
_SURPRISES = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


class ShapeError(ValueError):
    """Something in an answer is not of the kind that it should be."""


class Record:
    """One JSON object of an answer, whose fields are asked for by their kind.

    Each asks for a field that has to be there; with a default, it may be missing or null.
    """

    __slots__ = ("_fields", "_place")

    def __init__(self, value: Any, place: str = "") -> None:
        if not isinstance(value, dict):
            raise ShapeError(f"{place or 'it'} should be an object, not {_kind(value)}")
        self._fields: dict[str, Any] = value
        self._place = place

    def __contains__(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def tells(self, name: str) -> bool:
        """Whether the answer has the field at all; null is an answer too."""
        return name in self._fields

    def text(self, name: str, default: str = _MISSING) -> str:
        found: str = self._field(name, str, "a text", default)
        return found

    def number(self, name: str, default: int = _MISSING) -> int:
        value = self._field(name, (int, str), "a number", default)
        if isinstance(value, bool) or (isinstance(value, str) and not is_number(value)):
            raise self._wrong(name, "a number", value)
        return int(value)

    def flag(self, name: str, default: bool = _MISSING) -> bool:
        found: bool = self._field(name, bool, "true or false", default)
        return found

    def texts(self, name: str, default: tuple[str, ...] = _MISSING) -> tuple[str, ...]:
        found = self._field(name, (list, tuple), "a list of texts", default)
        if not all(isinstance(one, str) for one in found):
            raise self._wrong(name, "a list of texts", found)
        return tuple(found)

    def record(self, name: str, default: Mapping[str, Any] = _MISSING) -> Record:
        return Record(self._field(name, dict, "an object", default), self._inside(name))

    def records(self, name: str, default: tuple[Any, ...] = _MISSING) -> list[Record]:
        found = self._field(name, (list, tuple), "a list of objects", default)
        return [Record(one, f"{self._inside(name)}[{at}]") for at, one in enumerate(found)]

    def time(self, name: str, default: datetime | None = _MISSING) -> datetime | None:
        """A moment, aware: without a zone it is UTC."""
        text = self._field(name, str, "a time", default)
        if not isinstance(text, str):
            return default
        try:
            # A server may count nanoseconds, which Python does not.
            found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        except ValueError:
            raise self._wrong(name, "a time", text) from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def plain(self) -> dict[str, Any]:
        """The object as it came, for what is not ours to read."""
        return dict(self._fields)

    def _field(self, name: str, kind: Any, called: str, default: Any) -> Any:
        value = self._fields.get(name)
        if value is None and default is not _MISSING:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self._wrong(name, called, value)
        return value

    def _inside(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name

    def _wrong(self, name: str, called: str, value: Any) -> ShapeError:
        if value is None:
            there = "null" if name in self._fields else "missing"
            return ShapeError(f"{self._inside(name)} is {there}")
        return ShapeError(f"{self._inside(name)} should be {called}, not {_kind(value)}")


def record(value: Any) -> Record:
    """The answer as one object. Raises: ShapeError."""
    return Record(value)


def records(value: Any) -> list[Record]:
    """The answer as a list of objects. Raises: ShapeError, for anything else, `{}` and null too."""
    if not isinstance(value, list):
        raise ShapeError(f"it should be a list, not {_kind(value)}")
    return [Record(one, f"[{at}]") for at, one in enumerate(value)]


def each(shape: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """A reader of lists, from one of their entries."""
    return lambda value: [shape(one.plain()) for one in records(value)]


def is_number(text: str) -> bool:
    """Whether a header holds a whole number that is not absurd: `str.isdigit` takes `²` for one."""
    return text.isascii() and text.isdecimal() and len(text) <= 18  # of 64 bits


def parsed(body: bytes) -> Any:
    """The JSON of a body. Raises: ShapeError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ShapeError("it is not JSON") from None


def read(body: bytes, shape: Callable[[Any], T], doing: str, *, of: Source) -> T:
    """The JSON of an answer in our words.

    Args:
        shape: builds our record from the parsed JSON.
        doing: what was asked: completes "asked to ...".
        of: who should have answered.

    Raises: InvalidAnswerError.
    """
    with reading(doing, of=of, body=body):
        return shape(parsed(body))


@contextmanager
def reading(doing: str, *, of: Source, body: bytes | None = None) -> Iterator[None]:
    """Whatever surprises a reader within is an answer that the system does not give.

    Args:
        body: the answer, to be shown where it is not JSON; nothing of it is shown otherwise.

    Raises: InvalidAnswerError.
    """
    problem: InvalidAnswerError | None = None
    try:
        yield
    except WizardError:
        raise
    except _SURPRISES as surprise:
        problem = of.invalid_response(doing, surprise, body)
    if problem:  # outside the handler, so that no exception of an SDK travels along
        raise problem


class Source:
    """Who should have answered, for the error where someone else did.

    Args:
        who: the system's name, for people.
        setting: where its address is written, for people: `gitlab.url`.
    """

    def __init__(self, who: str, setting: str) -> None:
        self.who = who
        self._setting = setting

    def invalid_response(
        self,
        doing: str,
        surprise: Exception | None = None,
        body: bytes | None = None,
        *,
        said: str = "",
    ) -> InvalidAnswerError:
        """The error for an answer that is not this system's.

        Args:
            surprise: what did not fit, where it was taken apart.
            body: the answer; shown where it is not JSON.
            said: the same in words, from a dialect's own reader.
        """
        return InvalidAnswerError(
            f"The answer of {self.who} makes no sense; asked to {doing}.",
            f"It says: {said}" if said else _seen(surprise, body),
            f"Check that {self._setting} is the address of {self.who} itself, and that no login "
            "page or proxy is in between",
            maybe_done=True,
        )


def _seen(surprise: Exception | None, body: bytes | None) -> str:
    if body is not None and (not body.strip() or not _is_json(body)):
        return f"It says: {text_of(body) or 'nothing'}"
    if isinstance(surprise, ShapeError):
        return f"It is JSON, but {surprise}."
    if isinstance(surprise, KeyError):
        return f"It is JSON, but {surprise.args[0]} is missing." if surprise.args else ""
    return "It is not of the shape that this call answers with."


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def text_of(body: bytes, longest: int = LONGEST) -> str:
    """A body in words: of a web page, that it is one and its title; redacted first, then cut."""
    return excerpt(without_markup(body.decode("utf-8", "replace")), longest)


def is_web_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"


def without_markup(text: str) -> str:
    """The text of an answer; of a web page, that it is one, and its title or its words."""
    text = text.strip()
    if not text.startswith("<"):
        return text
    said = " ".join(unescape(_title(text) or re.sub(r"<[^>]*+>?", " ", text)).split())
    return f"a web page, {said!r}" if said else "a web page"


def _title(page: str) -> str:
    page = page[:_LOOKED_AT]
    opening = re.search(r"<title[^>]{0,200}>", page, re.IGNORECASE)
    if not opening:
        return ""
    return page[opening.end() :].partition("<")[0]


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
