"""The patches of `[[runners.kubernetes.pod_spec]]`, laid over a job's pod as the runner does it.

Follows `doPodSpecMerge` (`executors/kubernetes/kubernetes.go`, 19.3.0): JSON patches (RFC 6902),
merge patches (RFC 7386) and strategic ones, each written as JSON or YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

_DEEPEST = 60
# What lists of a pod are merged by (k8s.io/api/core/v1/types.go); every other list is replaced.
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "volumes": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "ports": "containerPort",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "resourceClaims": "name",
}
PATCH_TYPES = ("strategic", "merge", "json")
_OPERATIONS = frozenset({"add", "copy", "move", "remove", "replace", "test"})


class PatchError(Exception):
    """A patch that the runner refuses, in every job; says why, as the end of a sentence."""


def patched(spec: dict[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """A pod's spec with one entry of `pod_spec` laid over it.

    One that names a file of the manager's pod instead (`patch_path`) changes nothing here.

    Raises: PatchError.
    """
    kind = entry.get("patch_type") or "strategic"
    if kind not in PATCH_TYPES:
        raise PatchError(f"its type is not one of {', '.join(PATCH_TYPES)}")
    if "patch" not in entry and "patch_path" in entry:
        return spec
    patch = _read(entry.get("patch") or "")
    result: Any
    if kind == "json":
        result = _by_operations(spec, patch)
    elif not isinstance(patch, dict):
        raise PatchError("it is not a mapping")
    elif kind == "merge":
        result = _merge(spec, patch)
    else:
        result = _strategic(spec, patch)
    if not isinstance(result, dict):
        raise PatchError("it leaves no pod")
    return result


def _read(text: str) -> Any:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise PatchError("it has an alias (*name)")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _DEEPEST:
                raise PatchError(f"it is nested deeper than {_DEEPEST} levels")
        return _with_text_keys(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, TypeError):
        raise PatchError("it is neither JSON nor YAML") from None


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(inner) for key, inner in value.items()}
    return [*map(_with_text_keys, value)] if isinstance(value, list) else value


def _merge(old: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merge(result.get(key), value)
    return result


def _strategic(old: Any, patch: dict[str, Any]) -> dict[str, Any]:
    result = dict(old) if isinstance(old, dict) and patch.get("$patch") != "replace" else {}
    for key, value in patch.items():
        if key.startswith("$"):  # directives; one that only orders changes nothing that counts here
            continue
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = _strategic(result.get(key), value)
        elif isinstance(value, list) and key in _MERGE_KEYS:
            result[key] = _by_name(result.get(key), value, key)
        else:
            result[key] = value
    return result


def _by_name(old: Any, patch: list[Any], key: str) -> list[Any]:
    name = _MERGE_KEYS[key]
    items = {_named(item, name, key): item for item in (old if isinstance(old, list) else [])}
    for item in patch:
        named = _named(item, name, key)
        if item.get("$patch") == "delete":
            items.pop(named, None)
        else:
            items[named] = _strategic(items.get(named), item)
    return list(items.values())


def _named(item: Any, name: str, key: str) -> str | int:
    found = item.get(name) if isinstance(item, dict) else None
    if not isinstance(found, str | int) or found == "":
        raise PatchError(f"an entry of {key} has no {name}")
    return found


def _by_operations(spec: dict[str, Any], patch: Any) -> Any:
    if not isinstance(patch, list):
        raise PatchError("it is not a list of operations")
    result: Any = spec
    for operation in patch:
        if not isinstance(operation, dict) or operation.get("op") not in _OPERATIONS:
            raise PatchError(f"an entry is not an operation ({', '.join(sorted(_OPERATIONS))})")
        path = operation.get("path")
        if not isinstance(path, str) or (path and not path.startswith("/")):
            raise PatchError("an operation has no path that begins with /")
        result = _operate(result, operation, _pointer(path))
    return result


def _operate(root: Any, operation: Mapping[str, Any], path: list[str]) -> Any:
    """One operation. A place that only the real pod has is left as it is."""
    try:
        if operation["op"] == "remove":
            return _changed(root, path, _without)
        if operation["op"] in {"add", "replace"}:
            value, adds = operation.get("value"), operation["op"] == "add"
            if not path:
                return value
            return _changed(root, path, lambda parent, key: _with(parent, key, value, adds=adds))
        if operation["op"] in {"copy", "move"}:
            source = _pointer(str(operation.get("from", "")))
            value = root
            for part in source:
                value = value[int(part)] if isinstance(value, list) else value[part]
            if operation["op"] == "move":
                root = _changed(root, source, _without)
            return _changed(root, path, lambda parent, key: _with(parent, key, value, adds=True))
    except (LookupError, TypeError, ValueError):
        return root
    return root


def _pointer(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _changed(node: Any, path: list[str], change: Callable[[Any, str], Any]) -> Any:
    part, *rest = path
    if not rest:
        return change(node, part)
    if isinstance(node, list):
        index = int(part)
        inner = _changed(node[index], rest, change)
        return [*node[:index], inner, *node[index + 1 :]]
    return {**node, part: _changed(node[part], rest, change)}


def _with(parent: Any, key: str, value: Any, *, adds: bool) -> Any:
    if isinstance(parent, list):
        at = len(parent) if key == "-" else int(key)
        return [*parent[:at], value, *parent[at + (0 if adds else 1) :]]
    return {**parent, key: value}


def _without(parent: Any, key: str) -> Any:
    if isinstance(parent, list):
        at = int(key)
        return [*parent[:at], *parent[at + 1 :]]
    return {name: value for name, value in parent.items() if name != key}


# The shape of a pod, as far as anything here reads it: a type, a mapping, or a list of one of them.
_CONTEXT: dict[str, Any] = {
    "privileged": bool,
    "allowPrivilegeEscalation": bool,
    "runAsNonRoot": bool,
    "runAsUser": int,
    "procMount": str,
    "capabilities": {"add": [str], "drop": [str]},
    "seccompProfile": {"type": str},
    "appArmorProfile": {"type": str},
    "seLinuxOptions": {"type": str, "user": str, "role": str},
    "windowsOptions": {"hostProcess": bool},
    "sysctls": [{"name": str}],
}
_CONTAINER: dict[str, Any] = {
    "name": str,
    "image": str,
    "securityContext": _CONTEXT,
    "ports": [{"hostPort": int}],
    "volumeMounts": [{"name": str, "mountPath": str}],
    "env": [{"name": str}],
    "resources": {"requests": {}, "limits": {}},
}
_POD: dict[str, Any] = {
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "ephemeralContainers": [_CONTAINER],
    "volumes": [{"name": str}],
    "securityContext": _CONTEXT,
    "hostNetwork": bool,
    "hostPID": bool,
    "hostIPC": bool,
    "serviceAccountName": str,
    "automountServiceAccountToken": bool,
    "nodeSelector": {},
    "tolerations": [{"key": str}],
    "imagePullSecrets": [{"name": str}],
}
_TYPES = {str: "text", bool: "true or false", int: "a whole number"}
_REQUIRED = ("name", "image")


def misfits(spec: Mapping[str, Any]) -> Iterator[str]:
    """What in a pod's spec no API server would read, each as the end of a sentence."""
    yield from _misfits(spec, _POD, "")
    if not spec.get("containers"):
        yield "it has no containers"
    for kind in ("initContainers", "containers"):
        entries = spec.get(kind)
        for container in entries if isinstance(entries, list) else ():
            if not isinstance(container, Mapping):
                continue
            for key in _REQUIRED:
                if not container.get(key):
                    yield f"a container of {kind} has no {key}"


def _misfits(value: Any, shape: Any, where: str) -> Iterator[str]:
    if value is None:
        return
    if isinstance(shape, dict):
        if not isinstance(value, Mapping):
            yield f"{where or 'it'} is not a mapping"
            return
        for key, inner in shape.items():
            yield from _misfits(value.get(key), inner, f"{where}.{key}" if where else key)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where} is not a list"
            return
        for index, item in enumerate(value):
            here = f"{where}[{index}]"
            if item is None:
                yield f"{here} is empty"
            yield from _misfits(item, shape[0], here)
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        yield f"{where} is not {_TYPES[shape]}"
