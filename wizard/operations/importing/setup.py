"""A hand-made set-up as it was read: values of GitLab's chart, config.toml, and where each stands.

Read are values.yaml (alone, or below `gitlab-runner:` in an umbrella chart's), an Argo CD
Application with one source or several, a Flux HelmRelease, and config.toml itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wizard.core.errors import UsageError
from wizard.core.findings import Finding
from wizard.core.problems import Key, key_path
from wizard.operations.importing.helm_text import Resolver, templates, with_parameters
from wizard.operations.importing.places import TomlPlaces, YamlPlaces
from wizard.profile.document import parse
from wizard.render.catalogue import version_key
from wizard.render.versions import CHARTS, OLDEST_RUNNER, runner_of

Values = Mapping[str, Any]
_CHART = "gitlab-runner"
_KINDS = ("Application", "HelmRelease")
_OF_VALUES = frozenset({"gitlabUrl", "runners", "runnerToken", "runnerRegistrationToken", "rbac"})
_OF_A_PARENT = frozenset({"install", "enabled", "global"})
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)")
_LARGEST = 1_000_000
_READ = "values.yaml of the chart, an Argo CD Application, a Flux HelmRelease, or config.toml"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a file says about one release of the runner manager."""

    name: str
    """The file's name, for evidence."""
    kind: str
    values: Values = field(default_factory=dict)
    config: Values = field(default_factory=dict)
    """config.toml as data: the file itself, or the template among the values."""
    chart: str = ""
    """The chart's version; empty where the file does not pin one."""
    chart_line: int = 0
    release: str = ""
    namespace: str = ""
    repository: Values = field(default_factory=dict)
    """The Git repository that an Application reads besides the chart: url and branch."""
    argocd: Values = field(default_factory=dict)
    """Where the Application itself is: namespace and project."""
    found: tuple[Finding, ...] = ()
    """What was found while reading."""
    yaml: YamlPlaces | None = None
    toml: TomlPlaces | None = None

    @property
    def tables(self) -> list[Values]:
        """The `[[runners]]` tables; one empty table where there is none."""
        tables = entries(self.config.get("runners"))
        return [one for one in tables if isinstance(one, Mapping)] or [{}]

    @property
    def runner_version(self) -> str:
        """The runner's version that runs now, as near as it is known."""
        if self.chart and version_key(self.chart) < version_key(CHARTS[0].version):
            return OLDEST_RUNNER
        return runner_of(self.chart) or CHARTS[-1].runner

    @property
    def manager_account(self) -> str:
        """The manager's ServiceAccount, as the chart names it; empty where that is not known."""
        account = section(self.values, "serviceAccount").get("name")
        older = section(self.values, "rbac").get("serviceAccountName")
        return str(account or older or self.values.get("fullnameOverride") or self.release)

    def namespaces(self, table: Values) -> tuple[str, str]:
        """Of managers, and of a table's jobs; empty where the file does not say."""
        manager = str(self.values.get("namespace") or self.namespace)
        runners = section(self.values, "runners")
        wanted = section(table, "kubernetes").get("namespace") or runners.get("namespace")
        return manager, str(wanted or runners.get("jobNamespace") or manager)

    def at(self, *key: str | int) -> str:
        """Where a value of the chart stands: file, line and key."""
        line = self.yaml.line(key) if self.yaml else 0
        return evidence(self.name, line, key_path(key))

    def at_top(self, key: str) -> str:
        """Where a key for all tables stands: among the chart's values, or in config.toml."""
        if self.values:
            return self.at(key)
        return evidence(self.name, self.toml.top(key) if self.toml else 0, key)

    def in_table(self, index: int, *key: str) -> str:
        """Where a key of the nth `[[runners]]` table stands."""
        line = self.toml.line(index, key) if self.toml else 0
        header = "".join(f".{part}" for part in key[:-1])
        return evidence(self.name, line, f"[runners{header}] {key[-1]}")


def read_setup(text: str, name: str) -> Setup:
    """The set-up in a file.

    Args:
        text: YAML or TOML.
        name: the file's name; one that ends in .toml is TOML.
    Raises: UsageError, for a file that is no set-up of a runner; InvalidDocument, for broken YAML.
    """
    if len(text) > _LARGEST:
        raise UsageError(
            f"{name} is too large to set up a runner: more than a million characters.",
            f"read are: {_READ}",
        )
    if name.endswith(".toml"):
        return _of_toml(text, name)
    documents = [YamlPlaces(parse(part, name)) for part in _documents(text)]
    for places in documents:
        kind = places.data.get("kind")
        if kind in _KINDS and _is_ours(places.data):
            read = _of_application if kind == "Application" else _of_release
            return with_config(read(places, name))
    for places in documents:
        below: Key = (_CHART,) if isinstance(places.data.get(_CHART), Mapping) else ()
        values = places.data[_CHART] if below else places.data
        if below:  # these are the parent chart's: whether it has this one, and what all share
            values = {key: value for key, value in values.items() if key not in _OF_A_PARENT}
        if _OF_VALUES & values.keys():
            return with_config(Setup(name, "values.yaml", values, yaml=places.below(*below)))
    raise UsageError(f"{name} sets up no runner that is known here.", f"read are: {_READ}")


def _documents(text: str) -> list[str]:
    """Each YAML document alone, with its lines where they were."""
    parts, lines = [], 0
    for part in re.split(r"(?m)^---[ \t]*(?:#.*)?$", text):
        if re.search(r"(?m)^[ \t]*[^#\s]", part):
            parts.append("\n" * lines + part)
        lines += part.count("\n")
    return parts


