"""What the rendering of a packaging is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wizard.core.manifest import RenderedFile
from wizard.profile.model import Profile
from wizard.profile.packagings.spec import PackagingSpec


def _no_commands(_profile: Profile) -> list[str]:
    """What there is to type where the wizard or the cluster does all of it."""
    return []


def _no_files(_profile: Profile) -> list[RenderedFile]:
    """What has to stay of the files where nothing has."""
    return []


@dataclass(frozen=True, slots=True)
class Packaging:
    """A packaging that can be rendered.

    Args:
        spec: its declaration.
        files: the whole delivery.
        install_commands: what a person types in the folder of the files, in this order, to install
            or upgrade everything; nothing where something else does so.
        uninstall_commands: what a person types to remove it after running jobs have ended.
        placeholders: what keeps a folder whose last manifests go, where its reader would
            otherwise remove nothing.
    """

    spec: PackagingSpec
    files: Callable[[Profile], list[RenderedFile]]
    install_commands: Callable[[Profile], list[str]] = _no_commands
    uninstall_commands: Callable[[Profile], list[str]] = _no_commands
    placeholders: Callable[[Profile], list[RenderedFile]] = _no_files
