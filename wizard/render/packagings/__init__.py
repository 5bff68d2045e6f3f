"""How each packaging is rendered; every one is a module with one function: profile to files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from wizard.profile.model import Profile
from wizard.render.packagings.argocd import ARGOCD
from wizard.render.packagings.flux import FLUX
from wizard.render.packagings.helm import HELM
from wizard.render.packagings.manifests import MANIFESTS
from wizard.render.packagings.packaging import Packaging


def _by_name(packagings: Iterable[Packaging]) -> Mapping[str, Packaging]:
    return MappingProxyType({one.spec.name: one for one in packagings})


PACKAGINGS = _by_name((MANIFESTS, HELM, ARGOCD, FLUX))


def packaging_of(profile: Profile) -> Packaging:
    """How the packaging that the profile chose is rendered."""
    return PACKAGINGS[profile.delivery.packaging]
