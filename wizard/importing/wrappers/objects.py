"""Objects of a cluster: what kubectl, helm template and helm get manifest print."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.core.problems import Key
from wizard.importing.ledger import Spot
from wizard.importing.release import Bundle, Doc, Kind, Release, entries, section
from wizard.importing.view import View, renamed
from wizard.importing.wrappers.common import empty_view, metadata_aside
from wizard.importing.wrappers.config import table_words
from wizard.importing.wrappers.variables import (
    FROM_ENV,
    TOKEN_ENV,
    WORTHLESS_ENV,
    as_register_reads,
    table_key_of,
)

MANAGER_IMAGE = re.compile(r"(?:^|/)gitlab-runner(?:-ocp)?(?::[\w.-]+)?(?:@.*)?$")
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Pod")


def workloads(bundle: Bundle, doc: Doc) -> list[Release]:
    """A workload of the manager: what it says beside its ConfigMap, or all there is.

    It is asked after the ConfigMaps, and adds to a release that one of them made.
    """
    if doc.kind not in _WORKLOADS:
        return []
    path: tuple[str, ...] = ("spec",) if doc.kind == "Pod" else ("spec", "template", "spec")
    spec = section(doc.data, *path)
    for index, one in enumerate(entries(spec.get("containers"))):
        image = str(one.get("image") or "") if isinstance(one, Mapping) else ""
        if MANAGER_IMAGE.search(image):
            return [_manager(bundle, _Pod(doc, path, spec, (*path, "containers", index), one))]
    return []


_Pairs = list[tuple[Key, Any, Spot]]
_OF_CONTAINER = {
    "imagePullPolicy": "imagePullPolicy",
    "resources": "resources",
    "securityContext": "securityContext",
}
_OF_POD = {
    "nodeSelector": "nodeSelector",
    "tolerations": "tolerations",
    "affinity": "affinity",
    "priorityClassName": "priorityClassName",
    "imagePullSecrets": "imagePullSecrets",
    "terminationGracePeriodSeconds": "terminationGracePeriodSeconds",
    "securityContext": "podSecurityContext",
}


@dataclass(frozen=True, slots=True)
class _Pod:
    """The manager's pod, and where it and its container are."""

    doc: Doc
    above: Key
    spec: Mapping[str, Any]
    where: Key
    container: Mapping[str, Any]


def _manager(bundle: Bundle, pod: _Pod) -> Release:
    doc = pod.doc
    pairs: _Pairs = _of_image(pod)
    for key, target in _OF_CONTAINER.items():
        if key in pod.container and not _is_filled_in(pod, key, pod.container[key]):
            pairs.append(((target,), pod.container[key], doc.spot(*pod.where, key)))
    for key, target in _OF_POD.items():
        if key in pod.spec and not _is_filled_in(pod, key, pod.spec[key]):
            pairs.append(((target,), pod.spec[key], doc.spot(*pod.above, key)))
    if "replicas" in section(doc.data, "spec"):
        pairs.append((("replicas",), doc.data["spec"]["replicas"], doc.spot("spec", "replicas")))
    for key in ("serviceAccountName", "serviceAccount"):
        if key in pod.spec:
            spot = doc.spot(*pod.above, key)
            pairs.append((("serviceAccount", "name"), pod.spec[key], spot))
    table: _Pairs = []
    for index, one in enumerate(entries(pod.container.get("env"))):
        if isinstance(one, Mapping):
            _variable(bundle, doc, (*pod.where, "env", index), one, pairs, table)
    pairs += _rules(bundle)
    _note_rest(bundle, pod)
    doc.used = True
    return _joined(bundle, pod, View(bundle.ledger, [renamed(pairs)]), table)


def _is_filled_in(pod: _Pod, key: str, value: object) -> bool:
    """Whether a value is what the API server fills in where nobody said anything."""
    if key == "imagePullPolicy":
        _, _, tag = _image_parts(str(pod.container.get("image")))
        return value == ("Always" if tag in ("", "latest") else "IfNotPresent")
    return value == {"terminationGracePeriodSeconds": 30}.get(key, {})


