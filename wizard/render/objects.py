"""What every rendered object carries: labels, by which it is found again, and metadata."""

from __future__ import annotations

from typing import Any

from wizard.core.manifest import FIELD_MANAGER, MANAGED_BY, OWNER_ID, PART_OF, Manifest
from wizard.profile.model import Profile
from wizard.profile.runner import Runner

RUNNER_LABEL = "runner-wizard/runner"
_NAME = "app.kubernetes.io/name"
_INSTANCE = "app.kubernetes.io/instance"
_GROUP = "gitlab-runner"


def manager_labels(_profile: Profile, runner: Runner) -> dict[str, str]:
    """The labels that a runner's manager pods have in every packaging: how they are selected.

    A Deployment's selector can never change, so these two depend on the runner's name alone.
    """
    return {_NAME: _GROUP, _INSTANCE: runner.release}


def labels(profile: Profile, runner: Runner | None = None) -> dict[str, str]:
    """The labels of an object of one runner, or of one that all runners share."""
    instance = runner.release if runner else profile.shared
    found = {_NAME: _GROUP, _INSTANCE: instance, PART_OF: _GROUP, MANAGED_BY: FIELD_MANAGER}
    if profile.id:
        found[OWNER_ID] = profile.id
    if runner:
        found[RUNNER_LABEL] = runner.name
    return found


def given(**values: Any) -> dict[str, Any]:
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
