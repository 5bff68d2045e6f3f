"""The list of checks: each with what it asks, who answers, and which delivery needs it."""

from __future__ import annotations

from wizard.checks import (
    accounts,
    admission,
    argocd,
    capacity,
    fields,
    flux,
    network,
    references,
    rights,
    smoke,
    surroundings,
    target,
    token,
    versions,
    webhooks,
)
from wizard.checks.running import Declared
from wizard.core.changes import System

_GITLAB, _SECRETS, _CLUSTER = System.GITLAB, System.SECRETS, System.CLUSTER

CHECKS = (
    Declared("gitlab.scopes", "what the token may do", token.scopes, _GITLAB, always=True),
    Declared("gitlab.expiry", "how long the token lasts", token.expiry, _GITLAB, always=True),
    Declared("gitlab.role", "what the token's user may do there", token.role, _GITLAB),
    Declared("gitlab.version", "whether the versions go together", versions.skew, _GITLAB),
    Declared("gitlab.smoke", "whether a job can prove the runners", smoke.conditions, _GITLAB),
    Declared(
        "cluster.named",
        "which cluster is meant",
        target.named,
        _CLUSTER,
        only_to_cluster=True,
        always=True,
    ),
    Declared(
        "cluster.operators", "the operators it needs", target.operators, _CLUSTER, always=True
    ),
    Declared(
        "cluster.fields",
        "whether External Secrets knows the fields",
        fields.of_external_secrets,
        _CLUSTER,
    ),
    Declared("cluster.argocd", "whether Argo CD takes the files", argocd.of_argocd, _CLUSTER),
    Declared("cluster.flux", "whether Flux takes the files", flux.of_flux, _CLUSTER),
    Declared("cluster.store", "the store it reads through", target.store, _CLUSTER, always=True),
    Declared(
        "cluster.rights",
        "what we may do in the cluster",
        rights.in_cluster,
        _CLUSTER,
        only_to_cluster=True,
    ),
    Declared("cluster.admission", "whether jobs are admitted", admission.of_job_pods, _CLUSTER),
    Declared("cluster.nodes", "whether the jobs fit on the nodes", capacity.on_nodes, _CLUSTER),
    Declared("cluster.quota", "whether the quota has room", capacity.in_quota, _CLUSTER),
    Declared("cluster.limits", "whether limits let jobs in", capacity.in_limits, _CLUSTER),
    Declared("cluster.webhooks", "which webhooks judge jobs", webhooks.of_job_pods, _CLUSTER),
    Declared("cluster.managers", "what managers may do", accounts.of_managers, _CLUSTER),
    Declared("cluster.jobs", "what jobs may not do", accounts.of_jobs, _CLUSTER),
    Declared("cluster.names", "whether named objects exist", references.named_objects, _CLUSTER),
    Declared("cluster.sidecars", "which sidecars join the jobs", surroundings.sidecars, _CLUSTER),
    Declared(
        "cluster.openshift", "whether OpenShift's rules apply", surroundings.openshift, _CLUSTER
    ),
    Declared("cluster.network", "whether policies are enforced", network.enforced, _CLUSTER),
    Declared("secrets.storing", "whether a token could be stored", rights.storing, _SECRETS),
)
"""In the order in which they are told: what is met first comes first."""
