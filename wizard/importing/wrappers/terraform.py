"""Terraform: `helm_release` of the runner's chart, with values in any of the ways people write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.core.errors import UsageError
from wizard.core.problems import Key
from wizard.importing.helm_text import as_set
from wizard.importing.ledger import Fate, Spot
from wizard.importing.limits import refuse_too_many_values
from wizard.importing.release import Bundle, Doc, Kind, Release, Said
from wizard.importing.texts import YamlError, toml_text, yaml_documents
from wizard.importing.texts.hcl import Block, Call, HclError, Heredoc, hcl_blocks
from wizard.importing.texts.templates import interpolated, marked, without_templates
from wizard.importing.view import Layer
from wizard.importing.wrappers.common import (
    CHART,
    empty_view,
    releases_of,
    set_layers,
    tell_unread_values,
    values_from_file,
)
from wizard.importing.wrappers.config import tables_of

_READ = frozenset({"values", "set", "set_sensitive", "set_list", "name", "namespace", "version"})
_MEANT = {"version": "manager.runner_version", "name": "name", "namespace": "cluster.namespace"}


def helm_resources(bundle: Bundle, doc: Doc) -> list[Release]:
    """The releases of a file in Terraform's language."""
    text = doc.data.get("terraform")
    if not isinstance(text, str) or len(doc.data) != 1:
        return []
    found: list[Release] = []
    data: dict[str, Any] = {}
    lines: dict[Key, int] = {}
    try:
        blocks = hcl_blocks(text)
    except HclError as error:
        raise UsageError(
            f"{doc.file} cannot be read as Terraform.", str(error), "Give the runner's own file"
        ) from None
    for block in blocks:
        label = ".".join([block.type, *block.labels])
        if _is_release(block):
            found += _Resource(bundle, doc, label, block, data, lines).releases()
        elif block.type == "resource" and block.labels[:1] and (text := _config_in(block)):
            found.append(_config_release(bundle, doc, label, block, text, data, lines))
        else:
            data[label] = None
            lines[(label,)] = block.line
            bundle.ledger.note(Spot(doc.number, ("terraform", label)), Fate.ASIDE, "another block")
    bundle.ledger.open(Spot(doc.number, ("terraform",)), data, lines, 0)
    if not found:
        bundle.refusals.append(
            f"{doc.file} is Terraform without a helm_release of {CHART}, or a config map with "
            "config.toml: give the file that has it"
        )
    return found


def _config_in(block: Block) -> str | Heredoc:
    """The config.toml that a config map or a secret holds as text; empty where it holds none."""
    held = block.body.get("data")
    is_object = block.labels[0].startswith(("kubernetes_config_map", "kubernetes_secret"))
    text = held.get("config.toml") if is_object and isinstance(held, Mapping) else ""
    return text if isinstance(text, str | Heredoc) else ""


def _config_release(
    bundle: Bundle,
    doc: Doc,
    label: str,
    block: Block,
    text: str | Heredoc,
    data: dict[str, Any],
    lines: dict[Key, int],
) -> Release:
    first = text.line - 1 if isinstance(text, Heredoc) else block.line
    written = text.text if isinstance(text, Heredoc) else text
    read = toml_text(without_templates(interpolated(written)))
    data[label] = {"config.toml": read.data}
    lines[(label,)] = block.line
    for key, line in read.lines.items():
        lines[(label, "config.toml", *key)] = line + first
    for number, words in read.broken:
        bundle.report.breaks(
            "config.toml has a line that is not valid TOML",
            f"{doc.file}, line {number + first}",
            f"{words}: the runner does not start with it",
            "Mend the line, and import again",
        )
    doc.used = True
    view = empty_view(bundle.ledger)
    release = Release(Kind.OBJECTS, doc.file, bundle.ledger, bundle.report, view, view)
    release.whole_config, release.document = True, doc.number
    tables_of(release, Spot(doc.number, ("terraform", label, "config.toml")), read.data)
    metadata = next((one.body for one in block.blocks if one.type == "metadata"), {})
    at = f"{doc.file}, line {block.line}: {label}"
    release.name, release.namespace = (
        Said(value, at) if isinstance(value := metadata.get(part), str) else Said()
        for part in ("name", "namespace")
    )
    return release


