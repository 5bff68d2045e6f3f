"""Whether the pods of jobs would be admitted where they are to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.checks.connected import Connected
from wizard.core.errors import NotAllowedError, NotFoundError, RefusedError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import ENFORCE, Manifest, ObjectRef
from wizard.render import job_pod, pod_security_level
from wizard.systems.kubernetes import created_by

_THERE_ALWAYS = "default"
"""The ServiceAccount that Kubernetes makes in every namespace."""


def of_job_pods(connected: Connected) -> Iterator[Check]:
    """Ask the API server about a job's pod of every runner, by a dry run.

    Where a namespace is not there yet nothing can be judged: Pod Security reads its labels, and a
    dry run leaves none behind. Where only the account of the jobs is new, the pod is asked about
    with the account that is there always, since what judges pods does not look at their accounts.
    """
    for runner in connected.profile.runners:
        pod = job_pod(connected.profile, runner)
        asked = f"{pod.namespace} admits the jobs of {runner.name}"
        try:
            if why := _not_to_be_judged(pod.namespace, connected):
                yield Check(asked, Verdict.UNSEEN, Finding(why))
                continue
            warnings = connected.seen_cluster.admit(_with_known_account(pod, connected))
        except NotFoundError:
            yield Check(asked, Verdict.UNSEEN, Finding(_not_there(pod.namespace)))
        except RefusedError as refused:
            problem = f"Namespace {pod.namespace} would not admit the jobs of {runner.name}."
            yield Check(asked, Verdict.FAIL, Finding(problem, cause=refused.cause, fix=refused.fix))
        except NotAllowedError as refused:
            yield Check(asked, Verdict.UNSEEN, Finding(refused.problem, cause=refused.cause))
        else:
            yield Check(asked, Verdict.OK)
            for warning in warnings:
                yield Check(
                    asked, Verdict.WARN, Finding(f"The cluster warns of the jobs' pods: {warning}")
                )


def _not_to_be_judged(namespace: str, connected: Connected) -> str:
    """Why a namespace cannot tell yet what it admits once the profile is applied; else empty."""
    profile = connected.profile
    live = connected.object(ObjectRef("v1", "Namespace", "", namespace))
    if live is None:
        return _not_there(namespace)
    level = (live["metadata"].get("labels") or {}).get(ENFORCE)
    if created_by(live, profile.id) and level != pod_security_level(profile, namespace):
        return f"the level of namespace {namespace} changes before a job runs there"
    return ""


def _not_there(namespace: str) -> str:
    return f"namespace {namespace} is not there yet to judge a job's pod"


def _with_known_account(pod: Manifest, connected: Connected) -> Mapping[str, Any]:
    """The pod, with an account that is there. Raises: NotFoundError, where none is yet."""
    for account in (pod.body["spec"]["serviceAccountName"], _THERE_ALWAYS):
        if connected.object(ObjectRef("v1", "ServiceAccount", pod.namespace, account)) is not None:
            return {**pod.body, "spec": {**pod.body["spec"], "serviceAccountName": account}}
    raise NotFoundError(
        f"Namespace {pod.namespace} has no account yet that a pod could run as.",
        "it was made a moment ago, or its account default was deleted",
        "Run it again in a moment",
    )
