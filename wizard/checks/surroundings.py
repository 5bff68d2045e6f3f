"""What a cluster does to pods that are made in it: sidecars, and OpenShift's own rules."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.render import config

_NO_SIDECAR = "sidecar.istio.io/inject"


def sidecars(connected: Connected) -> Iterator[Check]:
    """Whether a service mesh would put a container into job pods that never ends."""
    for runner in connected.pending.runners:
        table = config(connected.profile, runner)["runners"][0]["kubernetes"]
        live = connected.namespace(table["namespace"]) or {"metadata": {}}
        labels = live["metadata"].get("labels") or {}
        asked = f"no sidecar joins the jobs of {runner.name}"
        meshed = labels.get("istio-injection") == "enabled" or "istio.io/rev" in labels
        kept_out = str((table.get("pod_labels") or {}).get(_NO_SIDECAR, "")) == "false"
        if not meshed or kept_out:
            yield Check(asked, Verdict.OK)
            continue
        finding = Finding(
            f"Istio puts a sidecar into every job of {runner.name}.",
            f"namespace {table['namespace']} is labelled for injection",
            "the sidecar does not end with the job, so the job never completes",
            f"Write extra_config: {{kubernetes: {{pod_labels: {{{_NO_SIDECAR}: 'false'}}}}}}",
        )
        yield Check(asked, Verdict.WARN, finding)


def openshift(connected: Connected) -> Iterator[Check]:
    """Whether the cluster is an OpenShift, which gives pods user ids of its own."""
    cluster, profile = connected.seen_cluster, connected.profile
    asked = "the cluster lets pods choose their user"
    if not cluster.serves("security.openshift.io/v1", "SecurityContextConstraints"):
        yield Check(asked, Verdict.OK)
        return
    grants = [
        f"oc adm policy add-scc-to-user nonroot-v2 -z {runner.release} "
        f"-n {profile.cluster.namespace}"
        for runner in profile.runners
    ]
    finding = Finding(
        "This cluster is an OpenShift.",
        "it serves SecurityContextConstraints",
        "its default, restricted-v2, refuses the fixed user of the manager's image, and of jobs "
        "where the profile gives them one",
        f"Let the accounts use nonroot-v2: {'; '.join(grants)}",
    )
    yield Check(asked, Verdict.WARN, finding)
