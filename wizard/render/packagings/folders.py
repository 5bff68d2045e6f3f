"""Manifests as files: one kind a file, named by what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from wizard.core.manifest import Manifest, RenderedFile
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.ownership import header
from wizard.render.releases import shared
from wizard.render.yaml_text import to_documents, to_yaml

_ABOUT = {
    "Namespace": "the namespaces, and the Pod Security level each enforces",
    "ClusterSecretStore": "how External Secrets reads the backend, for our namespace only",
    "ServiceAccount": "who the manager and its jobs are, or who reads the backend",
    "Role": "what the manager may do where its jobs run",
    "RoleBinding": "that Role, given to the manager",
    "ConfigMap": "the runner's config.toml, without its token",
    "ExternalSecret": "brings the runner's token into the cluster",
    "Deployment": "the runner manager",
    "HelmRelease": "the chart's release, with its values",
    "NetworkPolicy": "what its managers and jobs may reach, and who may reach them",
    "PodDisruptionBudget": "how nodes may be drained under the manager",
}


def apps_path(profile: Profile, below: str) -> str:
    """A path in the folder of Applications, relative to the delivery's directory."""
    return profile.delivery.path("apps_path", below)


def manifests_path(profile: Profile, below: str = ".") -> str:
    """A path in the folder of manifests, or that folder, relative to the delivery's directory."""
    return profile.delivery.path("manifests_path", below)


def manifest_files(
    profile: Profile,
    folder: str,
    manifests: Iterable[Manifest],
    names: dict[str, str] | None = None,
) -> list[RenderedFile]:
    """Each kind as one file of the folder; `names` gives a kind another file name."""
    kinds: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        kinds.setdefault(manifest.kind, []).append(manifest)
    return [
        RenderedFile(
            f"{folder}/{(names or {}).get(kind) or _file_name(kind, len(found))}.yaml",
            header(profile) + to_documents([manifest.body for manifest in found]),
            _ABOUT.get(kind, kind),
        )
        for kind, found in kinds.items()
    ]


def annotated(profile: Profile, manifests: Iterable[Manifest]) -> list[Manifest]:
    """The manifests, with what the packaging wants on the objects of each kind."""
    found = []
    for manifest in manifests:
        metadata = manifest.body["metadata"]
        wanted = profile.delivery.spec.annotated(manifest.kind)
        annotations = {**metadata.get("annotations", {}), **wanted}
        body = {**manifest.body, "metadata": {**metadata, "annotations": annotations}}
        found.append(Manifest(body) if wanted else manifest)
    return found


def runner_folder(
    profile: Profile, runner: Runner, manifests: Iterable[Manifest]
) -> list[RenderedFile]:
    """A runner's manifests, and the kustomization that names them and the encrypted token."""
    found = manifest_files(profile, manifests_path(profile, runner.release), manifests)
    paths = [file.path for file in found]
    if sealed := profile.token_file(runner):
        paths.append(sealed)
    note = token_note(profile, runner)
    return [*found, _kustomization(profile, paths, f"runner {runner.name}", note)]


def kustomized(
    profile: Profile, own: Callable[[Profile, Runner], Iterable[Manifest]]
) -> list[RenderedFile]:
    """Folders that `kubectl apply -k` takes: all at once, what is shared, or one runner's `own`."""
    names = {"ClusterSecretStore": "store"}
    folder = manifests_path(profile, profile.shared)
    found = manifest_files(profile, folder, shared(profile), names)
    paths = [file.path for file in found]
    folders = [runner.release for runner in profile.runners]
    if paths:  # namespaces of others and no store: then the runners share nothing
        found.append(_kustomization(profile, paths, "what runners share"))
        folders.insert(0, profile.shared)
    for runner in profile.runners:
        found += runner_folder(profile, runner, own(profile, runner))
    found.append(
        RenderedFile(
            manifests_path(profile, "kustomization.yaml"),
            header(profile) + _kustomization_text(folders),
            "everything: kubectl apply -k of this folder",
        )
    )
    return found


def _kustomization(profile: Profile, paths: list[str], about: str, note: str = "") -> RenderedFile:
    folder = paths[0].rpartition("/")[0]
    text = header(profile) + note + _kustomization_text([path[len(folder) + 1 :] for path in paths])
    return RenderedFile(f"{folder}/kustomization.yaml", text, f"the files of {about}, together")


def _kustomization_text(resources: list[str]) -> str:
    return to_yaml(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": resources,
        }
    )


def placeholder(profile: Profile, namespace: str) -> RenderedFile:
    """One small object that keeps the folder which the operator reads in the repository.

    Args:
        namespace: the operator's, where it goes.
    """
    about = "keeps the folder, so that what it held is removed"
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{profile.shared}-placeholder", "namespace": namespace},
        "data": {"about": f"{about}; it can go once that is gone"},
    }
    path = apps_path(profile, "placeholder.yaml")
    return RenderedFile(path, header(profile) + to_yaml(body), about)


def token_note(profile: Profile, runner: Runner) -> str:
    """Comment lines: where the token's Secret comes from, where no file makes it."""
    if profile.secrets.through_store:
        return ""
    if profile.secrets.in_files:
        return (
            "# The runner's token is encrypted in token.yaml of its folder of manifests;\n"
            "# `runner-wizard apply` writes that file, and nothing else does.\n"
        )
    return (
        f"# The Secret {profile.cluster.namespace}/{runner.token_secret} holds the runner's token\n"
        "# and is never in a file: `runner-wizard apply` writes it into the cluster.\n"
    )


def _file_name(kind: str, count: int) -> str:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind).lower()
    return f"{name}s" if count > 1 or kind == "Namespace" else name
