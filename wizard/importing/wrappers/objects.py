"""Objects of a cluster: what kubectl, helm template and helm get manifest print, and operators'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.core.problems import Key
from wizard.importing.ledger import Fate, Spot
from wizard.importing.release import Bundle, Doc, Kind, Release, entries, section
from wizard.importing.view import Layer, View, leaf_paths
from wizard.importing.wrappers.common import empty_view, metadata_aside
from wizard.importing.wrappers.config import read_config, table_words

MANAGER_IMAGE = re.compile(r"(?:^|/)gitlab-runner(?:-ocp)?(?::[\w.-]+)?(?:@.*)?$")
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Pod")


def renamed(pairs: list[tuple[Key, Any, Spot]]) -> Layer:
    """Values that mean keys of another name, each with the place it is written at."""
    data: dict[str, Any] = {}
    places: dict[Key, Spot] = {}
    for key, value, spot in pairs:
        inner = data
        for part in key[:-1]:
            below = inner.setdefault(str(part), {})
            inner = below if isinstance(below, dict) else {}
        inner[str(key[-1])] = value
        places[key] = spot

    def spot_of(key: Key) -> Spot | None:
        for length in range(len(key), 0, -1):
            if found := places.get(key[:length]):
                return Spot(found.source, (*found.path, *key[length:]))
        return None

    return Layer(data, spot_of)


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
        if key in pod.container:
            pairs.append(((target,), pod.container[key], doc.spot(*pod.where, key)))
    for key, target in _OF_POD.items():
        if key in pod.spec:
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


_FROM_ENV = {
    "CI_SERVER_URL": ("gitlabUrl",),
    "RUNNER_NAME": ("runners", "name"),
    "RUNNER_TAG_LIST": ("runners", "tags"),
    "REGISTER_RUN_UNTAGGED": ("runners", "runUntagged"),
    "REGISTER_LOCKED": ("runners", "locked"),
    "REGISTER_MAXIMUM_TIMEOUT": ("runners", "maximumTimeout"),
}
"""Variables that the chart makes of its values (`_env_vars.tpl`), and the values they are of."""
_TABLE_ENV = {
    "RUNNER_OUTPUT_LIMIT": ("output_limit",),
    "RUNNER_REQUEST_CONCURRENCY": ("request_concurrency",),
    "CLONE_URL": ("clone_url",),
    "CACHE_TYPE": ("cache", "Type"),
    "CACHE_PATH": ("cache", "Path"),
    "CACHE_SHARED": ("cache", "Shared"),
    "CACHE_S3_SERVER_ADDRESS": ("cache", "s3", "ServerAddress"),
    "CACHE_S3_BUCKET_NAME": ("cache", "s3", "BucketName"),
    "CACHE_S3_BUCKET_LOCATION": ("cache", "s3", "BucketLocation"),
    "CACHE_S3_INSECURE": ("cache", "s3", "Insecure"),
    "CACHE_GCS_BUCKET_NAME": ("cache", "gcs", "BucketName"),
}
_WORTHLESS_ENV = {
    "SESSION_SERVER_ADDRESS",
    "RUNNER_EXECUTOR",
    "REGISTER_LOCKED",
    "HOME",
    "POD_NAME",
}


def table_key_of(variable: str) -> Key:
    """The key of the `[[runners]]` table that a variable of `register` sets; empty: none."""
    from wizard.render.tables.catalogue import runner_keys
    from wizard.render.tables.versions import NEWEST_RUNNER_READ

    if variable in _TABLE_ENV:
        return _TABLE_ENV[variable]
    key = variable.removeprefix("KUBERNETES_").lower()
    knows = runner_keys(NEWEST_RUNNER_READ).knows(f"runners.kubernetes.{key}")
    return ("kubernetes", key) if variable.startswith("KUBERNETES_") and knows else ()


def as_register_reads(text: Any) -> Any:
    """A variable's text as the flag that it is."""
    words = {"true": True, "false": False}
    return words.get(str(text).lower(), int(text) if re.fullmatch(r"\d{1,9}", str(text)) else text)


def _variable(
    bundle: Bundle, doc: Doc, where: Key, one: Mapping[str, Any], pairs: list[Any], table: list[Any]
) -> None:
    name, value = str(one.get("name") or ""), one.get("value")
    spot = doc.spot(*where, "value")
    bundle.aside(doc, *where, "name", why="names the value beside it")
    if "valueFrom" in one:
        bundle.left(doc, *where, "valueFrom", why="the token and the like come in the wizard's way")
    elif name in _FROM_ENV and value not in (None, ""):
        pairs.append((_FROM_ENV[name], value, spot))
    elif (key := table_key_of(name)) and value not in (None, ""):
        shown = (
            value
            if key[-1] in {"image", "namespace", "memory_limit", "cpu_limit"}
            else as_register_reads(value)
        )
        table.append((key, shown, spot))
    elif name in _WORTHLESS_ENV or value in (None, ""):
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
            "Compare, and write what you need into runners[].extra_values (as: helm) or leave it",
        )


