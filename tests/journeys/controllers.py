"""The controllers and the kubelet that an API server without them lacks, as far as it matters."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

from tests.cluster import RealCluster
from tests.fakes.kubernetes.controllers import running

Json = dict[str, Any]
_REVISION = "deployment.kubernetes.io/revision"
_COUNTED = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


class PlayedControllers:
    """Rolls Deployments out, collects what they leave, and finishes namespaces, in the background.

    Args:
        cluster: a real API server.
        namespaces: the only ones it looks at.
        pod_started: told of each new pod that is ready.
    """

    def __init__(
        self, cluster: RealCluster, namespaces: set[str], pod_started: Callable[[Json], None]
    ) -> None:
        self._call = cluster.call
        self._namespaces = namespaces
        self._pod_started = pod_started
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> PlayedControllers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.1):
            for namespace in self._call("GET", "/api/v1/namespaces")["items"]:
                if namespace["metadata"]["name"] in self._namespaces:
                    self._reconcile(namespace)

    def _reconcile(self, namespace: Json) -> None:
        name = namespace["metadata"]["name"]
        apps, core = f"/apis/apps/v1/namespaces/{name}", f"/api/v1/namespaces/{name}"
        deployments = self._call("GET", f"{apps}/deployments")["items"]
        wanted = {
            self._roll_out(apps, core, deployment)
            for deployment in deployments
            if "deletionTimestamp" not in deployment["metadata"]
        }
        for found in self._call("GET", f"{apps}/replicasets")["items"]:
            if found["metadata"]["name"] not in wanted:
                self._delete(f"{apps}/replicasets/{found['metadata']['name']}")
                self._delete(f"{core}/pods/{found['metadata']['name']}")
        if "deletionTimestamp" in namespace["metadata"]:
            self._call("PUT", f"{core}/finalize", namespace | {"spec": {"finalizers": []}})

    def _roll_out(self, apps: str, core: str, deployment: Json) -> str:
        metadata, template = deployment["metadata"], deployment["spec"]["template"]
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        name = f"{metadata['name']}-{digest}"
        if not self._has(f"{apps}/replicasets/{name}"):
            self._start(apps, core, deployment, name, digest)
        elif not self._has(f"{core}/pods/{name}"):
            self._start_pod(core, self._call("GET", f"{apps}/replicasets/{name}"), name)
        seen = deployment.get("status", {}).get("observedGeneration")
        if seen != metadata["generation"]:
            annotations = {"metadata": {"annotations": {_REVISION: digest}}}
            path = f"{apps}/deployments/{metadata['name']}"
            kind = "application/merge-patch+json"
            after = self._call("PATCH", path, annotations, kind)
            counts = dict.fromkeys(_COUNTED, 1)
            status = counts | {"observedGeneration": after["metadata"]["generation"]}
            self._call("PATCH", f"{path}/status", {"status": status}, kind)
        return name

    def _start(self, apps: str, core: str, deployment: Json, name: str, digest: str) -> None:
        template = copy.deepcopy(deployment["spec"]["template"])
        labels = template["metadata"]["labels"]
        owned = self._call(
            "POST",
            f"{apps}/replicasets",
            {
                "metadata": {
                    "name": name,
                    "labels": labels,
                    "annotations": {_REVISION: digest},
                    "ownerReferences": [_owner(deployment, "Deployment")],
                },
                "spec": {"selector": {"matchLabels": labels}, "template": template, "replicas": 1},
            },
        )
        self._start_pod(core, owned, name)
        ready = {"status": {"replicas": 1, "availableReplicas": 1, "readyReplicas": 1}}
        kind = "application/merge-patch+json"
        self._call("PATCH", f"{apps}/replicasets/{name}/status", ready, kind)

    def _start_pod(self, core: str, replica_set: Json, name: str) -> None:
        template = replica_set["spec"]["template"]
        metadata = template["metadata"] | {
            "name": name,
            "ownerReferences": [_owner(replica_set, "ReplicaSet")],
        }
        pod = self._call("POST", f"{core}/pods", {"metadata": metadata, "spec": template["spec"]})
        kind = "application/merge-patch+json"
        self._call("PATCH", f"{core}/pods/{name}/status", {"status": running(pod)}, kind)
        self._pod_started(pod)

    def _has(self, path: str) -> bool:
        try:
            self._call("GET", path)
        except AssertionError:
            return False
        return True

    def _delete(self, path: str) -> None:
        if self._has(path):
            self._call("DELETE", path, {"gracePeriodSeconds": 0})


def _owner(body: Json, kind: str) -> Json:
    metadata = body["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }
