"""What a cluster does to pods that are made in it: sidecars, and OpenShift's own rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.render import config, job_pod

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
    """Whether pods name a user on an OpenShift, which gives each namespace users of its own."""
    cluster, profile = connected.seen_cluster, connected.profile
    asked = "the cluster lets pods choose their user"
    if not cluster.serves("security.openshift.io/v1", "SecurityContextConstraints"):
        yield Check(asked, Verdict.OK)
        return
    if profile.cluster.platform != "openshift":
        finding = Finding(
            "This cluster is OpenShift, but the profile says that it is not.",
            "it serves SecurityContextConstraints",
            "restricted-v2 refuses the fixed users of the manager's image and of jobs",
            "Write cluster.platform: openshift, so that no user is rendered",
        )
        yield Check(asked, Verdict.WARN, finding)
        return
    for runner in profile.runners:
        pod = job_pod(profile, runner)
        account = pod.body["spec"]["serviceAccountName"]
        needs = _constraints_for(pod.body["spec"])
        if not needs:
            yield Check(asked, Verdict.OK)
            continue
        finding = Finding(
            f"Jobs of {runner.name} need a user that OpenShift does not grant by default.",
            f"builds: {runner.builds.strategy}, level {runner.security_level}",
            "its default, restricted-v2, lets pods run as users of the namespace's range only",
            f"Run oc adm policy add-scc-to-user {needs} -z {account} -n {pod.namespace}, or "
            "choose builds: none",
        )
        yield Check(asked, Verdict.WARN, finding)


def _constraints_for(spec: Mapping[str, Any]) -> str:
    """The SecurityContextConstraints that a job's pod needs; empty where the default will do."""
    contexts = [one.get("securityContext") or {} for one in spec["containers"]]
    if any(one.get("privileged") for one in contexts):
        return "privileged"
    pod = spec.get("securityContext") or {}
    if not pod.get("runAsNonRoot"):
        return "anyuid"
    return "nonroot-v2" if "runAsUser" in pod else ""
