"""Other ways to hand values to Helm: k3s, kustomize, helmfile, Rancher's fleet, a chart around."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.core.problems import Key
from wizard.importing.helm_text import as_set
from wizard.importing.release import Bundle, Doc, Kind, Release, Said, entries, section
from wizard.importing.view import Layer, Values, layer_of
from wizard.importing.wrappers.common import (
    CHART,
    add_facts,
    metadata_aside,
    releases_of,
    set_layers,
    tell_unread_values,
    values_from_file,
    values_in_text,
)


def _is_ours(chart: object) -> bool:
    return str(chart or "").rstrip("/").rpartition("/")[2].partition(":")[0] == CHART


def k3s_charts(bundle: Bundle, doc: Doc) -> list[Release]:
    """A HelmChart of k3s or RKE2, and a HelmChartConfig."""
    if doc.group != "helm.cattle.io" or doc.kind not in {"HelmChart", "HelmChartConfig"}:
        return []
    spec = section(doc.data, "spec")
    layers: list[Layer] = []
    if isinstance(spec.get("values"), Mapping):
        layers.append(layer_of(spec["values"], doc.number, (*doc.above, "spec", "values")))
    if text := values_in_text(bundle, doc, "spec", "valuesContent"):
        layers.append(text)
    layers += _sets(bundle, doc, ("spec", "set"), spec.get("set"))
    found = releases_of(bundle, doc, Kind.HELM_CHART, layers, of_chart=_is_ours(spec.get("chart")))
    for release in found:
        place = bundle.said(doc, "spec", "targetNamespace")
        name = bundle.said(doc, "metadata", "name")
        version = bundle.said(doc, "spec", "version") if _is_ours(spec.get("chart")) else Said()
        add_facts(release, version, name, place)
        release.makes_namespace = spec.get("createNamespace") is True
    if found:
        metadata_aside(bundle, doc)
        bundle.carried(doc, "metadata", "name", to="name")
        if _is_ours(spec.get("chart")):
            bundle.carried(doc, "spec", "version", to="manager.runner_version")
        else:
            bundle.aside(doc, "spec", "version", why="the version of the chart around it")
        bundle.carried(doc, "spec", "targetNamespace", to="cluster.namespace")
        _rest_aside(bundle, doc, ("spec",), ("values", "valuesContent", "set"))
    return found


def kustomize_charts(bundle: Bundle, doc: Doc) -> list[Release]:
    """`helmCharts` of a kustomization.yaml."""
    found: list[Release] = []
    for index, one in enumerate(entries(doc.data.get("helmCharts"))):
        if not isinstance(one, Mapping) or not _is_ours(one.get("name")):
            continue
        where: Key = ("helmCharts", index)
        layers = _files(bundle, doc, where, one, ("valuesFile", "additionalValuesFiles"))
        inline = one.get("valuesInline")
        if isinstance(inline, Mapping):
            layers.append(layer_of(inline, doc.number, (*doc.above, *where, "valuesInline")))
        made = releases_of(bundle, doc, Kind.KUSTOMIZE, layers, of_chart=True)
        found += [_with_facts(bundle, doc, where, release, "releaseName") for release in made]
    if found:
        _rest_of_kustomization(bundle, doc, found)
    return found


_PATCHES = (
    *("patches", "patchesStrategicMerge", "patchesJson6902", "transformers", "replacements"),
    *("images", "replicas", "components"),
)
"""What a Kustomization changes of the objects that it has."""


def _rest_of_kustomization(bundle: Bundle, doc: Doc, found: list[Release]) -> None:
    for key in doc.data:
        if key == "namespace":
            place = bundle.said(doc, key)
            bundle.carried(doc, key, to="cluster.namespace")
            for release in found:
                release.namespace = place
        elif key in _PATCHES:
            bundle.left(doc, key, why="it changes what the chart renders", told=True)
            bundle.report.breaks(
                f"{key} of the Kustomization were not read",
                bundle.at(doc, key),
                "they change what the chart renders, and the profile lacks what they set",
                "Read them, and write what you need into the profile",
            )
        elif key != "helmCharts":
            bundle.aside(doc, key, why="other things that the Kustomization makes")


def helmfile_releases(bundle: Bundle, doc: Doc) -> list[Release]:
    """The runner's releases of a helmfile."""
    found: list[Release] = []
    for index, one in enumerate(entries(doc.data.get("releases"))):
        where: Key = ("releases", index)
        if not isinstance(one, Mapping) or "chart" not in one:
            continue
        if not _is_ours(one["chart"]):
            bundle.aside(doc, *where, why="another release")
            continue
        layers = _of_helmfile(bundle, doc, where, one)
        made = releases_of(bundle, doc, Kind.HELMFILE, layers, of_chart=True)
        found += [_with_facts(bundle, doc, where, release, "name") for release in made]
    if found:
        for name in doc.data:
            if name != "releases":
                bundle.aside(doc, name, why="helmfile's own")
    return found


