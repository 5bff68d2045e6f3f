"""Finding the runner's releases in whatever wraps them: each wrapper is known by structure."""

from __future__ import annotations

from collections.abc import Callable

from wizard.core.errors import UsageError
from wizard.importing.bundle import words_of
from wizard.importing.ledger import Source
from wizard.importing.release import Bundle, Doc, Release
from wizard.importing.wrappers.argocd import applications
from wizard.importing.wrappers.beside import Beside, read_beside
from wizard.importing.wrappers.common import plain_values
from wizard.importing.wrappers.config import config_objects, toml_file
from wizard.importing.wrappers.flux import helm_releases
from wizard.importing.wrappers.helm import (
    fleet_releases,
    helmfile_releases,
    k3s_charts,
    kustomize_charts,
)
from wizard.importing.wrappers.objects import workloads
from wizard.importing.wrappers.operator import operator_runners
from wizard.importing.wrappers.terraform import helm_resources

__all__ = ["Beside", "find_releases"]

# Those that name their values first: a values.yaml that one of them names is no release besides.
_WRAPPERS: tuple[Callable[[Bundle, Doc], list[Release]], ...] = (
    applications,
    helm_releases,
    k3s_charts,
    kustomize_charts,
    helmfile_releases,
    fleet_releases,
    helm_resources,
    operator_runners,
    toml_file,
    config_objects,
    workloads,
    plain_values,
)
_READ = (
    "values.yaml of GitLab's chart, an Argo CD Application, a Flux HelmRelease, a HelmChart of "
    "k3s, "
    ""
    "kustomize, helmfile, Terraform or fleet with the chart, the operator's Runner, what kubectl "
    "or "
    "helm get prints, and config.toml"
)


def find_releases(bundle: Bundle) -> tuple[list[Release], Beside]:
    """Every release in the documents, and what else they say about it.

    Raises: UsageError, when there is none, with what each document is.
    """
    for wrapper in _WRAPPERS:
        for doc in bundle.docs:
            if not doc.used:
                found = wrapper(bundle, doc)
                for release in found:
                    release.document = release.document if release.document >= 0 else doc.number
                bundle.made += found
    for release in bundle.made:
        release.unread_values = release.document in bundle.unread
    beside = read_beside(bundle)
    if not bundle.made:
        raise _nothing(bundle)
    return bundle.made, beside


def _nothing(bundle: Bundle) -> UsageError:
    names = ", ".join(bundle.files)
    if bundle.refusals:
        return UsageError(
            f"{names} sets up no runner by itself.",
            "; ".join(dict.fromkeys(bundle.refusals)),
            "Give the values too: init --from FILE --from FILE, or init --from FOLDER",
        )
    found = [_said(doc) for doc in bundle.docs[:6]]
    found = found or ["a list" if isinstance(one.data, list) else "text" for one in _others(bundle)]
    what = f"it is {'; '.join(found)}" if found else "it is empty"
    return UsageError(
        f"{names} sets up no runner that the import knows.",
        f"{what}. The import reads {_READ}",
        "Give one of these, or ask the cluster: init --from-cluster",
    )


def _others(bundle: Bundle) -> list[Source]:
    """Documents that hold something, and are no mapping."""
    return [one for one in bundle.ledger.sources if one.data not in (None, "", [])][:6]


def _said(doc: Doc) -> str:
    services = doc.data.get("services")
    if isinstance(services, dict) and "gitlab-runner" in str(services):
        return "a Docker Compose file: give the config.toml that its runner mounts"
    if doc.data.get("kind") == "Template" and "objects" in doc.data:
        return f"{words_of(doc.data)} of OpenShift: give what `oc process -f FILE -o yaml` prints"
    return words_of(doc.data)
