"""What objects of Kubernetes look like where we read them; anything else is no API server's answer.

Only what is read somewhere is written down here, and held at the door (`api`), so that whatever
reads an object further in may rely on it. Null means "not there", as it does to Kubernetes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from wizard.core.units import parse_bytes, parse_cpu
from wizard.systems.http.answers import ShapeError

Shape = Any
"""`str`, `int`, `bool`, `dict`; `[shape]`, a list of it; `{key: shape}`, where a key that ends with
`!` has to be there; `{"*": shape}`, a mapping of texts to it; or a function, false for what does
not fit."""


def _quantity(parse: Callable[[str], Any]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        """a quantity"""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return False
        parse(str(value))
        return True

    return fits


def _time(value: Any) -> bool:
    """a time"""
    datetime.fromisoformat(value)
    return True


def _encoded(value: Any) -> bool:
    """base64"""
    try:
        base64.b64decode(value)
    except binascii.Error:
        return False
    return True


_TEXTS = {"*": str}
_RESOURCES = {"cpu": _quantity(parse_cpu), "memory": _quantity(parse_bytes)}
_CONTAINER = {
    "name!": str,
    "image": str,
    "command": [str],
    "args": [str],
    "restartPolicy": str,
    "resources": {"requests": _RESOURCES},
}
_VOLUME = {
    "configMap": {"name": str},
    "projected": {"sources": [{"configMap": {"name": str}}]},
}
_POD_SPEC = {
    "nodeName": str,
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "volumes": [_VOLUME],
    "overhead": _RESOURCES,
}
_STATE = {
    "waiting": {"reason": str, "message": str},
    "terminated": {"reason": str, "exitCode": int},
}
_CONTAINER_STATUS = {
    "name!": str,
    "image": str,
    "restartCount": int,
    "ready": bool,
    "state": _STATE,
    "lastState": _STATE,
}
_CONDITION = {"type": str, "status": str, "reason": str, "message": str}
_SELECTOR = {"matchLabels": _TEXTS}

_METADATA = {
    "name!": str,
    "namespace": str,
    "uid!": str,
    "resourceVersion": str,
    "generation": int,
    "creationTimestamp": _time,
    "deletionTimestamp": str,
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "managedFields": [{"manager": str, "operation": str, "apiVersion": str, "fieldsV1": dict}],
    "ownerReferences": [{"uid": str, "controller": bool}],
}
OBJECT: dict[str, Shape] = {
    "apiVersion": str,
    "kind": str,
    "metadata!": _METADATA,
    "spec": dict,
    "status": {"conditions": [_CONDITION]},
}
_PODS = {
    "spec!": _POD_SPEC,
    "status": {
        "phase": str,
        "conditions": [_CONDITION],
        "containerStatuses": [_CONTAINER_STATUS],
        "initContainerStatuses": [_CONTAINER_STATUS],
    },
}
_STORES = {
    "spec": {"provider": dict, "conditions": [{"namespaces": [str]}]},
    "status": {"conditions": [_CONDITION], "capabilities": str},
}
_KINDS: dict[str, dict[str, Shape]] = {
    "pods": _PODS,
    "nodes": {
        "spec": {
            "unschedulable": bool,
            "taints": [{"effect": str}],
            "podCIDR": str,
            "podCIDRs": [str],
        },
        "status": {
            "conditions": [_CONDITION],
            "allocatable": _RESOURCES,
            "nodeInfo": {"architecture": str, "kubeletVersion": str},
        },
    },
    "deployments": {
        "spec!": {
            "replicas": int,
            "selector!": _SELECTOR,
            "template!": {"spec!": _POD_SPEC, "metadata!": {"labels": _TEXTS}},
        },
        "status": {
            "conditions": [_CONDITION],
            "observedGeneration": int,
            "replicas": int,
            "readyReplicas": int,
            "availableReplicas": int,
        },
    },
    "replicasets": {"status": {"conditions": [_CONDITION], "availableReplicas": int}},
    "events": {
        "type": str,
        "reason": str,
        "message": str,
        "lastTimestamp": str,
        "eventTime": str,
        "series": {"lastObservedTime": str},
        "involvedObject": {"kind": str, "name": str},
    },
    "secrets": {"data": {"*": _encoded}},
    "configmaps": {"data": _TEXTS},
    "secretstores": _STORES,
    "clustersecretstores": _STORES,
    "servicecidrs": {"spec": {"cidrs": [str]}},
    "leases": {
        "spec": {
            "holderIdentity": str,
            "leaseDurationSeconds": int,
            "acquireTime": _time,
            "renewTime": _time,
            "leaseTransitions": int,
        }
    },
}
"""By the plural under which the server has them, which is in every path."""

_LIST_METADATA = {"resourceVersion": str, "continue": str}
_RESOURCES_SERVED = {"resources!": [{"name!": str, "kind!": str, "namespaced!": bool}]}
_REVIEW = {"status!": {"allowed!": bool}}
_GROUP = {
    "name!": str,
    "preferredVersion!": {"version!": str},
    "versions": [{"version!": str}],
}
_FIXED = {
    "/version": {"gitVersion!": str},
    "/apis": {"groups!": [_GROUP]},
}


def shape_of(method: str, path: str, *, only_metadata: bool = False) -> Shape:
    """The shape of the answer to a call.

    Args:
        only_metadata: whether a list was asked for without its objects' contents.
    """
    if method == "DELETE":
        return {}  # the object as it was, or a Status
    if path in _FIXED:
        return _FIXED[path]
    parts = path.strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    if len(rest) > 2 and rest[0] == "namespaces":
        rest = rest[2:]
    if not rest:
        return _RESOURCES_SERVED
    if parts[1] == "authorization.k8s.io":
        return _REVIEW
    item = OBJECT | ({} if only_metadata else _KINDS.get(rest[0], {}))
    if method != "GET" or len(rest) > 1:
        return item
    if only_metadata:  # an empty one has `items: null` (tried on a real kube-apiserver)
        return {"kind!": str, "metadata!": _LIST_METADATA, "items": [item]}
    return {"metadata": _LIST_METADATA, "items!": [item]}


def hold(value: Any, shape: Shape, place: str = "") -> None:
    """Raises: ShapeError, where `value` is not of that shape."""
    if isinstance(shape, dict):
        _hold_mapping(value, shape, place)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise ShapeError(f"{place or 'it'} should be a list")
        for at, item in enumerate(value):
            hold(item, shape[0], f"{place}[{at}]")
    elif not _fits(value, shape):
        called = shape.__doc__ if not isinstance(shape, type) else _CALLED.get(shape, "an object")
        raise ShapeError(f"{place} should be {called}")


_CALLED = {str: "a text", int: "a number", bool: "true or false"}


def _hold_mapping(value: Any, shape: Mapping[str, Shape], place: str) -> None:
    if not isinstance(value, dict):
        raise ShapeError(f"{place or 'it'} should be an object")
    if each := shape.get("*"):
        for key, item in value.items():
            if item is not None:
                hold(item, each, _inside(place, key))
        return
    for key, inner in shape.items():
        name = key.rstrip("!")
        item = value.get(name)
        if item is not None:
            hold(item, inner, _inside(place, name))
        elif key.endswith("!"):
            raise ShapeError(f"{_inside(place, name)} is missing")


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, type):
        return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
    try:
        return bool(shape(value))
    except (ValueError, TypeError, ArithmeticError):
        return False


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
