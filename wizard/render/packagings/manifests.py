"""Plain manifests: a folder for each runner and one for what they share, with kustomizations."""

from __future__ import annotations

from wizard.core.manifest import RenderedFile
from wizard.profile.model import Profile
from wizard.profile.packagings import manifests as declared
from wizard.render.packagings.folders import kustomized
from wizard.render.packagings.packaging import Packaging
from wizard.render.pipelines import pipeline
from wizard.render.releases import release


def files(profile: Profile) -> list[RenderedFile]:
    """Every object of every runner, and the pipelines."""
    return kustomized(profile, release) + [pipeline(profile, one) for one in profile.runners]


MANIFESTS = Packaging(declared.MANIFESTS, files)
