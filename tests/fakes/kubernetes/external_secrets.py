"""The External Secrets operator, as far as the wizard can see it: it reads, writes, and says so.

It looks only when an ExternalSecret or PushSecret is changed, as the real one does between two of
its intervals; so what nudges it is seen to be needed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.fakes.kubernetes.cluster import FakeCluster, Json

STORE = "vault-of-theirs"
_MISSING = "Secret does not exist"


class ExternalSecretsPlayer:
    """Plays the operator on a fake cluster; `values` is what its one store holds.

    Args:
        capabilities: what the store says that it can do.
    """

    def __init__(self, cluster: FakeCluster, capabilities: str = "ReadWrite") -> None:
        self._cluster = cluster
        self.values: dict[tuple[str, str], str] = {}
        """By remote key and property (empty for none)."""
        self.store_refusal = ""
        """Why stores that are changed from now on cannot be read, in a provider's words."""
        self.push_refusal = ""
        self.pushed: list[Json] = []
        """Every PushSecret that was seen."""
        cluster.controllers.changed = self._changed
        self.store = cluster.seed(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ClusterSecretStore",
                "metadata": {"name": STORE},
                "spec": {"provider": {"vault": {}}},
                "status": {"capabilities": capabilities, **_ready("True", "Valid", "validated")},
            }
        )

    def change_store(self, **parts: Any) -> None:
        self.store |= parts
        self._cluster.put(self.store)

    def look(self) -> None:
        """Read everything once more, as at the end of an interval."""
        for external in self._cluster.objects("ExternalSecret"):
            self._read(external)

    def _changed(self, body: Json) -> None:
        if body["kind"] == "ClusterSecretStore":
            self._validate(body)
        elif body["kind"] == "ExternalSecret":
            self._read(body)
        elif body["kind"] == "PushSecret":
            self._push(body)

    def _validate(self, store: Json) -> None:
        """Says in the object that it fails, and why in an event, as the real one does (2.9)."""
        status = _ready("True", "Valid", "store validated")
        if self.store_refusal:
            status = _ready("False", "InvalidProviderConfig", "unable to validate store")
            self._cluster.seed(_warning(store, "InvalidProviderConfig", self.store_refusal))
        self._cluster.put(store | {"status": status})

    def _is_ready(self, external: Json) -> bool:
        wanted = external["spec"]["secretStoreRef"]
        namespace = external["metadata"]["namespace"] if wanted["kind"] == "SecretStore" else ""
        found = self._cluster.find(wanted["kind"], wanted["name"], namespace) or {}
        conditions = found.get("status", {}).get("conditions", ())
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def _read(self, external: Json) -> None:
        remote = external["spec"]["data"][0]["remoteRef"]
        value = self.values.get((remote["key"], remote.get("property", "")))
        before = external.get("status", {})
        if value is None or not self._is_ready(external):
            said = "could not get secret data from provider"
            status = before | _ready("False", "SecretSyncedError", said)
            cause = f"error processing spec.data[0] (key: {remote['key']}), err: {_MISSING}"
            self._cluster.seed(_warning(external, "UpdateFailed", cause))
            self._cluster.put(external | {"status": status})
            return
        metadata = external["metadata"]
        data = {"runner-token": value.strip(), "runner-registration-token": ""}
        secret: Json = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": external["spec"]["target"]["name"],
                "namespace": metadata["namespace"],
                "managedFields": [written_now()],
            },
            "data": {key: base64.b64encode(text.encode()).decode() for key, text in data.items()},
        }
        if self._cluster.find("Secret", secret["metadata"]["name"], metadata["namespace"]):
            self._cluster.remove(secret)
        self._cluster.seed(secret)
        status = _ready("True", "SecretSynced", "secret synced") | _reading(metadata)
        self._cluster.put(external | {"status": status})

    def _push(self, push: Json) -> None:
        self.pushed.append(push)
        if self.push_refusal:
            status = _ready("False", "Errored", self.push_refusal)
            self._cluster.put(push | {"status": status})
            return
        spec = push["spec"]
        source = self._cluster.find(
            "Secret", spec["selector"]["secret"]["name"], push["metadata"]["namespace"]
        )
        assert source
        for entry in spec["data"]:
            remote = entry["match"]["remoteRef"]
            value = base64.b64decode(source["data"][entry["match"]["secretKey"]]).decode()
            self.values[remote["remoteKey"], remote.get("property", "")] = value
        self._cluster.put(push | {"status": _ready("True", "Synced", "PushSecret synced")})


def _reading(metadata: Json) -> Json:
    """What the status says of the last reading: its version holds a hash of the annotations."""
    marks = json.dumps([metadata.get("labels"), metadata.get("annotations")], sort_keys=True)
    digest = hashlib.sha256(marks.encode()).hexdigest()
    return {
        "refreshTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "syncedResourceVersion": f"{metadata['generation']}-{digest[:16]}",
    }


def _warning(about: Json, reason: str, message: str) -> Json:
    namespace = about["metadata"].get("namespace", "default")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"told.{uuid.uuid4().hex[:12]}", "namespace": namespace},
        "involvedObject": {"kind": about["kind"], "name": about["metadata"]["name"]},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "lastTimestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def written_now() -> Json:
    return {
        "manager": "externalsecrets.external-secrets.io/token",
        "operation": "Update",
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "fieldsV1": {"f:data": {}},
    }


def _ready(status: str, reason: str, message: str) -> Json:
    return {
        "conditions": [{"type": "Ready", "status": status, "reason": reason, "message": message}]
    }