def _of_helmfile(bundle: Bundle, doc: Doc, where: Key, one: Values) -> list[Layer]:
    layers: list[Layer] = []
    for number, values in enumerate(entries(one.get("values"))):
        key = (*where, "values", number)
        if isinstance(values, Mapping):
            layers.append(layer_of(values, doc.number, (*doc.above, *key)))
        else:
            layers += _file(bundle, doc, key, str(values))
    layers += _sets(bundle, doc, (*where, "set"), one.get("set"))
    if one.get("secrets"):
        names = [str(name) for name in entries(one["secrets"])]
        tell_unread_values(bundle, doc, (*where, "secrets"), "secrets", names)
    return layers


def fleet_releases(bundle: Bundle, doc: Doc) -> list[Release]:
    """`helm` of a fleet.yaml of Rancher."""
    helm = section(doc.data, "helm")
    if not helm or "kind" in doc.data or not ({"chart", "values", "releaseName"} & helm.keys()):
        return []
    layers: list[Layer] = []
    if isinstance(helm.get("values"), Mapping):
        layers.append(layer_of(helm["values"], doc.number, (*doc.above, "helm", "values")))
    layers = _files(bundle, doc, ("helm",), helm, ("valuesFiles",)) + layers
    if helm.get("valuesFrom"):
        tell_unread_values(bundle, doc, ("helm", "valuesFrom"), "valuesFrom", ["other objects"])
    found = releases_of(bundle, doc, Kind.FLEET, layers, of_chart=_is_ours(helm.get("chart")))
    for release in found:
        _with_facts(bundle, doc, ("helm",), release, "releaseName")
        release.namespace = bundle.said(doc, "namespace") or bundle.said(doc, "defaultNamespace")
    if found:
        for key in ("namespace", "defaultNamespace"):
            bundle.carried(doc, key, to="cluster.namespace")
        _rest_aside(bundle, doc, (), ("helm", "namespace", "defaultNamespace"))
        if doc.data.get("targetCustomizations"):
            bundle.left(doc, "targetCustomizations", why="a profile is for one cluster", told=True)
            bundle.report.surprises(
                "targetCustomizations were not read",
                bundle.at(doc, "targetCustomizations"),
                "they change values cluster by cluster, and a profile is for one cluster",
                "Make a profile for each cluster, and fill in what differs",
            )
    return found


def _with_facts(bundle: Bundle, doc: Doc, where: Key, release: Release, name: str) -> Release:
    chart = section({"doc": _at(doc, where)}, "doc")
    of_chart = _is_ours(chart.get("chart") or chart.get("name"))
    version = bundle.said(doc, *where, "version") if of_chart else Said()
    place = bundle.said(doc, *where, "namespace")
    add_facts(release, version, bundle.said(doc, *where, name), place)
    if not release.name and name == "releaseName":
        release.name = Said()
    release.makes_namespace = chart.get("createNamespace") is True
    if of_chart:
        bundle.carried(doc, *where, "version", to="manager.runner_version")
    else:
        bundle.aside(doc, *where, "version", why="the version of the chart around it")
    bundle.carried(doc, *where, "namespace", to="cluster.namespace")
    _rest_aside(bundle, doc, where, _VALUES)
    bundle.carried(doc, *where, name, to="name")
    return release


_VALUES = (
    *("values", "valuesInline", "valuesFile", "additionalValuesFiles", "valuesFiles", "set"),
    *("secrets", "version", "namespace", "valuesFrom"),
)


def _at(doc: Doc, where: Key) -> object:
    data: object = doc.data
    for part in where:
        data = data[part]  # type: ignore[index]
    return data


def _rest_aside(bundle: Bundle, doc: Doc, where: Key, read: tuple[str, ...]) -> None:
    data = _at(doc, where)
    for key in data if isinstance(data, Mapping) else ():
        if key not in read:
            spot_words = "how the chart is installed"
            if not (key == "version" or key == "targetNamespace"):
                bundle.aside(doc, *where, key, why=spot_words)


def _files(bundle: Bundle, doc: Doc, where: Key, one: Values, keys: tuple[str, ...]) -> list[Layer]:
    layers: list[Layer] = []
    for key in keys:
        given = one.get(key)
        if isinstance(given, str):
            layers += _file(bundle, doc, (*where, key), given)
        for index, path in enumerate(entries(given)):
            layers += _file(bundle, doc, (*where, key, index), str(path))
    return layers


def _file(bundle: Bundle, doc: Doc, key: Key, path: str) -> list[Layer]:
    if layer := values_from_file(bundle, path):
        bundle.carried(doc, *key, to="as what it holds")
        return [layer]
    tell_unread_values(
        bundle, doc, key, str(key[-1] if isinstance(key[-1], str) else key[-2]), [path]
    )
    return []


def _sets(bundle: Bundle, doc: Doc, where: Key, given: object) -> list[Layer]:
    """`set`: a mapping of names, or a list of names and values, each as `helm --set` reads it."""
    pairs: list[tuple[Key, str, object]] = []
    if isinstance(given, Mapping):
        pairs = [((*where, name), str(name), value) for name, value in given.items()]
    for index, one in enumerate(entries(given)):
        if isinstance(one, Mapping) and "name" in one:
            pairs.append(((*where, index), str(one["name"]), one.get("value")))
    return set_layers(
        bundle.ledger,
        [
            (name, as_set(value) if isinstance(value, str) else value, doc.spot(*key))
            for key, name, value in pairs
        ],
    )
