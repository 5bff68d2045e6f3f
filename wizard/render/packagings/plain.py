"""Plain manifests: a folder for each runner and one for what they share, with kustomizations."""

from __future__ import annotations

from wizard.core.manifest import RenderedFile
from wizard.profile.model import Profile
from wizard.render.ownership import header
from wizard.render.packagings.folders import manifest_files, manifests_path, token_note
from wizard.render.pipelines import pipeline
from wizard.render.releases import release, shared
from wizard.render.yaml_text import to_yaml


def files(profile: Profile) -> list[RenderedFile]:
    """Folders that `kubectl apply -k` takes: all at once, or one runner at a time."""
    root = manifests_path(profile)
    names = {"ClusterSecretStore": "store"}
    found = manifest_files(profile, f"{root}/{profile.shared}", shared(profile), names)
    paths = [file.path for file in found]
    found.append(_kustomization(profile, paths, "what runners share"))
    for runner in profile.runners:
        folder = f"{root}/{runner.release}"
        own = manifest_files(profile, folder, release(profile, runner))
        note = token_note(profile, runner)
        found += own
        paths = [file.path for file in own]
        if sealed := profile.token_file(runner):
            paths.append(sealed)
        found.append(_kustomization(profile, paths, f"runner {runner.name}", note))
    folders = [profile.shared, *(runner.release for runner in profile.runners)]
    found.append(
        RenderedFile(
            f"{root}/kustomization.yaml",
            header(profile) + _kustomization_text(folders),
            "everything: kubectl apply -k of this folder",
        )
    )
    return found + [pipeline(profile, runner) for runner in profile.runners]


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
