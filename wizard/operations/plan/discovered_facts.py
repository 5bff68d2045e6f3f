"""What was found and is missing in the profile: known first, written before it shapes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from wizard.checks import Connected
from wizard.checks.connecting import answered
from wizard.checks.target import unnamed
from wizard.core.errors import NotAllowedError
from wizard.core.events import ProfileSaved
from wizard.core.findings import Check
from wizard.core.manifest import ObjectRef
from wizard.core.problems import InvalidDocumentError, Key, key_path
from wizard.operations.cluster.existing import existing_namespaces
from wizard.operations.discovery.discover import answers_of
from wizard.profile.file import ProfileFile
from wizard.profile.presets import new_id

Found = Mapping[Key, Any]


async def find_missing(connected: Connected, *, new: bool) -> tuple[Connected, Found, list[Check]]:
    """Ask the cluster and the backend for what the profile does not say; writes nothing.

    Args:
        new: whether a profile without an id is to get one.

    Returns: the context of the profile with these values, the values, and what refused.
    """
    found, refused = await answered(
        "what the backend knows of itself", "secrets.facts", lambda: _missing(connected)
    )
    values = dict(found or {})
    if new and connected.profile.id is None:
        values = {("id",): new_id(), **values}
    if not values:
        return connected, {}, refused
    try:
        file = connected.file.preview(values)
    except InvalidDocumentError as invalid:
        return connected, {}, [*refused, *invalid.checks("profile.found")]
    again = replace(connected, file=file)
    if connected.backend:  # what the backend keeps carries the profile's id
        backend, no_backend = await answered(
            "reach the backend", "backend.reached", lambda: connected.systems.backend(file.profile)
        )
        again, refused = replace(again, backend=backend), [*refused, *no_backend]
    return again, values, refused


async def save_found(file: ProfileFile, found: Found) -> tuple[ProfileFile, list[ProfileSaved]]:
    """Write the values into the profile's file. Raises: WizardError."""
    if not found:
        return file, []
    saved = await asyncio.to_thread(file.save, found)
    return saved, [ProfileSaved(key_path(key), str(found[key])) for key in found]


def _missing(connected: Connected) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    profile, cluster = connected.profile, connected.cluster
    if cluster is not None:
        if profile.cluster.uid is None and not unnamed(profile, cluster, connected.run):
            try:
                found["cluster", "uid"] = cluster.uid()
            except NotAllowedError:  # who has only namespaces: the context says which cluster it is
                if profile.cluster.namespaces != "existing":
                    raise
        kept = existing_namespaces(connected.file, cluster)
        if kept != list(profile.cluster.existing_namespaces):
            found["cluster", "existing_namespaces"] = kept
        if _is_openshift(connected):
            found["cluster", "platform"] = "openshift"
        if _has_policies(connected) and "api_server" not in profile.cluster.model_fields_set:
            found |= _api_server(connected)
        if wanted := _unsaid(connected):
            answers = answers_of(connected.facts())
            found |= {key: answers[key] for key in wanted if key in answers}
    if connected.backend is not None:
        found |= dict(connected.backend.facts())
    return found


def _has_policies(connected: Connected) -> bool:
    return connected.profile.network.policy != "none"


def _api_server(connected: Connected) -> dict[Key, Any]:
    """Where the API server listens, as the cluster's own Service for it says (1.32)."""
    ref = ObjectRef("discovery.k8s.io/v1", "EndpointSlice", "default", "kubernetes")
    try:
        found = connected.object(ref)
    except NotAllowedError:
        return {}
    endpoints = (found or {}).get("endpoints") or ()
    addresses = [ip_network(one) for each in endpoints for one in each.get("addresses") or ()]
    return {("cluster", "api_server"): [str(one) for one in addresses]} if addresses else {}


def _is_openshift(connected: Connected) -> bool:
    """Whether it is one, and the profile does not say what it is."""
    if "platform" in connected.profile.cluster.model_fields_set:
        return False
    api = "security.openshift.io/v1"
    return connected.seen_cluster.serves(api, "SecurityContextConstraints")


def _unsaid(connected: Connected) -> list[Key]:
    """What shapes this profile's rendering and is not in its file, of what a cluster tells."""
    cluster, unsaid = connected.profile.cluster, list[Key]()
    if "architectures" not in cluster.model_fields_set:
        unsaid.append(("cluster", "architectures"))
    if connected.profile.gitlab.proxy or _has_policies(connected):
        unsaid += [
            ("cluster", key)
            for key in ("service_cidrs", "pod_cidrs")
            if key not in cluster.model_fields_set
        ]
    return unsaid
