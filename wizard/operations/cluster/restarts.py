"""Which managers still run on an older token, and starting them again.

A manager reads its token once, when it starts. So one that started before the Secret's content was
last written must be replaced; its pod is deleted, since an annotation on the Deployment would be
reverted by GitOps or show as drift. Both times are the API server's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from wizard.core.manifest import ObjectRef
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render import manager_labels
from wizard.systems.kubernetes import Cluster, Json


def stale_pods(profile: Profile, runner: Runner, cluster: Cluster) -> list[Json]:
    """Manager pods that started before their token was last written."""
    namespace = profile.cluster.namespace
    secret = cluster.get(ObjectRef("v1", "Secret", namespace, runner.token_secret))
    if secret is None or _content_written(secret) is None:
        return []
    return started_before(
        secret, cluster.find("v1", "Pod", namespace, manager_labels(profile, runner))
    )


def started_before(secret: Json, pods: Iterable[Json]) -> list[Json]:
    """Those of the pods that started before the Secret's content was last written."""
    written = _content_written(secret)
    if written is None:
        return []
    return [pod for pod in pods if not _ending(pod) and _created(pod) < written]


def release_waiting(profile: Profile, runner: Runner, cluster: Cluster) -> list[str]:
    """Delete manager pods that still wait for a Secret which has come since; their names.

    The kubelet tries to mount it ever later, up to two minutes apart (1.32); a new pod has it at
    once.
    """
    waiting = [
        pod
        for pod in stale_pods(profile, runner, cluster)
        if pod.get("status", {}).get("phase") == "Pending"
    ]
    for pod in waiting:
        metadata = pod["metadata"]
        ref = ObjectRef("v1", "Pod", metadata["namespace"], metadata["name"])
        cluster.delete(ref, uid=metadata["uid"])
    return [pod["metadata"]["name"] for pod in waiting]


def _content_written(secret: Json) -> datetime | None:
    """When the Secret's data last changed, by the times its field managers were stamped with."""
    times = [
        datetime.fromisoformat(entry["time"])
        for entry in secret["metadata"].get("managedFields", [])
        if _sets_data(entry) and entry.get("time")
    ]
    return max(times, default=None)


def _sets_data(entry: dict[str, Any]) -> bool:
    return "f:data" in entry.get("fieldsV1", {})


def _created(pod: Json) -> datetime:
    return datetime.fromisoformat(pod["metadata"]["creationTimestamp"])


def _ending(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]
