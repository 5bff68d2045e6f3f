"""The ways to express a runner; each is one module with one function: profile to files."""

from __future__ import annotations

from collections.abc import Callable

from wizard.core.manifest import RenderedFile
from wizard.profile.delivery import Packaging
from wizard.profile.model import Profile
from wizard.render.packagings import argocd, helm, plain

PACKAGINGS: dict[Packaging, Callable[[Profile], list[RenderedFile]]] = {
    "argocd": argocd.files,
    "helm": helm.files,
    "manifests": plain.files,
}
