"""A hand-made set-up as it was read: one release of the manager, and where each part is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any

from wizard.core.problems import Key, key_path
from wizard.importing.chart_tables import default_of
from wizard.importing.ledger import Fate, Ledger, Spot, short_path
from wizard.importing.report import Report
from wizard.importing.versions import RunnerVersion, meant_chart, wanted_runner
from wizard.importing.view import Values, View


class Kind(StrEnum):
    """What a set-up was written as, in words."""

    VALUES = "values of the chart"
    APPLICATION = "an Argo CD Application"
    HELM_RELEASE = "a Flux HelmRelease"
    HELM_CHART = "a HelmChart of k3s"
    KUSTOMIZE = "a Kustomization with helmCharts"
    HELMFILE = "a helmfile"
    FLEET = "a fleet.yaml of Rancher"
    TERRAFORM = "a helm_release of Terraform"
    OPERATOR = "a Runner of GitLab's operator"
    CONFIG = "config.toml"
    OBJECTS = "objects of a cluster"


MOST_REPLICAS = 10
"""What a profile takes."""
READ_BY_CHART = frozenset(Kind) - {Kind.OPERATOR, Kind.CONFIG, Kind.OBJECTS}
"""Those whose values GitLab's chart reads."""


@dataclass(frozen=True, slots=True)
class Said:
    """A word of the file with its place; empty where it says nothing."""

    text: str = ""
    at: str = ""
    spot: Spot | None = None

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(slots=True)
class Release:
    """One release of the runner manager."""

    kind: Kind
    file: str
    ledger: Ledger
    report: Report
    values: View
    """The chart's values; empty for a config.toml."""
    top: View
    """config.toml's own keys, which count for all tables; empty where there are none."""
    tables: list[View] = field(default_factory=list)
    """The `[[runners]]` tables, at least one."""
    whole_config: bool = False
    """Whether its configuration is the whole config.toml; else a template that `register` fills."""
    chart: Said = Said()
    """The chart's version as it is written: a version, a range, or nothing."""
    name: Said = Said()
    namespace: Said = Said()
    makes_namespace: bool = False
    """Whether the file has the namespace made: then it is there for this alone."""
    repository: Mapping[str, str] = field(default_factory=dict)
    """The Git repository that Argo CD reads besides the chart: url and branch."""
    argocd: Mapping[str, str] = field(default_factory=dict)
    document: int = -1
    """The document in the ledger that sets it up."""
    parent: str = ""
    """The umbrella chart's key below which the values are."""
    unread_values: bool = False
    """Whether values of it are elsewhere, and were not given: what is absent may be there."""
    unread_config: bool = False
    """Whether the text that sets up its jobs is elsewhere."""
    mirrors: dict[str, str] = field(default_factory=dict)
    """Mirrors that images of the file come from, by source registry."""
    version: RunnerVersion = field(default_factory=RunnerVersion)

    @property
    def replicas(self) -> int:
        """How many managers there are, as far as a profile takes them."""
        return min(max(number(self.values.get("replicas")), 1), MOST_REPLICAS)

    @property
    def has_template(self) -> bool:
        """Whether `register` fills in its configuration: then only `[[runners]]` of it counts."""
        return not self.whole_config and (self.has_chart or self.kind is Kind.OPERATOR)

    @property
    def config_name(self) -> str:
        """What people call the text that its configuration is."""
        if self.kind is Kind.OPERATOR:
            return "the config of the operator's Runner"
        return "runners.configOverride" if self.whole_config else "runners.config"

    @property
    def unread_jobs(self) -> bool:
        """Whether what the file does not say of jobs may be said elsewhere."""
        return self.unread_values or self.unread_config

    @property
    def default_concurrent(self) -> tuple[int, str]:
        """How many jobs a manager runs at once where nothing says it, and whose default it is."""
        if self.kind is Kind.OPERATOR:  # runner_types.go of the operator, 1.40
            return 10, "the operator's default"
        if self.has_chart and not self.whole_config:
            return int(default_of(("concurrent",))), "the chart's default"
        return 1, "the runner's default"

    @property
    def chart_version(self) -> str:
        """The chart that the file means; empty where it does not say, or only about."""
        return meant_chart(self.chart.text)

    @property
    def wanted_runner(self) -> str:
        """The runner that the profile asks for; empty for the wizard's own choice."""
        own = self.version.number if "image" in self.version.source else ""
        return wanted_runner(self.chart_version, own)

    @property
    def has_chart(self) -> bool:
        return self.kind in READ_BY_CHART

    @property
    def manager_account(self) -> str:
        """The manager's ServiceAccount, as the chart names it; empty where that is not known."""
        account = self.values.get("serviceAccount", "name")
        older = self.values.get("rbac", "serviceAccountName")
        return str(account or older or self.values.get("fullnameOverride") or self.name.text)

    def jobs_at(self, table: View, *key: str) -> str:
        """Where a key of the jobs is, or would be: in the table, else where that would be."""
        return table.at(*key) if table.spot(*key) else self._near(self.values, "runners")

    def as_whole(self) -> str:
        """Where something is that the file does not say."""
        if self.values.layers or not self.tables:
            return self._near(self.values)
        return self.jobs_at(self.tables[0])

    def _near(self, view: View, *key: str) -> str:
        """Where a key is, or would be: in a view that is written nowhere, the document's place."""
        if view.spot(*key):
            return view.at(*key)
        if table := next((one for one in self.tables if one.spot()), None):
            return table.at()
        whole = Spot(self.document, ())
        return self.ledger.at(whole, "the file as a whole") if self.document >= 0 else self.file

    def namespaces(self, table: View) -> tuple[Said, Said]:
        """Of managers, and of a table's jobs; empty where the file does not say."""
        manager = self.namespace
        if own := self.values.get("namespace"):
            manager = Said(str(own), self.values.at("namespace"))
        if wanted := table.get("kubernetes", "namespace"):
            return manager, Said(str(wanted), table.at("kubernetes", "namespace"))
        for key in ("namespace", "jobNamespace"):
            if own := self.values.get("runners", key):
                return manager, Said(str(own), self.values.at("runners", key))
        return manager, manager


