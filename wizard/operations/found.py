"""Writing what was found into the profile, before it shapes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from wizard.core.errors import NotAllowed
from wizard.core.events import ProfileSaved
from wizard.core.problems import Key, key_path
from wizard.operations.existing import existing_namespaces
from wizard.operations.wish import ProfileFile, Systems
from wizard.profile.presets import new_id
from wizard.systems.backends import Backend
from wizard.systems.kubernetes import Cluster


async def complete(
    file: ProfileFile, systems: Systems, cluster: Cluster | None
) -> tuple[ProfileFile, Backend, list[ProfileSaved]]:
    """Save the id, the cluster's uid and what the backend knows of itself, where they are missing.

    Returns: the file as it is then, the backend of that profile, and what was saved.
    Raises: WizardError, when the file cannot be written.
    """
    backend = await asyncio.to_thread(systems.backend, file.profile)
    found = await asyncio.to_thread(_missing, file, cluster, backend)
    if found:
        file = await asyncio.to_thread(file.save, found)
        # Anew: what the backend keeps carries the profile's id.
        backend = await asyncio.to_thread(systems.backend, file.profile)
    return file, backend, [ProfileSaved(key_path(key), str(found[key])) for key in found]


def _missing(file: ProfileFile, cluster: Cluster | None, backend: Backend) -> Mapping[Key, Any]:
    profile = file.profile
    found: dict[Key, Any] = {}
    if profile.id is None:
        found[("id",)] = new_id()
    if profile.cluster.uid is None and cluster is not None:
        try:
            found[("cluster", "uid")] = cluster.uid()
        except NotAllowed:  # who has only namespaces: the context says which cluster it is
            if profile.cluster.namespaces != "existing":
                raise
    if cluster is not None and (kept := existing_namespaces(file, cluster)) != list(
        profile.cluster.existing_namespaces
    ):
        found[("cluster", "existing_namespaces")] = kept
    return found | dict(backend.facts())