def _of_image(pod: _Pod) -> _Pairs:
    registry, path, tag = _image_parts(str(pod.container.get("image")))
    spot = pod.doc.spot(*pod.where, "image")
    parts = (("registry", registry), ("image", path), ("tag", tag))
    return [(("image", key), value, spot) for key, value in parts if value]


def _image_parts(image: str) -> tuple[str, str, str]:
    """Registry, path and tag; an image of no registry is Docker Hub's."""
    name, tag = image.partition("@")[0], ""
    if ":" in name.rpartition("/")[2]:
        name, _, tag = name.rpartition(":")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest, tag
    return "docker.io", name, tag


def _variable(
    bundle: Bundle, doc: Doc, where: Key, one: Mapping[str, Any], pairs: list[Any], table: list[Any]
) -> None:
    name, value = str(one.get("name") or ""), one.get("value")
    spot = doc.spot(*where, "value")
    bundle.aside(doc, *where, "name", why="names the value beside it")
    if "valueFrom" in one and name in TOKEN_ENV:
        bundle.ours(doc, *where, "valueFrom", why="the wizard provides the token its own way")
    elif "valueFrom" in one:
        bundle.left(
            doc, *where, "valueFrom", why="it comes from another object, which was not read"
        )
    elif name in FROM_ENV and value not in (None, ""):
        pairs.append((FROM_ENV[name], value, spot))
    elif (key := table_key_of(name)) and value not in (None, ""):
        shown = (
            value
            if key[-1] in {"image", "namespace", "memory_limit", "cpu_limit"}
            else as_register_reads(value)
        )
        table.append((key, shown, spot))
    elif name in WORTHLESS_ENV or value in (None, ""):
        bundle.aside(doc, *where, why="the chart writes it itself")
    else:
        pairs.append((("extraEnv", name), value, spot))


def _rules(bundle: Bundle) -> list[tuple[Key, Any, Spot]]:
    """The Role that goes with the workload, as the chart's `rbac` says it."""
    for one in bundle.docs:
        if one.kind in {"Role", "ClusterRole"} and one.data.get("rules"):
            metadata_aside(bundle, one)
            one.used = True
            found: list[tuple[Key, Any, Spot]] = [
                (("rbac", "create"), True, one.spot("kind")),
                (("rbac", "rules"), one.data["rules"], one.spot("rules")),
            ]
            if one.kind == "ClusterRole":
                found.append((("rbac", "clusterWideAccess"), True, one.spot("kind")))
            return found
    return []


def _joined(bundle: Bundle, pod: _Pod, values: View, table: _Pairs) -> Release:
    """The release whose ConfigMap the pod mounts, or a new one."""
    doc, mounted = pod.doc, str(pod.spec.get("volumes"))
    for release in bundle.made:
        if release.kind is Kind.OBJECTS and f"'{release.name.text}'" in mounted:
            release.values = values
            if table:
                over = renamed(table)
                release.tables = [
                    View(bundle.ledger, [*one.layers, over], table_words) for one in release.tables
                ]
            bundle.made.remove(release)
            return release
    view = empty_view(bundle.ledger)
    release = Release(Kind.OBJECTS, doc.file, bundle.ledger, bundle.report, values, view)
    release.tables = [View(bundle.ledger, [renamed(table)] if table else [], table_words)]
    release.name = bundle.said(doc, "metadata", "name")
    release.namespace = bundle.said(doc, "metadata", "namespace")
    return release


def _note_rest(bundle: Bundle, pod: _Pod) -> None:
    doc = pod.doc
    metadata_aside(bundle, doc)
    bundle.carried(doc, "metadata", "name", to="name")
    bundle.carried(doc, "metadata", "namespace", to="cluster.namespace")
    bundle.ours(doc, "spec", why="the wizard writes the manager's Deployment")
    left = [key for key in ("command", "args", "lifecycle") if key in pod.container]
    left += [key for key in ("initContainers", "hostNetwork", "hostAliases") if key in pod.spec]
    if len(entries(pod.spec.get("containers"))) > 1:
        left.append("containers beside it")
    if left:
        bundle.report.surprises(
            f"the manager's pod has more than the profile says: {', '.join(left)}",
            bundle.at(doc, *pod.where),
            "the wizard writes the manager's Deployment itself, without them",
            "Write what you need of it into runners[].extra_values, with delivery.as: helm",
        )
