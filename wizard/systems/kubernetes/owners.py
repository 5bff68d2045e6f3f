"""Who else looks after an object: Helm, Argo CD, Flux or OLM, by the marks they leave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from wizard.core.errors import ConflictError
from wizard.core.manifest import FIELD_MANAGER, MANAGED_BY, OWNER_ID, Manifest
from wizard.systems.kubernetes.creation import created_by, field_managers

_HELM_RELEASE = "meta.helm.sh/release-name"
_HELM_NAMESPACE = "meta.helm.sh/release-namespace"
_ARGO_TRACKING = "argocd.argoproj.io/tracking-id"
_ARGO_INSTANCE = "argocd.argoproj.io/instance"
_ARGO_MANAGER = "argocd-controller"
_INSTANCE = "app.kubernetes.io/instance"
_FLUX = (
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
)
_OLM = "olm.owner"
# What people change things with, by the field managers these programs write: kubectl and its
# subcommands, k9s, and the dashboards that go through a browser or Electron.
_HANDS = re.compile(r"kubectl(-.*)?|k9s|Mozilla|node-fetch")


def by_hand(managers: Iterable[str]) -> bool:
    """Whether all of these are tools in someone's hands, which will not change it back."""
    return all(_HANDS.fullmatch(manager) for manager in managers)


def by_wizard(live: Mapping[str, Any]) -> bool:
    """Whether a profile made it, whichever."""
    return (live["metadata"].get("labels") or {}).get(MANAGED_BY) == FIELD_MANAGER


def is_ours(live: Mapping[str, Any], profile_id: str | None) -> bool:
    """Whether it is this profile's, and no one else looks after it; before it has an id, never."""
    return bool(profile_id) and profile_of(live) == profile_id and not owner_of(live)


def profile_of(live: Mapping[str, Any]) -> str:
    """The id of the profile whose labels it carries, or the empty string."""
    return str((live["metadata"].get("labels") or {}).get(OWNER_ID, "")) if by_wizard(live) else ""


def stays(manifest: Manifest, live: Mapping[str, Any] | None) -> bool:
    """Whether what is there is left exactly as it is: a namespace that the profile did not make.

    Runners work in it all the same; its labels, and what it enforces, are its owner's.
    """
    return (
        live is not None
        and manifest.kind == "Namespace"
        and not created_by(live, manifest.labels.get(OWNER_ID))
    )


def refuse_other_owner(manifest: Manifest, live: Mapping[str, Any] | None) -> None:
    """Raises: ConflictError, where what is there is another tool's, another profile's, or older."""
    if live is None:
        return
    if owner := owner_of(live):
        raise ConflictError(
            f"{manifest.ref} is managed by {owner}.",
            "It carries that owner's labels or annotations, and would be changed back or removed.",
            "Change it there, or remove it there first",
        )
    if not by_wizard(live):
        raise ConflictError(
            f"{manifest.ref} exists already, and the wizard did not create it.",
            "What others created is neither changed nor labelled, and so would never be deleted.",
            "Delete it if nothing needs it, or give the runner or the profile another name",
        )
    other = profile_of(live)
    if other and other != manifest.labels.get(OWNER_ID):
        raise ConflictError(
            f"{manifest.ref} belongs to another profile, with the id {other}.",
            "Two profiles that name a runner alike, or themselves, would undo each other's work.",
            "Give this one other names, or its own cluster.namespace and cluster.job_namespace; if "
            f'it is meant to go on where that one was, write id: "{other}" into it',
        )


def owner_of(live: Mapping[str, Any]) -> str:
    """The other owner in words (`Argo CD application homelab`), or the empty string.

    Controllers come before Helm: Argo CD and Flux apply what a chart rendered, labels and all, and
    it is the controller that would undo our change. The marks are those documented for Helm 3,
    Argo CD 3, Flux 2 and OLM 0.
    """
    labels = live["metadata"].get("labels") or {}
    annotations = live["metadata"].get("annotations") or {}
    if tracking := annotations.get(_ARGO_TRACKING):
        return f"Argo CD application {str(tracking).partition(':')[0]}"
    if instance := labels.get(_ARGO_INSTANCE):
        return f"Argo CD application {instance}"
    if (instance := labels.get(_INSTANCE)) and _ARGO_MANAGER in field_managers(live):
        # Argo CD 2 tracks by this label, which charts also set themselves.
        return f"Argo CD application {instance}"
    for prefix, kind in _FLUX:
        if name := labels.get(f"{prefix}/name"):
            namespace = labels.get(f"{prefix}/namespace", "")
            return f"Flux {kind} {namespace}/{name}" if namespace else f"Flux {kind} {name}"
    if owner := labels.get(_OLM):
        return f"OLM operator {owner}"
    return _helm_release(labels, annotations)


def _helm_release(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    if release := annotations.get(_HELM_RELEASE):
        namespace = annotations.get(_HELM_NAMESPACE, "")
        return f"Helm release {namespace}/{release}" if namespace else f"Helm release {release}"
    return "Helm" if labels.get(MANAGED_BY) == "Helm" else ""
