"""Writing a token through the cluster: External Secrets pushes it into a store, and forgets it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from wizard.core.errors import WizardError
from wizard.core.manifest import Manifest, ObjectRef, own_labels
from wizard.core.secrets import SecretStr, redact
from wizard.systems.backends.context import BackendContext
from wizard.systems.kubernetes import Cluster, Json, created_by
from wizard.systems.kubernetes.secret_body import opaque

API = "external-secrets.io/v1alpha1"
_PATIENCE = 60.0
"""Seconds for the operator to push, and to say so."""
_POLL = 1.0
_KEY = "token"


@dataclass(frozen=True, slots=True)
class Push:
    """One push of one token; nothing of it is left in the cluster afterwards.

    Args:
        cluster: where External Secrets runs.
        secret: the runner's token Secret, after which both transient objects are named.
        store: kind and name of the store.
        remote: `remoteKey`, and `property` where there is one.
        around: whose `cancel` ends the wait.
    """

    cluster: Cluster
    secret: ObjectRef
    store: Mapping[str, str]
    remote: Mapping[str, str]
    around: BackendContext

    def run(self, token: SecretStr) -> None:
        """Push it. Raises: WizardError, in the operator's words."""
        self.clear()  # of a killed run, whose success would be taken for this one's
        try:
            self.cluster.apply(self._source_manifest(token))
            self.cluster.apply(self._push_manifest())
            self._wait()
        finally:
            with suppress(WizardError):  # what went wrong before says more
                self.clear()

    def clear(self) -> None:
        """Remove both objects, if they are ours; the pushed value stays where it is."""
        for ref in (self._push, self._source):
            found = self.cluster.get(ref)
            if found and created_by(found, self.around.profile.id):
                self.cluster.delete(ref, uid=found["metadata"]["uid"])

    @property
    def _source(self) -> ObjectRef:
        return self.secret._replace(name=f"{self.secret.name}-source")

    @property
    def _push(self) -> ObjectRef:
        return ObjectRef(API, "PushSecret", self.secret.namespace, self._source.name)

    def _source_manifest(self, token: SecretStr) -> Manifest:
        return opaque(self._metadata(self._source), {_KEY: token.get_secret_value().strip()})

    def _push_manifest(self) -> Manifest:
        match = {"secretKey": _KEY, "remoteRef": dict(self.remote)}
        spec = {
            "refreshInterval": "1h0m0s",
            "updatePolicy": "Replace",
            "deletionPolicy": "None",
            "secretStoreRefs": [dict(self.store)],
            "selector": {"secret": {"name": self._source.name}},
            "data": [{"match": match}],
        }
        kind = {"apiVersion": self._push.api_version, "kind": self._push.kind}
        return Manifest({**kind, "metadata": self._metadata(self._push), "spec": spec})

    def _metadata(self, ref: ObjectRef) -> Json:
        labels = own_labels(self.around.profile.id)
        return {"name": ref.name, "namespace": ref.namespace, "labels": labels}

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE
        said = "it has not looked at the PushSecret yet"
        while time.monotonic() < end and not self.around.cancel.is_set():
            status = (self.cluster.get(self._push) or {}).get("status") or {}
            for ready in status.get("conditions") or ():
                if ready.get("reason") == "Synced" and ready.get("status") == "True":
                    return
                said = f"{ready.get('reason', '')}: {ready.get('message', '')}"
                if ready.get("reason") == "Errored":
                    raise self._failed(said)
            self.around.cancel.wait(_POLL)
        raise self._stopped() if self.around.cancel.is_set() else self._failed(said)

    def _stopped(self) -> WizardError:
        return WizardError(
            "Stopped before External Secrets had stored the token.",
            "only this run knew the token",
            "Run it again: the runner is there, and gets a new token",
        )

    def _failed(self, said: str) -> WizardError:
        return WizardError(
            f"External Secrets could not write to {self.store['kind']} {self.store['name']}.",
            redact(said),
            "Give the store's identity the right to write there (AWS and Vault also refuse a "
            "secret that External Secrets did not make), or set "
            "secrets.existing_store.push: false and store the token by hand",
        )