def _is_ours(document: Values) -> bool:
    return _CHART in str(document.get("spec"))


def _of_toml(text: str, name: str) -> Setup:
    try:
        config = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is not TOML.", str(error)) from None
    if not {"runners", "concurrent"} & config.keys():
        raise UsageError(f"{name} sets up no runner that is known here.", f"read are: {_READ}")
    return Setup(name, "config.toml", config=config, toml=TomlPlaces(text, 0))


def _of_application(places: YamlPlaces, name: str) -> Setup:
    spec, metadata = section(places.data, "spec"), section(places.data, "metadata")
    sources: list[tuple[Key, Values]] = [(("source",), section(spec, "source"))]
    for index, one in enumerate(entries(spec.get("sources"))):
        sources.append((("sources", index), one if isinstance(one, Mapping) else {}))
    key, source = next((one for one in sources if _is_chart(one[1])), sources[0])
    helm = section(source, "helm")
    git = next((s for _, s in sources if s.get("path") and not s.get("chart")), {})
    setup = Setup(
        name,
        "Argo CD Application",
        chart=_version(source.get("targetRevision")),
        chart_line=places.line(("spec", *key, "targetRevision")),
        release=str(helm.get("releaseName") or metadata.get("name") or ""),
        namespace=str(section(spec, "destination").get("namespace") or ""),
        repository=_texts(url=git.get("repoURL"), branch=git.get("targetRevision")),
        argocd=_texts(namespace=metadata.get("namespace"), project=spec.get("project")),
    )
    above: Key = ("spec", *key, "helm")
    if isinstance(helm.get("values"), str):
        setup = _with_text(setup, helm["values"], places.line((*above, "values")))
    if isinstance(helm.get("valuesObject"), Mapping):
        setup = replace(
            setup, values=helm["valuesObject"], yaml=places.below(*above, "valuesObject")
        )
    setup = replace(setup, yaml=setup.yaml or places.below(*above, "parameters"))
    setup = replace(setup, values=with_parameters(setup.values, helm.get("parameters")))
    files = helm.get("valueFiles")
    return _unseen(setup, "valueFiles", files, places.line((*above, "valueFiles")))


def _of_release(places: YamlPlaces, name: str) -> Setup:
    spec, metadata = section(places.data, "spec"), section(places.data, "metadata")
    chart = section(section(spec, "chart"), "spec")
    setup = Setup(
        name,
        "Flux HelmRelease",
        section(spec, "values"),
        chart=_version(chart.get("version")),
        chart_line=places.line(("spec", "chart", "spec", "version")),
        release=str(spec.get("releaseName") or metadata.get("name") or ""),
        namespace=str(spec.get("targetNamespace") or metadata.get("namespace") or ""),
        yaml=places.below("spec", "values"),
    )
    return _unseen(setup, "valuesFrom", spec.get("valuesFrom"), places.line(("spec", "valuesFrom")))


def _with_text(setup: Setup, text: str, line: int) -> Setup:
    """The values that are text inside another document; a block's first line is the next one."""
    inside = parse(text, setup.name)
    return replace(setup, values=inside.data, yaml=YamlPlaces(inside, offset=line))


def with_config(setup: Setup) -> Setup:
    """The setup with the configuration that is text among its values."""
    runners = section(setup.values, "runners")
    key = "configOverride" if runners.get("configOverride") else "config"
    text = runners.get(key)
    if not isinstance(text, str):
        return setup
    line = setup.yaml.line(("runners", key)) if setup.yaml else 0
    resolved = Resolver(setup.values, setup.release, setup.namespace).resolved(text)
    try:
        config = tomllib.loads(resolved)
    except tomllib.TOMLDecodeError as error:
        unread = Finding(
            f"runners.{key} could not be read",
            setup.at("runners", key),
            f"it is not TOML: {error}",
            "write its settings into the profile by hand",
        )
        return replace(setup, found=(*setup.found, unread))
    found = (*setup.found, *_left_templates(setup, key, resolved))
    return replace(setup, config=config, toml=TomlPlaces(text, line), found=found)


def _left_templates(setup: Setup, key: str, text: str) -> Iterator[Finding]:
    for template in dict.fromkeys(templates(text)):
        yield Finding(
            f"what Helm makes of {template} is not known here",
            setup.at("runners", key),
            "it was read as text, and a profile holds no templates",
            "write into the profile what it stands for",
        )


def _unseen(setup: Setup, key: str, more: Any, line: int) -> Setup:
    if not more:
        return setup
    found = Finding(
        "some values stand elsewhere and were not read",
        evidence(setup.name, line, key),
        f"{key} names other places, and this file alone was given",
        "import the file with the values too, and compare",
    )
    return replace(setup, found=(*setup.found, found))


def _is_chart(source: Values) -> bool:
    return str(source.get("chart", "")).rpartition("/")[2] == _CHART


def _version(text: Any) -> str:
    found = _VERSION.fullmatch(str(text or ""))
    return found[1] if found else ""


def _texts(**found: Any) -> dict[str, str]:
    return {key: str(value) for key, value in found.items() if value}


def entries(value: Any) -> list[Any]:
    """The entries of a list; none where it is none."""
    return value if isinstance(value, list) else []


def section(data: Any, key: str) -> Values:
    """The mapping at a key; empty where there is none."""
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def evidence(name: str, line: int, key: str) -> str:
    """Where something stands, in words; without the line where that is 0."""
    return f"{name}, line {line}: {key}" if line else f"{name}: {key}"
