"""The objects of the fake cluster: stored, versioned, merged, watched."""

from __future__ import annotations

import base64
import copy
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.kubernetes.kinds import Kind

Json = dict[str, Any]
Key = tuple[str, str, str]
"""Kind, namespace, name."""


DEFAULTS = (("v1", "ServiceAccount", "default"), ("v1", "ConfigMap", "kube-root-ca.crt"))
"""What a cluster puts into every namespace by itself."""


class MissingError(Exception):
    """There is no such object; carries `plural "name" not found`."""


class ForbiddenError(Exception):
    """An admission plugin says no."""


class ClashError(Exception):
    """It exists already, or is another incarnation."""


class Store:
    """All objects. What a plain apply does is a forced merge that forgets what was dropped."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.objects: dict[Key, Json] = {}
        self.events: list[tuple[int, str, Json]] = []
        self._applied: dict[tuple[Key, str], Json] = {}
        self._version = 100

    def get(self, kind: Kind, namespace: str, name: str) -> Json:
        try:
            return copy.deepcopy(self.objects[kind.kind, namespace, name])
        except KeyError:
            raise MissingError(f'{_qualified(kind)} "{name}" not found') from None

    def list(self, kind: Kind, namespace: str) -> list[Json]:
        with self.changed:
            return [
                copy.deepcopy(body)
                for (known, place, _), body in sorted(self.objects.items())
                if known == kind.kind and namespace in ("", place)
            ]

    @property
    def version(self) -> int:
        return self._version

    def create(
        self,
        kind: Kind,
        namespace: str,
        body: Mapping[str, Any],
        *,
        dry: bool,
        manager: str = "kubectl-create",
    ) -> Json:
        name = body["metadata"].get("name") or (
            body["metadata"]["generateName"] + uuid.uuid4().hex[:5]
        )
        with self.changed:
            self._need_namespace(kind, namespace)
            if (kind.kind, namespace, name) in self.objects:
                raise ClashError(f'{_qualified(kind)} "{name}" already exists')
            made = _born(kind, namespace, name, body)
            if "managedFields" not in made["metadata"]:
                _sign(made, manager, body, "Update")
            return self._keep(kind, made, "ADDED", dry=dry)

    def apply(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        body: Mapping[str, Any],
        manager: str,
        *,
        dry: bool,
    ) -> Json:
        """Server-side apply without conflicts: the applier always wins."""
        key = (kind.kind, namespace, name)
        wanted = _plain_secret(copy.deepcopy(dict(body)))
        with self.changed:
            self._need_namespace(kind, namespace)
            live = self.objects.get(key)
            self._need_version(kind, name, live, wanted["metadata"].pop("resourceVersion", None))
            base = _born(kind, namespace, name, {}) if live is None else copy.deepcopy(live)
            merged = _merged(base, self._applied.get((key, manager), {}), wanted)
            if live is not None and merged == live and self._applied.get((key, manager)) == wanted:
                return merged
            _sign(merged, manager, wanted)
            if not dry:
                self._applied[key, manager] = wanted
            if live is not None and _generation_bump(live, merged):
                merged["metadata"]["generation"] += 1
            return self._keep(kind, merged, "ADDED" if live is None else "MODIFIED", dry=dry)

    def merge(self, kind: Kind, namespace: str, name: str, patch: Json, *, dry: bool) -> Json:
        """A merge patch of an object that is there."""
        with self.changed:
            patch = copy.deepcopy(patch)
            version = patch.get("metadata", {}).pop("resourceVersion", None)
            live = self.get(kind, namespace, name)
            self._need_version(kind, name, live, version)
            body = _without_null(_merged(live, {}, patch))
            return self._keep(kind, body, "MODIFIED", dry=dry)

    def replace(self, kind: Kind, body: Mapping[str, Any]) -> Json:
        """Store as given: how tests play controllers and other people."""
        with self.changed:
            return self._keep(kind, copy.deepcopy(dict(body)), "MODIFIED", dry=False)

    def delete(self, kind: Kind, namespace: str, name: str, uid: str, *, dry: bool) -> Json:
        with self.changed:
            body = self.get(kind, namespace, name)
            if uid and body["metadata"]["uid"] != uid:
                raise ClashError(f"the UID in the precondition ({uid}) does not match the object's")
            if dry:
                return body
            del self.objects[kind.kind, namespace, name]
            self._applied = {
                k: v for k, v in self._applied.items() if k[0] != (kind.kind, namespace, name)
            }
            if kind.kind == "Namespace":
                self._empty(name)
            self._tell("DELETED", body)
            return body

    def watch(self, since: int, seconds: float) -> Iterator[tuple[str, Json]]:
        """Events after a version, as they happen."""
        ends = time.monotonic() + seconds
        while True:
            with self.changed:
                fresh = [event for event in self.events if event[0] > since]
                left = ends - time.monotonic()
                if not fresh:
                    if left <= 0 or not self.changed.wait(left):
                        return
                    continue
            since = fresh[-1][0]
            yield from ((kind, body) for _, kind, body in fresh)

    def _need_version(self, kind: Kind, name: str, live: Json | None, version: str | None) -> None:
        if version and live is not None and live["metadata"]["resourceVersion"] != version:
            raise ClashError(
                f'Operation cannot be fulfilled on {_qualified(kind)} "{name}": the object has '
                "been modified; please apply your changes to the latest version and try again"
            )

    def _need_namespace(self, kind: Kind, namespace: str) -> None:
        if kind.namespaced and ("Namespace", "", namespace) not in self.objects:
            raise MissingError(f'namespaces "{namespace}" not found')

    def _empty(self, namespace: str) -> None:
        for key in [key for key in self.objects if key[1] == namespace]:
            self._tell("DELETED", self.objects.pop(key))

    def _keep(self, kind: Kind, body: Json, event: str, *, dry: bool) -> Json:
        if not dry:
            metadata = body["metadata"]
            metadata["resourceVersion"] = str(self._version + 1)
            self.objects[kind.kind, metadata.get("namespace", ""), metadata["name"]] = body
            self._tell(event, body)
            if kind.kind == "Namespace" and event == "ADDED":
                self._furnish(metadata["name"])
        return copy.deepcopy(body)

    def _furnish(self, namespace: str) -> None:
        """What controllers put into every new namespace; the first two are there without."""
        if namespace in {"default", "kube-system"}:
            return
        for api, kind, name in DEFAULTS:
            metadata = {"name": name, "namespace": namespace, "uid": str(uuid.uuid4())}
            self.objects[kind, namespace, name] = {
                "apiVersion": api,
                "kind": kind,
                "metadata": metadata | {"resourceVersion": "1", "creationTimestamp": _now()},
            }

    def _tell(self, event: str, body: Json) -> None:
        self._version += 1
        self.events.append((self._version, event, copy.deepcopy(body)))
        self.changed.notify_all()


def _born(kind: Kind, namespace: str, name: str, body: Mapping[str, Any]) -> Json:
    made = _plain_secret(copy.deepcopy(dict(body)))
    metadata = {**made.get("metadata", {}), "name": name}
    if kind.namespaced:
        metadata["namespace"] = namespace
    metadata |= {
        "uid": str(uuid.uuid4()),
        "generation": 1,
        "creationTimestamp": _now(),
    }
    return {"apiVersion": kind.api_version, "kind": kind.kind, **made, "metadata": metadata}


def _plain_secret(body: Json) -> Json:
    """`stringData` moves into `data`, as the server does when it stores a Secret."""
    if plain := body.pop("stringData", None):
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in plain.items()}
        body["data"] = (body.get("data") or {}) | encoded
    return body


def _merged(live: Json, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> Json:
    for key in before:
        if key not in wanted:
            live.pop(key, None)
    for key, value in wanted.items():
        old = live.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            earlier = before.get(key)
            live[key] = _merged(old, earlier if isinstance(earlier, dict) else {}, value)
        else:
            live[key] = value
    return live


def _without_null(value: Any) -> Any:
    """What a merge patch sets to null is taken away."""
    if not isinstance(value, dict):
        return value
    return {key: _without_null(one) for key, one in value.items() if one is not None}


def _sign(body: Json, manager: str, wanted: Mapping[str, Any], operation: str = "Apply") -> None:
    others = [
        entry for entry in body["metadata"].get("managedFields", ()) if entry["manager"] != manager
    ]
    entry = {
        "manager": manager,
        "operation": operation,
        "apiVersion": body["apiVersion"],
        "time": _now(),
        "fieldsV1": _fields({k: v for k, v in wanted.items() if k not in ("apiVersion", "kind")}),
    }
    body["metadata"]["managedFields"] = [*others, entry]


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _fields(wanted: Any) -> Json:
    if not isinstance(wanted, dict):
        return {}
    return {f"f:{key}": _fields(value) for key, value in wanted.items() if key != "name"}


def _generation_bump(live: Json, merged: Json) -> bool:
    return live.get("spec") != merged.get("spec")


def _qualified(kind: Kind) -> str:
    group = kind.api_version.rpartition("/")[0]
    return f"{kind.plural}.{group}" if group else kind.plural