def entries(value: Any) -> list[Any]:
    """The entries of a list; none where it is none."""
    return value if isinstance(value, list) else []


def section(data: Any, *keys: str) -> Values:
    """The mapping at a key; empty where there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def number(value: Any) -> int:
    """A whole number, also where it is text; 0 where it is none."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int | float):
        return int(value) if isfinite(value) else 0
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip()) else 0


def texts(value: Any) -> list[str]:
    """A text, or a list of texts, as a list."""
    if isinstance(value, list):
        return [str(one) for one in value]
    return [] if value is None else [str(value)]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was given; what a cluster says besides it counts too."""

    name: str
    """A path, or what people call it."""
    text: str = field(repr=False)
    chart: str = ""
    release: str = ""
    namespace: str = ""
    is_file: bool = True
    """Whether somebody has its lines before them."""


@dataclass(slots=True)
class Doc:
    """One document of what was given."""

    number: int
    """In the ledger."""
    file: str
    data: Values
    above: Key = ()
    """Where its data is in the document: a `List` of kubectl holds several."""
    used: bool = False
    """Whether a release was made of it."""

    @property
    def kind(self) -> str:
        is_object = {"apiVersion", "metadata", "spec"} & self.data.keys()
        return str(self.data.get("kind") or "") if is_object else ""

    @property
    def group(self) -> str:
        return str(self.data.get("apiVersion") or "").partition("/")[0]

    @property
    def name(self) -> str:
        return str(section(self.data, "metadata").get("name") or "")

    def spot(self, *key: str | int) -> Spot:
        return Spot(self.number, (*self.above, *key))


@dataclass(slots=True)
class Bundle:
    """Everything that was given, and what has been found out about it."""

    ledger: Ledger
    report: Report
    docs: list[Doc] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    """Which text each document of the ledger is of."""
    files: dict[str, str] = field(default_factory=dict)
    """Every text by its name."""
    unread: set[int] = field(default_factory=set)
    """Documents whose values are elsewhere in part, and were not given."""
    made: list[Release] = field(default_factory=list)
    """Releases, in the order found."""
    refusals: list[str] = field(default_factory=list)
    """Sentences: what each document is that sets up no runner, and what to give in its place."""

    def aside(self, doc: Doc, *key: str | int, why: str) -> None:
        self.ledger.note(doc.spot(*key), Fate.ASIDE, why)

    def left(self, doc: Doc, *key: str | int, why: str, told: bool = False) -> None:
        self.ledger.note(doc.spot(*key), Fate.LEFT, why, told=told)

    def ours(self, doc: Doc, *key: str | int, why: str) -> None:
        self.ledger.note(doc.spot(*key), Fate.OURS, why)

    def carried(self, doc: Doc, *key: str | int, to: str) -> None:
        self.ledger.note(doc.spot(*key), Fate.CARRIED, to)

    def said(self, doc: Doc, *key: str | int, words: str = "") -> Said:
        """A text of a document with its place, noted as read."""
        data: Any = doc.data
        for part in key:
            inside = isinstance(data, Mapping) and part in data
            listed = isinstance(data, list) and isinstance(part, int) and part < len(data)
            data = data[part] if inside or listed else None
        if data is None or isinstance(data, Mapping | list):
            return Said()
        return Said(str(data), self.at(doc, *key, words=words), doc.spot(*key))

    def at(self, doc: Doc, *key: str | int, words: str = "") -> str:
        spot = doc.spot(*key)
        return self.ledger.at(spot, words or key_path(short_path(key)))

    def kinds(self, kind: str) -> Iterator[Doc]:
        return (doc for doc in self.docs if doc.kind == kind)

    def add_facts(self, doc: Doc, release: Release) -> None:
        """Say of a release what is known besides its text: a cluster knows more than a file."""
        text = self.texts[doc.number]
        if text.chart or text.release or text.namespace:
            release.chart = Said(text.chart, f"{text.name}: chart {text.chart}")
            release.name = Said(text.release, f"{text.name}: its name")
            release.namespace = Said(text.namespace, f"{text.name}: its namespace")

    def file_ending(self, path: str) -> str:
        """The name of the given file that a path of the set-up means; empty where none does."""
        wanted = [
            part for part in path.split("/") if part not in ("", ".", "..") and "$" not in part
        ]
        for length in range(len(wanted), 0, -1):
            tail = wanted[-length:]
            matches = [name for name in self.files if name.split("/")[-length:] == tail]
            if len(matches) == 1:
                return matches[0]
        return ""
