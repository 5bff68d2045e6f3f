"""Every key of a profile with what is declared about it: one walk for schema, docs and widgets.

No field here is secret: a profile holds none, and `rules` refuses one that was written into it.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic_core import PydanticUndefined

from wizard.core.problems import Key
from wizard.profile.model import Profile
from wizard.profile.runner import CpuShare, MemoryShare
from wizard.profile.types import Kind, Matching, Section

ITEM = "[]"
"""Stands in a path for any index of a list."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One key: `path` names the keys around it and itself, with `[]` for an entry of a list."""

    path: tuple[str, ...]
    kind: str
    """What its value is, in words: `true or false`, `list of runner tags`."""
    help: str
    required: bool
    default: Any
    """Plain data, as it would are in the file; None where it is required or has none."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Each value it may have, with what that means; empty where it is not a choice."""
    section: type[Section] | None = None
    """The mapping of keys it holds, itself or in each entry of its list."""

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def dotted(self) -> str:
        """`runners[].jobs.image`."""
        return ".".join(self.path).replace(f".{ITEM}", ITEM)


@cache
def fields(section: type[Section] = Profile) -> tuple[FieldInfo, ...]:
    """Every key of a section and of all sections in it, in the order of declaration."""
    return tuple(_walk(section, (), None))


@cache
def _by_path() -> dict[tuple[str, ...], FieldInfo]:
    return {info.path: info for info in fields()}


def find(key: Key) -> FieldInfo | None:
    """The field at a key of a document; under `defaults` it is the runner's own.

    An entry of a list is described by the list's field.
    """
    path = tuple(ITEM if isinstance(part, int) else part for part in key)
    if path[:1] == ("defaults",) and len(path) > 1:
        path = ("runners", ITEM, *path[1:])
    return _by_path().get(path[:-1] if path[-1:] == (ITEM,) else path)


def declared(key: Key) -> FieldInfo:
    """The declaration of a key. Raises: KeyError."""
    if (info := find(key)) is None:
        raise KeyError(key)
    return info


def keys_below(key: Key) -> list[str]:
    """The names a mapping of the document may hold, in the order of declaration."""
    owner = find(key) if key else None
    section = owner.section if owner else None if key else Profile
    return [info.name for info in fields(section) if len(info.path) == 1] if section else []


def _walk(
    section: type[Section], above: tuple[str, ...], share: Section | None
) -> Iterator[FieldInfo]:
    hints = get_type_hints(section, include_extras=True)
    for name, declared in section.model_fields.items():
        path = (*above, declared.alias or name)
        hint = hints[name]
        inner, is_list = _inner_section(hint)
        default = None if declared.default is PydanticUndefined else declared.default
        if share:  # a share of CPU or memory that is given in part keeps the rest of its default
            default = getattr(share, name)
        yield FieldInfo(
            path,
            _kind(hint),
            declared.description or "",
            declared.is_required(),
            _plain(default),
            _choices(hint, declared.json_schema_extra),
            inner,
        )
        if inner:
            share_below = default if isinstance(default, CpuShare | MemoryShare) else None
            yield from _walk(inner, (*path, ITEM) if is_list else path, share_below)


def _plain(default: Any) -> Any:
    if isinstance(default, Section):
        return default.model_dump(by_alias=True, exclude_none=True)
    return default


def _bare(hint: Any) -> tuple[Any, str]:
    """A type without `Annotated` and without None, and the words declared for it."""
    words = ""
    if get_origin(hint) is Annotated:
        hint, *metadata = get_args(hint)
        words = next((note.what for note in metadata if isinstance(note, Kind | Matching)), "")
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        if len(members) == 1:
            inner, inner_words = _bare(members[0])
            return inner, words or inner_words
        return Union[tuple(members)], words  # noqa: UP007 - made of a list of types
    return hint, words


def _inner_section(hint: Any) -> tuple[type[Section] | None, bool]:
    bare, _ = _bare(hint)
    if get_origin(bare) is list:
        return _inner_section(get_args(bare)[0])[0], True
    return (bare, False) if isinstance(bare, type) and issubclass(bare, Section) else (None, False)


def _kind(hint: Any) -> str:
    bare, words = _bare(hint)
    if words:
        return words
    arguments = get_args(bare)
    if get_origin(bare) is Union:
        return " or ".join(dict.fromkeys(_kind(member) for member in arguments))
    if get_origin(bare) is Literal:
        return "one of " + ", ".join(str(value) for value in arguments)
    if get_origin(bare) is list:
        inner = _kind(arguments[0])
        return "list of mappings" if inner == "mapping" else f"list; each {inner}"
    simple = {bool: "true or false", int: "whole number", str: "text"}
    return simple.get(bare, "mapping") if isinstance(bare, type) else "mapping"


def _choices(hint: Any, extra: Any) -> dict[str, str]:
    bare, _ = _bare(hint)
    if get_origin(bare) is list:
        bare, _ = _bare(get_args(bare)[0])
    if get_origin(bare) is not Literal:
        return {}
    meanings = extra.get("x-choices", {}) if isinstance(extra, dict) else {}
    return {str(value): meanings.get(str(value), "") for value in get_args(bare)}
