"""The `Runner` of GitLab's operator, with the ConfigMaps that it names."""

from __future__ import annotations

from typing import Any

from wizard.core.problems import Key
from wizard.importing.ledger import Fate, Spot
from wizard.importing.release import Bundle, Doc, Kind, Release, section
from wizard.importing.view import View, leaf_paths, renamed
from wizard.importing.wrappers.common import empty_view, metadata_aside
from wizard.importing.wrappers.config import read_config, table_words
from wizard.importing.wrappers.variables import as_register_reads, table_key_of

_Pairs = list[tuple[Key, Any, Spot]]


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
    release.unread_config = "config" in spec
    if given := _config_map(bundle, doc, "config"):
        release.unread_config = False
        read_config(bundle, given, release, over)
        bundle.carried(doc, "spec", "config", to="as what it holds")
    release.name = bundle.said(doc, "metadata", "name")
    release.namespace = bundle.said(doc, "metadata", "namespace")
    bundle.report.surprises(
        "GitLab's operator runs this, and the profile does not need it",
        bundle.at(doc, "kind"),
        "the operator recreates its manager as long as the Runner object exists, "
        "so two managers would run jobs",
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
        doc.spot("spec", *path), Fate.LEFT, "the profile says it differently", told=True
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
            "a profile has no equivalent key",
            "Check what it does today",
        )


def _inside(data: Any, path: Key) -> Any:
    for part in path:
        data = data[part]
    return data
