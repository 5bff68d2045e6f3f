"""Cloud identities of the manager's ServiceAccount: a cloud trusts an account by its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.core.problems import Key
from wizard.importing.release import Release
from wizard.importing.translate.namespaces import Namespaces

_CLOUDS = {
    "eks.amazonaws.com/role-arn": ("AWS role", "trust policy"),
    "iam.gke.io/gcp-service-account": ("Google service account", "workloadIdentityUser binding"),
    "azure.workload.identity/client-id": ("Azure identity", "federated credential"),
}
_PLACES: tuple[Key, ...] = (
    ("serviceAccount", "annotations"),
    ("rbac", "serviceAccountAnnotations"),
)


def tell_identity(release: Release, places: Namespaces, runners: list[dict[str, Any]]) -> None:
    """Say which cloud identities trust the old ServiceAccount, and must trust the new ones.

    Args:
        places: the profile's namespaces.
        runners: the profile's runners that the release became.
    """
    names = [f"{places.manager}/gitlab-runner-{one['name']}" for one in runners]
    old = "/".join(filter(None, (release.namespace.text, release.manager_account)))
    if [old] == names:
        return
    for key, (what, trust) in _annotated(release):
        release.report.breaks(
            f"the {what} of the manager does not trust its new ServiceAccount",
            release.values.at(*key),
            f"its {trust} names the old one{f', {old}' if old else ''}: what the manager reaches "
            "with it, such as the cache, answers AccessDenied",
            f"Add {', '.join(names)} (namespace/ServiceAccount) to the {trust} before apply",
        )


def _annotated(release: Release) -> Iterator[tuple[Key, tuple[str, str]]]:
    for place in _PLACES:
        for name in release.values.section(*map(str, place)):
            if name in _CLOUDS:
                yield (*place, name), _CLOUDS[name]
