"""Where a delivery goes, declared once: what is known of each target before anything is rendered.

How it is carried out is in `operations/delivery`; all else that depends on the choice of a target
reads its `TargetSpec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

TargetName = Literal["cluster", "directory", "merge-request"]


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """One place for a delivery to go.

    Args:
        name: in the profile, as `delivery.to`.
        about: what happens there, where the profile's choices are explained.
        writes_files: whether files are what is delivered; otherwise objects are applied.
        has_folder: whether the files are in `delivery.directory`.
        needs_repository: what needs `delivery.repository`; empty where nothing does.
        unavailable: what cannot be used yet, in the plural; empty where it can.
    """

    name: TargetName
    about: str
    writes_files: bool
    has_folder: bool = False
    needs_repository: str = ""
    unavailable: str = ""


TARGETS: Mapping[str, TargetSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            TargetSpec("cluster", "applied to the cluster directly", writes_files=False),
            TargetSpec(
                "directory",
                "written as files for you to commit",
                writes_files=True,
                has_folder=True,
            ),
            TargetSpec(
                "merge-request",
                "committed through GitLab's API, as a merge request",
                writes_files=True,
                needs_repository="a merge request",
                unavailable="merge requests",
            ),
        )
    }
)
"""In the order in which they are offered."""

DIRECT, FOLDER = TARGETS["cluster"], TARGETS["directory"]
"""What a profile goes to by itself, and what it goes to where nothing can be applied."""


def target_of(name: object) -> TargetSpec:
    """The target of that name; the default for a draft whose name is not one."""
    return TARGETS.get(str(name), DIRECT)
