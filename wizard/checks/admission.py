"""Whether the pods of jobs would be admitted where they are to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.checks.connected import Connected
from wizard.core.errors import NotAllowedError, NotFoundError, RefusedError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import Manifest, ObjectRef
from wizard.render import job_pod

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
            warnings = connected.seen_cluster.admit(_with_known_account(pod, connected))
        except NotFoundError:
            yield Check(
                asked,
                Verdict.UNSEEN,
                Finding(f"namespace {pod.namespace} is not there yet to judge a job's pod"),
            )
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


def _with_known_account(pod: Manifest, connected: Connected) -> Mapping[str, Any]:
    name = pod.body["spec"]["serviceAccountName"]
    if connected.object(ObjectRef("v1", "ServiceAccount", pod.namespace, name)) is not None:
        return pod.body
    return {**pod.body, "spec": {**pod.body["spec"], "serviceAccountName": _THERE_ALWAYS}}
