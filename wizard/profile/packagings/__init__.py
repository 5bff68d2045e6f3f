"""Every packaging, by its name in the profile.

Another one is its module here and its module in `render/packagings`; a test holds every table to
these names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from wizard.profile.packagings.argocd import ARGOCD
from wizard.profile.packagings.flux import FLUX
from wizard.profile.packagings.helm import HELM
from wizard.profile.packagings.manifests import MANIFESTS
from wizard.profile.packagings.spec import PackagingSpec


def _by_name(specs: Iterable[PackagingSpec]) -> Mapping[str, PackagingSpec]:
    return MappingProxyType({spec.name: spec for spec in specs})


PACKAGINGS = _by_name((MANIFESTS, HELM, ARGOCD, FLUX))
"""In the order in which they are offered."""


def any_of(*, uses_chart: bool | None = None) -> str:
    """The names of those that can be chosen, as a sentence has them.

    Args:
        uses_chart: only those that do, or do not, use GitLab's chart.
    """
    *most, last = [
        spec.name
        for spec in PACKAGINGS.values()
        if spec.is_built and uses_chart in {None, spec.uses_chart}
    ]
    return f"{', '.join(most)} or {last}" if most else last
