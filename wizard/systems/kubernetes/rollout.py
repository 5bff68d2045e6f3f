"""Waiting for pods: a Deployment's rollout, and a restart one by one. Ends with a reason in words.

A watch on the pods wakes the wait; what is true is then read again, because one cause (no pod is
made, a missing key, an unready container) shows in four different kinds of object.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any

from wizard.core.errors import (
    ConflictError,
    InvalidAnswerError,
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    WizardError,
)
from wizard.core.manifest import ObjectRef
from wizard.core.secrets import redact
from wizard.systems.kubernetes import troubles
from wizard.systems.kubernetes.api import Api
from wizard.systems.kubernetes.nouns import Json
from wizard.systems.kubernetes.objects import controlled_by, is_true, selecting
from wizard.systems.kubernetes.troubles import Trouble

_REVISION = "deployment.kubernetes.io/revision"
_GLANCE = 1
"""Seconds of one watch: also how soon a cancel or a deadline is noticed."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look at what is being waited for."""

    progress: str
    done: bool = False
    trouble: Trouble | None = None

    @property
    def sentence(self) -> str:
        if not self.trouble:
            return self.progress
        return f"{self.progress} {self.trouble.problem} {self.trouble.cause}".rstrip()


@dataclass(frozen=True, slots=True)
class _Pods:
    """The pods being waited for."""

    namespace: str
    labels: Mapping[str, str]

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods"

    @property
    def query(self) -> dict[str, str | int]:
        return selecting(self.labels)


class _Limits:
    """How long a wait, and one trouble in it, may last."""

    def __init__(self, deadline: float, grace: float) -> None:
        self.deadline = deadline
        self._grace = grace
        self._started = time.monotonic()
        self._key: str = ""
        self._since = 0.0

    def reached(self, trouble: Trouble | None) -> bool:
        now = time.monotonic()
        key = trouble.key if trouble else ""
        if key != self._key:
            self._key, self._since = key, now
        too_long = bool(key) and now - self._since >= self._grace
        return too_long or now - self._started >= self.deadline


