"""What a profile comes to, before anything is written: its files as a tree, or its objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wizard.core.manifest import RenderedFile
from wizard.profile.model import Profile
from wizard.render import files, manifests

_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Preview:
    """A heading, and lines below it: each a file or an object, with what it is for."""

    heading: str
    lines: tuple[tuple[str, str], ...]


def preview(profile: Profile) -> Preview:
    """What would be applied or written. Raises: LookupError, where `render` has no such delivery.

    Args:
        profile: a valid one.
    """
    delivery = profile.delivery
    if not delivery.writes_files:
        objects = [(str(one.ref), "") for one in manifests(profile)]
        count = len(objects)
        return Preview(f"Applied to the cluster: {count} objects, and no file", tuple(objects))
    rendered = files(profile)
    place = delivery.directory if delivery.goes.has_folder else "the repository"
    heading = f"{place}: {len(rendered)} files, for you to commit"
    return Preview(heading, tuple(_tree(rendered)))


def _tree(rendered: Iterable[RenderedFile]) -> Iterator[tuple[str, str]]:
    """Folders and files in order, each indented below its folder."""
    above: tuple[str, ...] = ()
    for file in sorted(rendered, key=lambda one: one.path.split("/")):
        *folders, name = file.path.split("/")
        for depth, folder in enumerate(folders):
            if above[: depth + 1] != tuple(folders[: depth + 1]):
                yield f"{_INDENT * depth}{folder}/", ""
        above = tuple(folders)
        yield f"{_INDENT * len(folders)}{name}", file.about
