"""Helm: values of GitLab's chart, installed by hand."""

from __future__ import annotations

from wizard.profile.packagings.spec import PackagingSpec

HELM = PackagingSpec(
    name="helm",
    title="Helm",
    about="values for GitLab's chart, with the companion manifests",
    uses_chart=True,
    not_applied="as: helm writes values and the commands to install them",
)