class Rollout:
    """Waits for the pods of one cluster, until told to stop."""

    def __init__(self, api: Api, cancel: Event) -> None:
        self._api = api
        self._cancel = cancel

    def watch(self, ref: ObjectRef, deadline: float, grace: float) -> Iterator[str]:
        """Yield progress until the newest ReplicaSet is available. Raises: WizardError."""
        deployment = self._api.get(f"{_apps(ref.namespace)}/deployments/{ref.name}")
        spec = deployment.get("spec") or {}
        labels = (spec.get("selector") or {}).get("matchLabels")
        if not labels:  # nothing would select every pod
            raise InvalidAnswerError(
                f"{ref} selects no pods.",
                "spec.selector.matchLabels is missing",
                "Delete the Deployment, and run apply",
            )
        yield from self._until(
            lambda pods: self._look(ref, labels, pods),
            _Pods(ref.namespace, labels),
            _Limits(deadline, grace),
            str(ref),
        )

    def restart(
        self, namespace: str, labels: Mapping[str, str], deadline: float, grace: float = 30
    ) -> Iterator[str]:
        """Yield progress until each pod has been replaced by a ready one. Raises: WizardError."""
        pods = _Pods(namespace, labels)
        listed = self._api.get(pods.path, pods.query)["items"]
        old = [pod for pod in listed if not _leaving(pod)]
        gone = {pod["metadata"]["uid"] for pod in old}
        for replaced, pod in enumerate(old, start=1):
            if self._cancel.is_set():
                return
            name = pod["metadata"]["name"]
            yield f"Deleting pod {name} ({replaced} of {len(old)})."
            self._delete(f"{pods.path}/{name}", pod["metadata"]["uid"])
            yield from self._until(
                partial(self._replacements, gone, replaced),
                pods,
                _Limits(deadline, grace),
                f"The replacement of pod {name}",
            )

    def _until(
        self,
        look: Callable[[list[Json]], _Seen],
        pods: _Pods,
        limits: _Limits,
        what: str,
    ) -> Iterator[str]:
        said, version = "", ""
        while not self._cancel.is_set():
            try:
                listed = self._api.get(pods.path, pods.query)
                version = (listed.get("metadata") or {}).get("resourceVersion") or ""
                seen = look(listed["items"])
            except NotReachedError as error:
                away = Trouble("away", error.problem, error.cause, error.fix)
                seen = _Seen("The cluster does not answer.", trouble=away)
            if seen.sentence != said:
                said = seen.sentence
                yield said
            if seen.done:
                return
            if limits.reached(seen.trouble):
                raise self._given_up(what, pods.namespace, seen, limits)
            self._sleep(pods, version)

    def _look(self, ref: ObjectRef, labels: Mapping[str, str], pods: list[Json]) -> _Seen:
        deployment = self._api.get(f"{_apps(ref.namespace)}/deployments/{ref.name}")
        generation = deployment["metadata"].get("generation", 0)
        if (deployment.get("status") or {}).get("observedGeneration", 0) < generation:
            return _Seen(f"{ref}: waiting for the cluster to pick up the change.")
        wanted = (deployment.get("spec") or {}).get("replicas", 1)
        replica_set = self._newest_replica_set(deployment, labels)
        available = (replica_set.get("status") or {}).get("availableReplicas", 0)
        progress = f"{ref}: {available} of {wanted} new pods available."
        if available >= wanted:
            return _Seen(progress, done=True)
        uid = replica_set["metadata"]["uid"] if replica_set else ""
        mine = [pod for pod in pods if controlled_by(pod, uid)]
        trouble = troubles.of_replica_set(replica_set) or self._trouble_of(mine)
        return _Seen(progress, trouble=trouble)

    def _newest_replica_set(self, deployment: Json, labels: Mapping[str, str]) -> Json:
        """The ReplicaSet of the current revision, or an empty object before it is made."""
        metadata = deployment["metadata"]
        revision = (metadata.get("annotations") or {}).get(_REVISION)
        path = f"{_apps(metadata['namespace'])}/replicasets"
        for candidate in self._api.pages(path, selecting(labels)):
            annotations = candidate["metadata"].get("annotations") or {}
            if controlled_by(candidate, metadata["uid"]) and annotations.get(_REVISION) == revision:
                return candidate
        return {}

    def _replacements(self, gone: set[str], wanted: int, pods: list[Json]) -> _Seen:
        new = [pod for pod in pods if pod["metadata"]["uid"] not in gone and not _leaving(pod)]
        ready = sum(is_true(pod, "Ready") for pod in new)
        progress = f"{ready} of {wanted} new pods ready."
        if ready >= wanted:
            return _Seen(progress, done=True)
        return _Seen(progress, trouble=self._trouble_of(new))

    def _trouble_of(self, pods: list[Json]) -> Trouble | None:
        for pod in pods:
            if trouble := troubles.of_pod(pod) or self._trouble_in_events(pod):
                return trouble
        return None

    def _trouble_in_events(self, pod: Json) -> Trouble | None:
        if (pod.get("status") or {}).get("phase") != "Pending":
            return None
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/events"
        query = {"fieldSelector": f"involvedObject.uid={metadata['uid']}"}
        try:
            return troubles.of_events(metadata["name"], self._api.pages(path, query))
        except NotAllowedError:  # a pod may be waited for without the right to read its events
            return None

    def _given_up(self, what: str, namespace: str, seen: _Seen, limits: _Limits) -> WizardError:
        if not (trouble := seen.trouble):
            return WizardError(
                f"{what} was not ready in {limits.deadline:.0f} s.",
                seen.progress,
                "Try again with more time (--timeout), and look at the events of its pods",
            )
        words = self._last_words(namespace, *trouble.crashed) if trouble.crashed else ""
        return WizardError(trouble.problem, f"{trouble.cause}\n{words}".rstrip(), trouble.fix)

    def _last_words(self, namespace: str, pod: str, container: str) -> str:
        """The log of the container's last life, else of this one, else nothing."""
        for previous in (True, False):
            try:
                if words := last_log_lines(self._api, namespace, pod, container, previous=previous):
                    return words
            except WizardError:  # the reason matters more than a log that cannot be read
                continue
        return ""

    def _delete(self, path: str, uid: str) -> None:
        with suppress(
            NotFoundError, ConflictError
        ):  # gone already, or replaced under the same name
            self._api.delete(path, uid)

    def _sleep(self, pods: _Pods, version: str) -> None:
        """Until something happens to one of the pods, or a second has passed."""
        query = pods.query | {"resourceVersion": version}
        try:
            self._api.wait_for_event(pods.path, query, seconds=_GLANCE)
        except WizardError:  # an expired version, or no watch allowed: reading again is enough
            self._cancel.wait(_GLANCE)


def last_log_lines(
    api: Api,
    namespace: str,
    pod: str,
    container: str = "",
    *,
    lines: int = 20,
    previous: bool = False,
) -> str:
    """The end of a container's log, redacted; `previous` means its life before the last restart."""
    query: dict[str, str | int] = {"tailLines": lines}
    if container:
        query["container"] = container
    if previous:
        query["previous"] = "true"
    return redact(api.text(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query)).rstrip()


def _apps(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}"


def _leaving(pod: Mapping[str, Any]) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))
