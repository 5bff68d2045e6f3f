"""The Deployment controller and the kubelet, as far as the wizard can see them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.kubernetes.cluster import FakeCluster

Json = dict[str, Any]
_REVISION = "deployment.kubernetes.io/revision"


def running(pod: Json) -> Json:
    """The status of a pod that has come up."""
    names = [container["name"] for container in pod["spec"]["containers"]]
    return {
        "phase": "Running",
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "True"},
        ],
        "containerStatuses": [
            {"name": name, "ready": True, "restartCount": 0, "state": {"running": {}}}
            for name in names
        ],
    }


class Controllers:
    """Rolls Deployments out at once and replaces deleted pods.

    `pod_status` decides how new pods fare; `pod_started` is told of each one that is ready, so that
    a test can play the program in it.
    """

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self.pod_status: Callable[[Json], Json] = running
        self.pod_started: Callable[[Json], None] = lambda pod: None
        self.changed: Callable[[Json], None] = lambda body: None
        """Told of every change that a client made, so that a test can play an operator."""

    def after_change(self, body: Json) -> None:
        self.changed(body)
        if body["kind"] == "Deployment":
            self._roll_out(body)

    def after_delete(self, body: Json) -> None:
        if body["kind"] == "Deployment":
            for kind in ("ReplicaSet", "Pod"):
                self._collect(kind, body)
        owner = next(iter(body["metadata"].get("ownerReferences", ())), None)
        if body["kind"] == "Pod" and owner:
            name, namespace = owner["name"], body["metadata"]["namespace"]
            if replica_set := self._cluster.find("ReplicaSet", name, namespace):
                self._fill(replica_set)

    def _roll_out(self, deployment: Json) -> None:
        """A new ReplicaSet for a new template; then the status says what has become of its pods."""
        metadata, template = deployment["metadata"], deployment["spec"]["template"]
        sets = self._owned("ReplicaSet", metadata["uid"])
        current = next((one for one in sets if one["spec"]["template"] == template), None)
        if current is None:
            current = self._replica_set(deployment, revision=len(sets) + 1)
            for old in sets:
                self._scale_down(old)
        self._fill(current)
        annotations = metadata.get("annotations", {}) | {
            _REVISION: current["metadata"]["annotations"][_REVISION]
        }
        ready = len([pod for pod in self._pods(current) if _ready(pod)])
        deployment["metadata"] = metadata | {"annotations": annotations}
        deployment["status"] = {
            "observedGeneration": metadata["generation"],
            "replicas": current["spec"]["replicas"],
            "updatedReplicas": current["spec"]["replicas"],
            "availableReplicas": ready,
        }
        self._cluster.put(deployment)

    def _replica_set(self, deployment: Json, revision: int) -> Json:
        metadata, template = deployment["metadata"], deployment["spec"]["template"]
        return self._cluster.seed(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{metadata['name']}-{uuid.uuid4().hex[:8]}",
                    "namespace": metadata["namespace"],
                    "labels": template["metadata"]["labels"],
                    "annotations": {_REVISION: str(revision)},
                    "ownerReferences": [_owner(deployment)],
                },
                "spec": {
                    "replicas": deployment["spec"].get("replicas", 1),
                    "template": json.loads(json.dumps(template)),
                },
            }
        )

    def _fill(self, replica_set: Json) -> None:
        while len(self._pods(replica_set)) < replica_set["spec"]["replicas"]:
            self._start_pod(replica_set)
        ready = len([pod for pod in self._pods(replica_set) if _ready(pod)])
        replica_set["status"] = {"availableReplicas": ready}
        self._cluster.put(replica_set)

    def _start_pod(self, replica_set: Json) -> None:
        metadata, template = replica_set["metadata"], replica_set["spec"]["template"]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{metadata['name']}-{uuid.uuid4().hex[:5]}",
                "namespace": metadata["namespace"],
                "labels": template["metadata"]["labels"],
                "ownerReferences": [_owner(replica_set)],
            },
            "spec": template["spec"],
        }
        pod["status"] = self.pod_status(pod)
        stored = self._cluster.seed(pod)
        if _ready(stored):
            self.pod_started(stored)

    def _scale_down(self, replica_set: Json) -> None:
        replica_set["spec"]["replicas"] = 0
        self._cluster.put(replica_set)
        self._collect("Pod", replica_set)

    def _collect(self, kind: str, owner: Json) -> None:
        for body in self._owned(kind, owner["metadata"]["uid"]):
            if kind == "ReplicaSet":
                self._collect("Pod", body)
            self._cluster.remove(body)

    def _pods(self, replica_set: Json) -> list[Json]:
        return self._owned("Pod", replica_set["metadata"]["uid"])

    def _owned(self, kind: str, uid: str) -> list[Json]:
        return [
            body
            for body in self._cluster.objects(kind)
            if any(ref["uid"] == uid for ref in body["metadata"].get("ownerReferences", ()))
        ]


def _owner(body: Json) -> Json:
    return {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "name": body["metadata"]["name"],
        "uid": body["metadata"]["uid"],
        "controller": True,
    }


def _ready(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return {"type": "Ready", "status": "True"} in [
        {key: entry.get(key) for key in ("type", "status")} for entry in conditions
    ]
