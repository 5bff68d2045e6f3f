"""Why a pod does not run, read from its status and its events, in words. Pure.

Reasons as the kubelet, the scheduler and the controllers of Kubernetes 1.32 spell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.core.secrets import redact
from wizard.systems.kubernetes.nouns import Json
from wizard.systems.kubernetes.objects import condition

_IMAGE = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
}
_CONFIG = {"CreateContainerConfigError"}
_START = {"CreateContainerError", "RunContainerError"}
_EVENTS = {
    "FailedMount": "A volume of pod {pod} cannot be mounted.",
    "FailedAttachVolume": "A volume of pod {pod} cannot be attached.",
    "FailedCreatePodSandBox": "The node cannot set up the network or sandbox of pod {pod}.",
}
_CRASHES = 2
"""Restarts from which a container that is not ready counts as crashing, running or not."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that keeps a pod from running, and may pass or not."""

    key: str
    """Tells troubles apart over time: the same key is the same trouble, whatever it says now."""
    problem: str
    cause: str
    fix: str
    crashed: tuple[str, str] | None = None
    """Pod and container whose log shows more."""


def of_replica_set(replica_set: Mapping[str, Any]) -> Trouble | None:
    """Quota, Pod Security or a webhook that lets no pod be made."""
    failure = condition(replica_set, "ReplicaFailure")
    if failure.get("status") != "True":
        return None
    return Trouble(
        "refused",
        "The cluster does not let the pod be created.",
        redact(str(failure.get("message", ""))),
        "Change what the message names: a quota, a Pod Security level, a policy or a permission",
    )


def of_pod(pod: Mapping[str, Any]) -> Trouble | None:
    """What the pod's own status tells."""
    name = pod["metadata"]["name"]
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return Trouble(
            "unschedulable",
            f"No node can take pod {name}.",
            redact(str(scheduled.get("message", ""))),
            "Lower its requests, correct node_selector or tolerations, or add a node",
        )
    for status in _containers(pod):
        if trouble := _of_container(name, status):
            return trouble
    return None


def of_events(pod: str, events: Iterable[Mapping[str, Any]]) -> Trouble | None:
    """What only the pod's events tell: the last of those that explain a pod stuck in creation."""
    for event in sorted(events, key=_when, reverse=True):
        if problem := _EVENTS.get(event.get("reason", "")):
            return Trouble(
                str(event["reason"]),
                problem.format(pod=pod),
                redact(str(event.get("message", ""))),
                "Look at what the message names: a missing Secret, ConfigMap or key keeps a "
                "pod waiting until it is there",
            )
    return None


def _containers(pod: Mapping[str, Any]) -> Iterator[Json]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def _of_container(pod: str, status: Mapping[str, Any]) -> Trouble | None:
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason, message = str(waiting.get("reason", "")), redact(str(waiting.get("message", "")))
    container = status["name"]
    if reason in _IMAGE:
        return Trouble(
            "image",
            f"The image {status.get('image', '')} of container {container} cannot be pulled.",
            f"{reason}: {message}",
            "Check the image's name and tag, the registry's address, and image_pull_secrets",
        )
    if reason in _CONFIG:
        return Trouble(
            "config",
            f"Container {container} of pod {pod} lacks something it is configured with.",
            message,
            "Check that the Secret or ConfigMap exists and has this key; "
            "with External Secrets, that the ExternalSecret is synced",
        )
    if reason in _START:
        return Trouble(
            "start",
            f"Container {container} of pod {pod} cannot be started.",
            f"{reason}: {message}",
            "Check the container's command, mounts and security context",
        )
    return _of_crashes(pod, container, reason, status)


def _of_crashes(pod: str, container: str, reason: str, status: Mapping[str, Any]) -> Trouble | None:
    again_and_again = status.get("restartCount", 0) >= _CRASHES and not status.get("ready")
    if reason != "CrashLoopBackOff" and not again_and_again:
        return None
    last = (status.get("lastState") or {}).get("terminated") or {}
    ended = f"last ended with exit code {last.get('exitCode', '?')} ({last.get('reason', '?')})"
    out_of_memory = last.get("reason") == "OOMKilled"
    return Trouble(
        "crash",
        f"Container {container} of pod {pod} keeps crashing.",
        f"{status.get('restartCount', 0)} restarts, {ended}",
        "Raise its memory limit" if out_of_memory else "Read its last log lines above",
        crashed=(pod, container),
    )


def _when(event: Mapping[str, Any]) -> str:
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return str(next((time for time in times if time), ""))
