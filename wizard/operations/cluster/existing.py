"""Namespaces that others made, kept out of the files that a profile delivers.

Syncing the files would put the profile's labels on such a namespace, and its level over what
runs there. So the profile names it, where it can be read and reviewed, before any file is written.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from wizard.core.errors import NotAllowedError
from wizard.core.manifest import ObjectRef
from wizard.profile.file import ProfileFile
from wizard.profile.model import Profile
from wizard.systems.kubernetes import Cluster, profile_of
from wizard.systems.kubernetes.owners import by_wizard


def existing_namespaces(file: ProfileFile, cluster: Cluster) -> list[str]:
    """The profile's list, with what was found since; only for a delivery of files. Blocking."""
    profile = file.profile
    known = list(profile.cluster.existing_namespaces)
    if not profile.delivery.writes_files:
        return known
    delivered = _delivered(file)
    new = [name for name in profile.namespaces if profile.makes(name) and name not in delivered]
    return known + [name for name in new if _is_of_others(profile, name, cluster)]


def _is_of_others(profile: Profile, name: str, cluster: Cluster) -> bool:
    try:
        live = cluster.get(ObjectRef("v1", "Namespace", "", name))
    except NotAllowedError:
        return False
    if live is None:
        return False
    # Files that were rendered before the profile had an id carry none.
    return not by_wizard(live) or profile_of(live) not in {"", profile.id}


def _delivered(file: ProfileFile) -> set[str]:
    """Namespaces in the files of an earlier run: these may be half-way into the cluster."""
    profile = file.profile
    folder = file.path.parent / profile.delivery.directory
    folder /= Path(profile.delivery.folder("manifests_path"), profile.shared)
    try:
        documents = list(yaml.safe_load_all((folder / "namespaces.yaml").read_text("utf-8")))
    except (OSError, ValueError, yaml.YAMLError):
        return set()
    return {str(one["metadata"]["name"]) for one in documents if _is_named(one)}


def _is_named(document: object) -> bool:
    if not isinstance(document, dict):
        return False
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and "name" in metadata
