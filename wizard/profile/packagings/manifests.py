"""Plain manifests, applied by the wizard, by hand or by whatever reads the repository."""

from __future__ import annotations

from wizard.profile.packagings.spec import PackagingSpec

MANIFESTS = PackagingSpec(
    name="manifests",
    title="Plain manifests",
    about="plain manifests with a kustomization; needs nothing but Kubernetes",
    uses_chart=False,
)
