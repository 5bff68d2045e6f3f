"""Argo CD: it reads the repository and keeps the cluster in step with it."""

from __future__ import annotations

from wizard.profile.operators import Operator
from wizard.profile.packagings.spec import PackagingSpec
from wizard.profile.types import DnsLabel, ObjectName, Section, option

WAVE = "argocd.argoproj.io/sync-wave"
_OPTIONS = "argocd.argoproj.io/sync-options"


class ArgoCd(Section):
    """How Argo CD is set up."""

    namespace: DnsLabel = option("argocd", "The namespace Argo CD runs in.")
    project: ObjectName = option("default", "The AppProject of the Applications.")


ARGOCD = PackagingSpec(
    name="argocd",
    title="Argo CD",
    about="an Argo CD Application per runner, of GitLab's chart and its own manifests",
    uses_chart=True,
    operator=Operator(
        "argocd", "Argo CD", "argoproj.io/v1alpha1", "Application", "delivery as argocd"
    ),
    not_applied="Argo CD reads from Git",
    # The token is there before the manager starts: Argo CD waits until an ExternalSecret is Ready.
    annotations={
        "Namespace": {WAVE: "-3", _OPTIONS: "Delete=false,Prune=false"},
        "ServiceAccount": {WAVE: "-2"},
        "ClusterSecretStore": {WAVE: "-2"},
        "ExternalSecret": {WAVE: "-1"},
        "Secret": {WAVE: "-1"},
    },
    sops_plugin="KSOPS",
    settings={"namespace": "Argo CD is in", "project": "AppProject"},
)
