"""Flux: it reads the repository and keeps the cluster in step with it."""

from __future__ import annotations

from wizard.profile.operators import Operator
from wizard.profile.packagings.spec import PackagingSpec

FLUX = PackagingSpec(
    name="flux",
    title="Flux",
    about="a HelmRelease per runner, for Flux",
    uses_chart=True,
    operator=Operator(
        "flux", "Flux", "helm.toolkit.fluxcd.io/v2", "HelmRelease", "delivery as flux"
    ),
    not_applied="Flux reads from Git",
    is_built=False,
)
