"""Flux: it reads the repository and keeps the cluster in step with it."""

from __future__ import annotations

from wizard.profile.operators import Operator
from wizard.profile.packagings.spec import PackagingSpec
from wizard.profile.types import DnsLabel, ObjectName, Section, option


class Flux(Section):
    """How Flux is set up."""

    namespace: DnsLabel = option("flux-system", "The namespace Flux runs in.")
    source: ObjectName = option("flux-system", "The GitRepository that reads the repository.")


FLUX = PackagingSpec(
    name="flux",
    title="Flux",
    about="a Flux Kustomization per runner, with a HelmRelease of GitLab's chart in it",
    uses_chart=True,
    operator=Operator(
        "flux", "Flux", "helm.toolkit.fluxcd.io/v2", "HelmRelease", "delivery as flux"
    ),
    not_applied="Flux reads from Git",
    annotations={"Namespace": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}},
    settings={"namespace": "Flux is in", "source": "GitRepository"},
)
