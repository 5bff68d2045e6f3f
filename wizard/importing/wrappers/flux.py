"""Flux: a HelmRelease of any version, with what it takes from elsewhere."""

from __future__ import annotations

from wizard.core.problems import Key
from wizard.importing.helm_text import as_set
from wizard.importing.release import Bundle, Doc, Kind, Release, entries, section
from wizard.importing.view import Layer, layer_of
from wizard.importing.wrappers.common import (
    CHART,
    metadata_aside,
    opened,
    releases_of,
    set_layers,
    tell_unread_values,
)

_READ = ("chart", "chartRef", "values", "valuesFrom", "releaseName", "targetNamespace")
_CONTENT = "values.yaml"


def helm_releases(bundle: Bundle, doc: Doc) -> list[Release]:
    """The releases of a HelmRelease."""
    if doc.group not in ("helm.toolkit.fluxcd.io", "") or doc.kind != "HelmRelease":
        return []
    spec = section(doc.data, "spec")
    chart = section(spec, "chart", "spec")
    referred = str(section(spec, "chartRef").get("name") or "")
    name = str(chart.get("chart") or referred)
    of_chart = name.rstrip("/").rpartition("/")[2] == CHART or name == CHART
    layers = _others(bundle, doc, spec)
    layers.append(layer_of(spec.get("values"), doc.number, (*doc.above, "spec", "values")))
    if name and not of_chart and "." not in name and "/" not in name and CHART not in name:
        # A chart of another name from a repository: the runner's values are in it if its values
        # say so below a key of their own.
        layers = [layer for layer in layers if CHART in layer.data]
    found = releases_of(bundle, doc, Kind.HELM_RELEASE, layers, of_chart=of_chart)
    for release in found:
        _facts(bundle, doc, release, of_chart=of_chart)
    if found:
        _note_rest(bundle, doc)
    return found


def _others(bundle: Bundle, doc: Doc, spec: object) -> list[Layer]:
    """Values of ConfigMaps that were given too; the others are named."""
    layers: list[Layer] = []
    for index, one in enumerate(entries(section({"spec": spec}, "spec").get("valuesFrom"))):
        kind, name = (str(section({"one": one}, "one").get(key) or "") for key in ("kind", "name"))
        key = str(section({"one": one}, "one").get("valuesKey") or _CONTENT)
        where = ("spec", "valuesFrom", index)
        given = next((one for one in bundle.kinds(kind) if one.name == name), None)
        text = section(given.data, "data").get(key) if given and kind == "ConfigMap" else None
        target = str(section({"one": one}, "one").get("targetPath") or "")
        if target:
            layers += _at_target(bundle, doc, where, target, given, key, text)
            continue
        if given and isinstance(text, str):
            line = bundle.ledger.line(given.spot("data", key))
            if layer := opened(bundle, given, ("data", key), text, line):
                layers.append(layer)
                metadata_aside(bundle, given)
                given.used = True
                bundle.carried(doc, *where, to="as what it holds")
                continue
        tell_unread_values(bundle, doc, where, "valuesFrom", [f"{kind} {name}"])
    return layers


def _at_target(
    bundle: Bundle, doc: Doc, where: Key, target: str, given: Doc | None, key: str, text: object
) -> list[Layer]:
    """One value that comes from a ConfigMap or a Secret."""
    if given and isinstance(text, str):
        metadata_aside(bundle, given)
        given.used = True
        bundle.carried(doc, *where, to="as what it holds")
        return set_layers(bundle.ledger, [(target, as_set(text), given.spot("data", key))])
    if target in {"runnerToken", "runnerRegistrationToken"}:
        bundle.left(doc, *where, why="a token is never copied")
        return []
    tell_unread_values(bundle, doc, where, "valuesFrom", [f"the value of {target}"])
    return []


def _facts(bundle: Bundle, doc: Doc, release: Release, *, of_chart: bool) -> None:
    if of_chart:
        release.chart = bundle.said(doc, "spec", "chart", "spec", "version")
        bundle.carried(doc, "spec", "chart", "spec", "version", to="manager.runner_version")
    release.name = bundle.said(doc, "spec", "releaseName") or bundle.said(doc, "metadata", "name")
    release.namespace = bundle.said(doc, "spec", "targetNamespace") or bundle.said(
        doc, "metadata", "namespace"
    )
    install = section(doc.data, "spec", "install")
    release.makes_namespace = install.get("createNamespace") is True


def _note_rest(bundle: Bundle, doc: Doc) -> None:
    metadata_aside(bundle, doc)
    bundle.carried(doc, "metadata", "name", to="name")
    bundle.carried(doc, "metadata", "namespace", to="cluster.namespace")
    bundle.carried(doc, "spec", "releaseName", to="name")
    bundle.carried(doc, "spec", "targetNamespace", to="cluster.namespace")
    for key in ("chart", "sourceRef", "interval", "reconcileStrategy", "verify", "valuesFiles"):
        if key in section(doc.data, "spec", "chart", "spec"):
            bundle.aside(doc, "spec", "chart", "spec", key, why="where the chart is")
    bundle.aside(doc, "spec", "chart", "metadata", why="the object's own")
    bundle.aside(doc, "spec", "chartRef", why="where the chart is")
    dropped = [key for key in section(doc.data, "spec") if key not in _READ]
    for key in dropped:
        bundle.left(doc, "spec", key, why="how Flux installs a release", told=True)
    if dropped:
        bundle.report.tidy(
            f"not carried over from the HelmRelease: {', '.join(dropped)}",
            bundle.at(doc, "spec", dropped[0]),
            "they control how Flux installs a release, and the profile is delivered "
            "as plain manifests",
            "Point a Flux Kustomization at the rendered folder",
        )
    if "postRenderers" in section(doc.data, "spec"):
        bundle.report.breaks(
            "postRenderers change what the chart renders, and were not read",
            bundle.at(doc, "spec", "postRenderers"),
            "what they patch (volumes, sidecars, labels) is missing from the profile",
            "Read them, and write what you need into the profile",
        )
