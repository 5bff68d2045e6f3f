"""The admission webhooks that judge the pods of jobs, and whether they can answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import ObjectRef

_API = "admissionregistration.k8s.io/v1"
_KINDS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_LONG = 15
"""Seconds; the API server's default is 10, and each webhook of a chain may take its own."""


def of_job_pods(connected: Connected) -> Iterator[Check]:
    """Each webhook that has to agree to a job's pod, and fails closed."""
    configurations = [body for kind in _KINDS for body in connected.seen_cluster.find(_API, kind)]
    profile = connected.profile
    for namespace in {profile.job_namespace(one) for one in connected.pending.runners}:
        live = connected.namespace(namespace)
        labels = {"kubernetes.io/metadata.name": namespace}
        labels |= (live or {"metadata": {}})["metadata"].get("labels") or {}
        for body in configurations:
            for hook in body.get("webhooks") or ():
                if _judges_pods(hook) and _selects(hook.get("namespaceSelector") or {}, labels):
                    yield _check(connected, namespace, hook)


def _check(connected: Connected, namespace: str, hook: Mapping[str, Any]) -> Check:
    name = str(hook.get("name", ""))
    asked = f"the webhook {name} can judge the pods of {namespace}"
    seconds = hook.get("timeoutSeconds", 10)
    service = (hook.get("clientConfig") or {}).get("service") or {}
    ref = ObjectRef("v1", "Service", service.get("namespace", ""), service.get("name", ""))
    evidence = f"failurePolicy Fail, timeout {seconds} s, answered by {ref if service else 'a URL'}"
    if service and connected.object(ref) is None:
        finding = Finding(
            f"No job pod would be created: the webhook {name} has no backend to answer.",
            evidence,
            f"there is no {ref}, and without an answer the API server refuses",
            "Repair or remove what the webhook belongs to",
        )
        return Check(asked, Verdict.WARN, finding)
    if seconds > _LONG:
        finding = Finding(
            f"The webhook {name} may hold up every pod of a job.",
            evidence,
            "where it does not answer in time, the pod is refused",
            f"Have it leave out namespace {namespace}, or lower its timeout",
        )
        return Check(asked, Verdict.WARN, finding)
    return Check(asked, Verdict.OK)


def _judges_pods(hook: Mapping[str, Any]) -> bool:
    if hook.get("failurePolicy", "Fail") != "Fail":
        return False
    return any(
        {"", "*"} & set(rule.get("apiGroups") or ())
        and {"pods", "*", "*/*"} & set(rule.get("resources") or ())
        and {"CREATE", "*"} & set(rule.get("operations") or ())
        for rule in hook.get("rules") or ()
    )


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector of Kubernetes takes in these labels (1.32)."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(one, labels) for one in selector.get("matchExpressions") or ())


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression.get("key", ""), expression.get("values") or ()
    found = labels.get(key)
    return {
        "In": found in values,
        "NotIn": found not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }.get(expression.get("operator", ""), True)
