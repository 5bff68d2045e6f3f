"""Argo CD: an Application with one source or several, and the template of an ApplicationSet."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.core.problems import Key
from wizard.importing.helm_text import as_set
from wizard.importing.ledger import Spot
from wizard.importing.release import Bundle, Doc, Kind, Release, Said, entries, section
from wizard.importing.texts.templates import unread
from wizard.importing.view import Layer, Values, layer_of
from wizard.importing.wrappers.common import (
    CHART,
    metadata_aside,
    releases_of,
    set_layers,
    tell_unread_values,
    values_from_file,
    values_in_text,
)

_IN_CLUSTER = ("https://kubernetes.default.svc", "in-cluster")
_OF_ARGOCD = ("syncPolicy", "ignoreDifferences", "revisionHistoryLimit", "info")


def applications(bundle: Bundle, doc: Doc) -> list[Release]:
    """The releases of an Application, or of what an ApplicationSet makes."""
    if doc.group not in ("argoproj.io", "") or doc.kind not in {"Application", "ApplicationSet"}:
        return []
    return _Application(bundle, doc).releases()


class _Application:
    def __init__(self, bundle: Bundle, doc: Doc) -> None:
        self._bundle = bundle
        self._doc = doc
        self._is_set = doc.kind == "ApplicationSet"
        self._top: Key = ("spec", "template") if self._is_set else ()
        self._spec = section(doc.data, *map(str, self._top), "spec")

    def _key(self, *key: str | int) -> Key:
        return (*self._top, "spec", *key)

    def releases(self) -> list[Release]:
        sources: list[tuple[Key, Values]] = []
        if isinstance(one := self._spec.get("source"), Mapping):
            sources.append((self._key("source"), one))
        for index, one in enumerate(entries(self._spec.get("sources"))):
            if isinstance(one, Mapping):
                sources.append((self._key("sources", index), one))
        found: list[Release] = []
        for key, source in sources:
            found += self._of_source(key, source)
        if not found:
            self._refuse(sources)
            return []
        self._note_rest(sources)
        return [self._with_facts(release, sources) for release in found]

    def _of_source(self, key: Key, source: Values) -> list[Release]:
        chart = str(source.get("chart") or "").rpartition("/")[2]
        of_chart = chart == CHART
        if chart and not of_chart and CHART not in str(section(source, "helm")):
            return []
        path = "" if of_chart else str(source.get("path") or "")
        layers = self._layers((*key, "helm"), section(source, "helm"), path)
        if path and (own := values_from_file(self._bundle, f"{path}/values.yaml")):
            layers.insert(0, own)  # a chart's own values are below all others
        found = releases_of(self._bundle, self._doc, Kind.APPLICATION, layers, of_chart=of_chart)
        for release in found:
            where = (*key, "targetRevision")
            if of_chart:
                release.chart = self._said(*where, words="the chart's version")
                self._carried(*where, to="manager.runner_version")
            self._carried(*key, "helm", "releaseName", to="name")
            release.name = self._said(*key, "helm", "releaseName")
        return found

    def _layers(self, key: Key, helm: Values, path: str) -> list[Layer]:
        """From the bottom up: valueFiles, values, valuesObject, parameters (Argo CD's order).

        Args:
            path: the folder of the chart, which values files are relative to; empty: none.
        """
        layers = []
        for index, name in enumerate(map(str, entries(helm.get("valueFiles")))):
            relative = path and not name.startswith(("$", "/"))
            if layer := values_from_file(self._bundle, f"{path}/{name}" if relative else name):
                layers.append(layer)
                self._carried(*key, "valueFiles", index, to="as what it holds")
            else:
                where = (*key, "valueFiles", index)
                tell_unread_values(self._bundle, self._doc, where, "valueFiles", [name])
        if text := values_in_text(self._bundle, self._doc, *key, "values"):
            layers.append(text)
        if isinstance(helm.get("valuesObject"), Mapping):
            above = (*self._doc.above, *key, "valuesObject")
            layers.append(layer_of(helm["valuesObject"], self._doc.number, above))
        layers += set_layers(
            self._bundle.ledger,
            [
                self._parameter((*key, "parameters", index), one)
                for index, one in enumerate(entries(helm.get("parameters")))
                if isinstance(one, Mapping) and one.get("name")
            ],
        )
        for other in ("fileParameters",):
            if helm.get(other):
                tell_unread_values(self._bundle, self._doc, (*key, other), other, ["files"])
        return layers

    def _parameter(self, key: Key, one: Values) -> tuple[str, object, Spot]:
        text = str(one.get("value"))
        value = text if one.get("forceString") else as_set(text)
        for part in ("name", "forceString"):
            self._bundle.aside(self._doc, *key, part, why="names the value beside it")
        return str(one["name"]), value, self._doc.spot(*key, "value")

    def _said(self, *key: str | int, words: str = "") -> Said:
        return self._bundle.said(self._doc, *key, words=words)

    def _carried(self, *key: str | int, to: str) -> None:
        self._bundle.carried(self._doc, *key, to=to)

    def _with_facts(self, release: Release, sources: list[tuple[Key, Values]]) -> Release:
        own = section(self._doc.data, *map(str, self._top), "metadata")
        above = (*self._top, "metadata")
        if not release.name:
            release.name = self._said(*above, "name")
            self._carried(*above, "name", to="name")
        if unread(release.name.text):
            release.name = Said()
        self._carried(*above, "namespace", to="delivery.argocd.namespace")
        place = self._key("destination", "namespace")
        release.namespace = self._said(*place, words="destination.namespace")
        self._carried(*place, to="cluster.namespace")
        options = entries(section(self._spec, "syncPolicy").get("syncOptions"))
        release.makes_namespace = "CreateNamespace=true" in options
        release.repository = self._repository(sources)
        project = self._spec.get("project")
        found = {"namespace": own.get("namespace"), "project": project}
        release.argocd = {k: str(v) for k, v in found.items() if v and not unread(str(v))}
        return release

    def _repository(self, sources: list[tuple[Key, Values]]) -> dict[str, str]:
        """The Git repository among the sources: one with a folder, else one with a `ref`."""
        git = [(key, one) for key, one in sources if not one.get("chart") and one.get("repoURL")]
        git.sort(key=lambda one: not one[1].get("path"))
        for key, one in git[:1]:
            self._carried(*key, "repoURL", to="delivery.repository.url")
            self._carried(*key, "targetRevision", to="delivery.repository.branch")
            return {
                name: str(one[part])
                for name, part in (("url", "repoURL"), ("branch", "targetRevision"))
                if one.get(part)
            }
        return {}

    def _note_rest(self, sources: list[tuple[Key, Values]]) -> None:
        bundle, doc = self._bundle, self._doc
        metadata_aside(bundle, doc)
        if self._is_set:
            self._tell_set()
        for key in _OF_ARGOCD:
            if key in self._spec:
                bundle.left(doc, *self._key(key), why="the wizard writes its own", told=True)
        dropped = [key for key in _OF_ARGOCD if key in self._spec]
        own = section(doc.data, *map(str, self._top), "metadata")
        dropped += [key for key in ("annotations", "finalizers") if own.get(key)]
        if dropped:
            bundle.report.tidy(
                f"not carried over from the Application: {', '.join(dropped)}",
                bundle.at(
                    doc, *(self._key(dropped[0]) if dropped[0] in _OF_ARGOCD else ("metadata",))
                ),
                "the wizard writes its own Applications, with automated sync, prune, "
                "selfHeal and retry",
                "Compare, if yours had more than that",
            )
        self._carried(*self._key("project"), to="delivery.argocd.project")
        self._tell_destination()
        for place, source in sources:
            for part in ("repoURL", "chart", "path", "ref", "kustomize", "directory", "name"):
                if part in source and not (part == "repoURL" and not source.get("chart")):
                    bundle.aside(doc, *place, part, why="where the source is")
            for part in ("skipCrds", "version", "passCredentials", "ignoreMissingValueFiles"):
                bundle.aside(doc, *place, "helm", part, why="how Argo CD renders")

    def _tell_destination(self) -> None:
        target = section(self._spec, "destination")
        for part in ("server", "name"):
            where = self._key("destination", part)
            value = str(target.get(part) or "")
            if value in ("", *_IN_CLUSTER):
                self._bundle.aside(self._doc, *where, why="the cluster Argo CD runs in, as before")
                continue
            self._bundle.left(self._doc, *where, why="the profile has no such key", told=True)
            what = "an unknown cluster" if unread(value) else value
            self._bundle.report.breaks(
                f"the Application goes to another cluster: {what}",
                self._bundle.at(self._doc, *where, words=f"destination.{part}"),
                "the profile's Applications go to the cluster that Argo CD runs in "
                "(https://kubernetes.default.svc), so the runner would start there",
                "Write that cluster's context in cluster.context, and delivery.as: manifests",
            )

    def _tell_set(self) -> None:
        bundle, doc = self._bundle, self._doc
        for part in section(doc.data, "spec"):
            if part != "template":
                bundle.left(doc, "spec", part, why="a profile is for one cluster", told=True)
        for part in section(doc.data, "spec", "template", "metadata"):
            bundle.aside(doc, "spec", "template", "metadata", part, why="the object's own")
        bundle.report.surprises(
            "an ApplicationSet makes several Applications",
            bundle.at(doc, "spec", "generators"),
            "its template was read once; the import does not know what its generators put in",
            "Make a profile for each cluster, and fill in what differs",
        )

    def _refuse(self, sources: list[tuple[Key, Values]]) -> None:
        for _, source in sources:
            if source.get("path") is not None and not source.get("chart"):
                path, url = source.get("path"), source.get("repoURL")
                self._bundle.refusals.append(
                    f"the Application {self._doc.name} reads {path} in {url}: import the "
                    "values.yaml there, or that folder"
                )