def _is_release(block: Block) -> bool:
    """Whether it is a release of the runner's chart, or a module of the user's own for one."""
    if block.type == "module":
        chart = str(block.body.get("chart") or "").rstrip("/")
        return chart.rpartition("/")[2] == CHART and "values" in block.body
    is_helm = block.type == "resource" and block.labels[:1] == ["helm_release"]
    return is_helm and _is_ours(block)


def _is_ours(block: Block) -> bool:
    chart = str(block.body.get("chart") or "")
    return (
        CHART in chart
        or CHART in str(block.body.get("repository") or "")
        or ("gitlab" in str(block.labels) and "runner" in str(block.labels))
    )


def _evaluated(value: Any) -> Any:
    """A value with a mark for all that Terraform would work out."""
    if isinstance(value, Heredoc):
        return interpolated(value.text)
    if isinstance(value, Call):
        return marked(f"${{{value.name}(...)}}")
    if isinstance(value, str):
        return interpolated(value)
    if isinstance(value, Mapping):
        return {key: _evaluated(one) for key, one in value.items()}
    return [_evaluated(one) for one in value] if isinstance(value, list) else value


class _Resource:
    def __init__(
        self,
        bundle: Bundle,
        doc: Doc,
        label: str,
        block: Block,
        data: dict[str, Any],
        lines: dict[Key, int],
    ) -> None:
        self._bundle, self._doc, self._label, self._block = bundle, doc, label, block
        self._lines = lines
        self._body: dict[str, Any] = {}
        data[label] = self._body
        lines[(label,)] = block.line
        for key, line in block.lines.items():
            lines[(label, *key)] = line

    def releases(self) -> list[Release]:
        layers = self._values() + self._sets()
        for key, value in self._block.body.items():
            if key not in {"values", "set", "set_list", "set_sensitive"}:
                self._body[key] = value if not isinstance(value, Call | Heredoc) else str(value)
            if key not in _READ:
                why = "how the chart is installed"
                self._bundle.ledger.note(self._spot(key), Fate.ASIDE, why)
        for number, inner in enumerate(self._block.blocks):
            if inner.type not in {"set", "set_sensitive", "set_list"}:
                name = f"{inner.type}[{number}]"
                self._body[name] = None
                self._lines[(self._label, name)] = inner.line
                self._bundle.ledger.note(self._spot(name), Fate.ASIDE, "Terraform's own")
        found = releases_of(self._bundle, self._doc, Kind.TERRAFORM, layers, of_chart=True)
        for release in found:
            release.chart = self._said("version", "chart_version")
            release.name = self._said("name", "release_name")
            release.namespace = self._said("namespace")
            release.makes_namespace = self._block.body.get("create_namespace") is True
        return found

    def _spot(self, *key: str | int) -> Spot:
        return Spot(self._doc.number, ("terraform", self._label, *key))

    def _said(self, *keys: str) -> Said:
        """The first of some attributes that the block has; modules call them their own way."""
        for key in keys:
            value = self._block.body.get(key)
            if isinstance(value, str | int | float):
                spot = self._spot(key)
                self._bundle.ledger.note(spot, Fate.CARRIED, _MEANT[keys[0]])
                line = self._lines.get((self._label, key), self._block.line)
                return Said(str(value), f"{self._doc.file}, line {line}: {self._label}.{key}", spot)
        return Said()

    def _values(self) -> list[Layer]:
        values = self._block.body.get("values")
        if not isinstance(values, list):
            values = [] if values is None else [values]
        refuse_too_many_values(len(values), self._doc.file)
        if values:
            self._body["values"] = [None for _ in values]
        layers: list[Layer] = []
        for index, one in enumerate(values):
            if layer := self._one(index, one):
                layers.append(layer)
        return layers

    def _one(self, index: int, one: Any) -> Layer | None:
        key: Key = ("values", index)
        while isinstance(one, Call) and one.name in {
            "yamlencode",
            "jsonencode",
            "merge",
            "tostring",
        }:
            one = next((a for a in one.arguments if isinstance(a, Mapping | Call)), None)
        if isinstance(one, Mapping):
            data = _evaluated(one)
            self._body["values"][index] = data
            return self._layer(key, data)
        if isinstance(one, Heredoc):
            return self._text(key, interpolated(one.text), one.line - 1)
        if isinstance(one, str) and "\n" in one:
            return self._text(key, interpolated(one), self._lines.get((self._label, *key), 0))
        path = self._file_of(one)
        if path and (layer := values_from_file(self._bundle, path)):
            self._bundle.ledger.note(self._spot(*key), Fate.CARRIED, "as what it holds")
            return layer
        what = path or "a value that Terraform works out"
        self._tell_unread(key, what)
        return None

    def _tell_unread(self, key: Key, what: str) -> None:
        line = self._lines.setdefault((self._label, *key), self._block.line)
        where = ("terraform", self._label, *key)
        # The ledger gets all lines at the end; this one is told before.
        self._bundle.ledger.sources[self._doc.number].lines[where] = line
        tell_unread_values(self._bundle, self._doc, where, "values", [what])

    def _file_of(self, one: Any) -> str:
        if isinstance(one, Call):
            first = next((a for a in one.arguments if isinstance(a, str)), "")
            return first.rpartition("}")[2]
        text = str(one)
        return (
            text.split('"')[1].rpartition("}")[2]
            if '"' in text
            else text.split("'")[1].rpartition("}")[2]
            if "'" in text
            else ""
        )

    def _text(self, key: Key, text: str, first: int) -> Layer | None:
        try:
            documents = list(yaml_documents(without_templates(text), self._doc.file))
        except YamlError:
            documents = []
        if not documents or not isinstance(documents[0].data, Mapping):
            self._tell_unread(key, "a text that is not YAML")
            return None
        self._body["values"][int(key[-1])] = documents[0].data
        for inner, line in documents[0].lines.items():
            self._lines[(self._label, *key, *inner)] = line + first
        return self._layer(key, documents[0].data)

    def _layer(self, key: Key, data: Mapping[str, Any]) -> Layer:
        return Layer(data, lambda inner: self._spot(*key, *inner))

    def _sets(self) -> list[Layer]:
        """`set` blocks of a name and a value, and the lists of the same since provider 3."""
        pairs: list[tuple[str, Any, int, str]] = []
        for inner in self._block.blocks:
            if inner.type in {"set", "set_sensitive", "set_list"}:
                name, value = inner.body.get("name"), inner.body.get("value")
                pairs.append((str(name), value, inner.line, inner.type))
        for kind in ("set", "set_sensitive", "set_list"):
            given = self._block.body.get(kind)
            for name, value in given.items() if isinstance(given, Mapping) else ():
                line = self._lines.get((self._label, kind, str(name)), self._block.line)
                pairs.append((str(name), value, line, kind))
            for index, one in enumerate(given if isinstance(given, list) else []):
                if isinstance(one, Mapping):
                    line = self._lines.get((self._label, kind, index), self._block.line)
                    pairs.append((str(one.get("name")), one.get("value"), line, kind))
        named: list[tuple[str, Any, Spot]] = []
        for number, (name, value, line, kind) in enumerate(pairs):
            key = f"{kind}[{number}] {name}"
            self._lines[(self._label, key)] = line
            shown = _evaluated(value)
            if isinstance(value, Heredoc):
                self._lines[(self._label, key)] = value.line - 1
            elif isinstance(shown, str):
                shown = as_set(shown)
            self._body[key] = shown if isinstance(shown, str | int | float | bool) else str(shown)
            named.append((name, shown, self._spot(key)))
        return set_layers(self._bundle.ledger, named)