_OPERATOR_VALUES = {
    "gitlabUrl": ("gitlabUrl",),
    "concurrent": ("concurrent",),
    "interval": ("checkInterval",),
    "tags": ("runners", "tags"),
    "runUntagged": ("runners", "runUntagged"),
    "locked": ("runners", "locked"),
    "protected": ("runners", "protected"),
    "maximumTimeout": ("runners", "maximumTimeout"),
    "token": ("runners", "secret"),
    "serviceaccount": ("serviceAccount", "name"),
    "logLevel": ("logLevel",),
    "logFormat": ("logFormat",),
    "imagePullPolicy": ("imagePullPolicy",),
    "connectionMaxAge": ("connectionMaxAge",),
}
_OPERATOR_TABLE = {
    "buildImage": ("kubernetes", "image"),
    "helperImage": ("kubernetes", "helper_image"),
    "cloneURL": ("clone_url",),
    "cloneUrl": ("clone_url",),
    "cacheType": ("cache", "Type"),
    "cachePath": ("cache", "Path"),
    "cacheShared": ("cache", "Shared"),
    "s3.server": ("cache", "s3", "ServerAddress"),
    "s3.bucket": ("cache", "s3", "BucketName"),
    "s3.location": ("cache", "s3", "BucketLocation"),
    "s3.insecure": ("cache", "s3", "Insecure"),
    "gcs.bucket": ("cache", "gcs", "BucketName"),
    "azure.container": ("cache", "azure", "ContainerName"),
    "azure.storageDomain": ("cache", "azure", "StorageDomain"),
}
_OPERATOR_SECRETS = (
    "s3.credentials",
    "gcs.credentials",
    "gcs.credentialsFile",
    "azure.credentials",
)


def operator_runners(bundle: Bundle, doc: Doc) -> list[Release]:
    """A Runner of GitLab's operator."""
    if doc.group != "apps.gitlab.com" or doc.kind != "Runner":
        return []
    doc.used = True
    spec = section(doc.data, "spec")
    values: list[tuple[Key, Any, Spot]] = []
    table: list[tuple[Key, Any, Spot]] = []
    for path in leaf_paths(spec):
        name = ".".join(str(part) for part in path)
        value, spot = _inside(spec, path), doc.spot("spec", *path)
        if name in _OPERATOR_VALUES:
            values.append((_OPERATOR_VALUES[name], value, spot))
        elif name in _OPERATOR_TABLE:
            table.append((_OPERATOR_TABLE[name], value, spot))
        elif name in _OPERATOR_SECRETS:
            values.append((("runners", "cache", "secretName"), value, spot))
        elif name == "ca":
            values.append((("certsSecretName",), value, spot))
        elif path and not (name in {"config", "env"} and _config_map(bundle, doc, name)):
            _operator_rest(bundle, doc, path, name, value)
    _operator_env(bundle, doc, values, table)
    metadata_aside(bundle, doc)
    bundle.carried(doc, "metadata", "name", to="name")
    bundle.carried(doc, "metadata", "namespace", to="cluster.namespace")
    view = View(bundle.ledger, [renamed(values)], lambda key: str(key[-1]) if key else "spec")
    release = Release(
        Kind.OPERATOR, doc.file, bundle.ledger, bundle.report, view, empty_view(bundle.ledger)
    )
    over = [renamed(table)] if table else []
    release.tables = [View(bundle.ledger, over, table_words)]
    if given := _config_map(bundle, doc, "config"):
        read_config(bundle, given, release, over)
        bundle.carried(doc, "spec", "config", to="as what it holds")
    release.name = bundle.said(doc, "metadata", "name")
    release.namespace = bundle.said(doc, "metadata", "namespace")
    bundle.report.surprises(
        "the operator of GitLab runs this, and the profile does not need it",
        bundle.at(doc, "kind"),
        "the operator makes the manager again as long as its Runner is there: two managers would "
        "run jobs",
        "Remove the Runner object once the profile's runner is proven",
    )
    return [release]


def _config_map(bundle: Bundle, doc: Doc, key: str) -> Doc | None:
    """The ConfigMap that a Runner of the operator names, where it was given too."""
    name = section(doc.data, "spec").get(key)
    return next((one for one in bundle.kinds("ConfigMap") if one.name == str(name)), None)


def _operator_env(bundle: Bundle, doc: Doc, values: _Pairs, table: _Pairs) -> None:
    """Variables of the operator's manager, where their ConfigMap was given too."""
    given = _config_map(bundle, doc, "env")
    if not given:
        return
    given.used = True
    metadata_aside(bundle, given)
    bundle.carried(doc, "spec", "env", to="as what it holds")
    for name, value in section(given.data, "data").items():
        spot = given.spot("data", name)
        if key := table_key_of(str(name)):
            table.append((key, as_register_reads(value), spot))
        else:
            values.append((("extraEnv", name), value, spot))


def _operator_rest(bundle: Bundle, doc: Doc, path: Key, name: str, value: object) -> None:
    bundle.ledger.note(
        doc.spot("spec", *path), Fate.LEFT, "the profile says it another way", told=True
    )
    top = str(path[0])
    if top in {"config", "env", "podSpec", "deploymentSpec", "runnerImage"}:
        what = {
            "config": f"a ConfigMap, {value}, holds the config.toml template",
            "env": f"a ConfigMap, {value}, holds variables of the manager",
            "runnerImage": "the manager's image is another than the operator's own",
        }.get(top, "patches change the pods that the operator makes")
        bundle.report.breaks(
            f"{top} was not read",
            bundle.at(doc, "spec", top),
            f"{what}; what it sets is missing from the profile",
            f"Give it beside this file: kubectl get configmap {value} -o yaml"
            if top in {"config", "env"}
            else "Read it, and write what you need into the profile",
        )
    else:
        bundle.report.surprises(
            f"{name} of the Runner is not carried over",
            bundle.at(doc, "spec", *path),
            "a profile has no key that means the same",
            "Compare with what it does now",
        )


def _inside(data: Any, path: Key) -> Any:
    for part in path:
        data = data[part]
    return data
