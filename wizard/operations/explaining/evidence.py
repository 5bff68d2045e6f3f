"""What a cluster says that a diagnosis can be made of: logs, events, the status of pods, operators.

What may not be seen is left out and named: it is no sign of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.core.errors import WizardError
from wizard.core.manifest import ObjectRef
from wizard.doctor import Kind, Text
from wizard.profile.labels import manager_labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.kubernetes import Cluster, Json

_LINES = 300
_JOB_ID = "job.runner.gitlab.com/id"
_SIDECARS = ("istio-proxy", "linkerd-proxy")


@dataclass(slots=True)
class Evidence:
    """Texts, and what could not be seen."""

    texts: list[Text] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def take(self, what: str, look: Callable[[], Iterable[Text]]) -> None:
        """Add what a look shows, or why it shows nothing."""
        try:
            self.texts += look()
        except WizardError as error:
            self.unseen.append(f"{what}: {error.problem}")


def of_manager(profile: Profile, runner: Runner, cluster: Cluster) -> Iterator[Text]:
    """The end of the log of each of a runner's managers. Blocking. Raises: WizardError."""
    namespace = profile.cluster.namespace
    for pod in cluster.find("v1", "Pod", namespace, manager_labels(profile, runner)):
        name = pod["metadata"]["name"]
        log = cluster.logs(namespace, name, "gitlab-runner", lines=_LINES)
        yield Text(Kind.MANAGER, f"the log of pod {name}", log)


def of_events(namespace: str, cluster: Cluster) -> Iterator[Text]:
    """The warnings of a namespace, oldest first. Blocking. Raises: WizardError."""
    warnings = [e for e in cluster.find("v1", "Event", namespace) if e.get("type") == "Warning"]
    lines = [_event(event) for event in sorted(warnings, key=_when)]
    yield Text(Kind.EVENTS, f"the events of namespace {namespace}", "\n".join(lines))


def _event(event: Mapping[str, Any]) -> str:
    about = event.get("involvedObject") or {}
    message = " ".join(str(event.get("message", "")).split())
    return f"{about.get('kind', '')} {about.get('name', '')}: {event.get('reason', '')} {message}"


def _when(event: Mapping[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def of_job_pods(namespace: str, cluster: Cluster, job_id: int = 0) -> Iterator[Text]:
    """What the status of the pods of jobs says. Blocking. Raises: WizardError.

    Args:
        job_id: only of this job; 0 for all.
    """
    pods = [
        pod
        for pod in cluster.find("v1", "Pod", namespace)
        if not job_id or _job_of(pod) == str(job_id)
    ]
    lines = [line for pod in pods for line in pod_lines(pod)]
    name = f"the pods of job {job_id}" if job_id else f"the pods of namespace {namespace}"
    yield Text(Kind.PODS, f"{name} ({len(pods)})", "\n".join(lines))


def _job_of(pod: Json) -> str:
    return str((pod["metadata"].get("annotations") or {}).get(_JOB_ID, ""))


def pod_lines(pod: Json) -> Iterator[str]:
    """What the status of a pod says that is not as it should be, a line each."""
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    if status.get("reason"):
        yield f"Pod {name}: {status['reason']} {status.get('message', '')}"
    if since := pod["metadata"].get("deletionTimestamp"):
        yield f"Pod {name} has been Terminating since {since}"
    for condition in status.get("conditions") or ():
        if condition.get("status") == "False" and condition.get("reason") == "Unschedulable":
            yield f"Pod {name}: {condition.get('message', '')}"
    containers = status.get("containerStatuses") or ()
    for one in (*(status.get("initContainerStatuses") or ()), *containers):
        yield from _container_lines(name, one)
    ended = [one["name"] for one in containers if "terminated" in (one.get("state") or {})]
    for one in containers:
        runs = "running" in (one.get("state") or {})
        if one["name"] in _SIDECARS and runs and len(ended) == len(containers) - 1:
            yield f"Pod {name}: container {one['name']} is running, all others have ended"


def _container_lines(pod: str, status: Mapping[str, Any]) -> Iterator[str]:
    for key in ("state", "lastState"):
        state = status.get(key) or {}
        if (waiting := state.get("waiting")) and waiting.get("reason") not in {
            "ContainerCreating",
            "PodInitializing",
        }:
            yield (
                f"Pod {pod}: container {status['name']} waits: {waiting.get('reason', '')} "
                f"{waiting.get('message', '')}"
            )
        ended = state.get("terminated")
        if ended and ended.get("exitCode"):
            yield (
                f"Pod {pod}: container {status['name']} ended: {ended.get('reason', '')}, "
                f"exit code {ended['exitCode']} {ended.get('message', '')}"
            )


def said_of(ref: ObjectRef, body: Json) -> list[str]:
    """What an operator says of an object that is not as it should be, a line each."""
    status = body.get("status") or {}
    lines = []
    for condition in status.get("conditions") or ():
        is_fine = condition.get("status") == "True" and "Error" not in condition.get("type", "")
        if condition.get("message") and not is_fine:
            kind = condition.get("reason") or condition.get("type", "")
            lines.append(f"{ref}: {kind}: {' '.join(str(condition['message']).split())}")
    operation = status.get("operationState") or {}
    if operation.get("phase") in {"Failed", "Error"}:
        lines.append(f"{ref}: {operation['phase']}: {operation.get('message', '')}")
    return lines
