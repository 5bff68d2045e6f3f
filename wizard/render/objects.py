"""The shape of a rendered object."""

from __future__ import annotations

from typing import Any

from wizard.core.manifest import Manifest


def without_empty(**values: Any) -> dict[str, Any]:
    """The values that are there: not None, and not empty."""
    return {key: value for key, value in values.items() if value}


def manifest(
    api_version: str,
    kind: str,
    name: str,
    namespace: str,
    labelled: dict[str, str],
    **body: Any,
) -> Manifest:
    """A Kubernetes object; an empty namespace for a cluster-scoped one."""
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata["labels"] = labelled
    return Manifest({"apiVersion": api_version, "kind": kind, "metadata": metadata, **body})
