"""A store of the user's own on a real API server: what we write is taken, and a nudge is one.

The test plays the operator by hand, since the server has no controllers.
"""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest

from tests.cluster import RealCluster
from tests.systems.backends.conformance import new_token, profile
from wizard.core.manifest import ObjectRef
from wizard.core.secrets import fingerprint
from wizard.render.releases import token_readers
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.existing_store import ExistingStore
from wizard.systems.kubernetes import Cluster, Json
from wizard.systems.kubernetes.contexts import connect

pytestmark = pytest.mark.cluster

PROFILE = profile(
    {
        "backend": "existing-store",
        "existing_store": {"key": "gitlab/{runner}", "push": True},
        "store": {"kind": "ClusterSecretStore", "name": "theirs"},
    }
)
RUNNER = PROFILE.runners[0]
NAMESPACE, SECRET = PROFILE.cluster.namespace, RUNNER.token_secret
SOURCE = ObjectRef("v1", "Secret", NAMESPACE, f"{SECRET}-source")
PUSH = ObjectRef("external-secrets.io/v1alpha1", "PushSecret", NAMESPACE, f"{SECRET}-source")
READER = ObjectRef("external-secrets.io/v1", "ExternalSecret", NAMESPACE, SECRET)


class Operator(threading.Thread):
    """Copies the pushed token into the Secret, once it has been nudged to look."""

    def __init__(self, server: RealCluster, cluster: Cluster) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._cluster = cluster
        self.stopped = threading.Event()

    def run(self) -> None:
        token = self._once_there(SOURCE)["data"]["token"]
        push = self._once_there(PUSH)
        synced = {"type": "Ready", "status": "True", "reason": "Synced", "message": "done"}
        path = f"/apis/{PUSH.api_version}/namespaces/{NAMESPACE}/pushsecrets/{PUSH.name}/status"
        self._server.call("PUT", path, push | {"status": {"conditions": [synced]}})
        while "force-sync" not in self._once_there(READER)["metadata"].get("annotations", {}):
            self.stopped.wait(0.05)
        secret = {"metadata": {"name": SECRET}, "data": {"runner-token": token}}
        self._server.call("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)

    def _once_there(self, ref: ObjectRef) -> Json:
        while not self.stopped.wait(0.05):
            if found := self._cluster.get(ref):
                return found
        raise SystemExit


def test_a_push_is_taken_nudged_seen_and_gone(
    real_cluster_with_operators: RealCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_cluster_with_operators.use(monkeypatch)
    cluster = connect()
    readers = partial(token_readers, PROFILE)
    backend = ExistingStore(
        BackendContext(PROFILE, Path(), {}, readers=readers), cluster, timeout=20, poll=0.1
    )
    token = new_token()
    operator = Operator(real_cluster_with_operators, cluster)
    operator.start()
    try:
        assert backend.write(RUNNER, token)
    finally:
        operator.stopped.set()
        operator.join(5)

    stored = backend.read(RUNNER)
    assert stored
    assert stored.fingerprint == fingerprint(token)
    assert cluster.get(PUSH) is None
    assert cluster.get(SOURCE) is None
    for owned in cluster.owned(PROFILE.id or ""):
        cluster.delete(owned.ref, uid=owned.uid)
