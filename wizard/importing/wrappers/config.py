"""config.toml, wherever it is: a file, a ConfigMap or Secret of kubectl, values of the chart."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from wizard.core.problems import Key
from wizard.importing.helm_text import Resolver
from wizard.importing.ledger import Fate, Spot
from wizard.importing.release import Bundle, Doc, Kind, Release, entries, section
from wizard.importing.texts import toml_text
from wizard.importing.texts.templates import MARK, unread, without_templates
from wizard.importing.view import Layer, View, layer_of
from wizard.importing.wrappers.common import empty_view, metadata_aside

_WHOLE = "config.toml"
_TEMPLATE = "config.template.toml"
_FILES = ("configuration.toml", "gitlab-runner.toml", "config.toml.tpl")
_MOST_TOLD = 40
"""Templates that are told one by one; each value with one is told as well."""
_OF_THE_CHART = frozenset(
    {
        *("entrypoint", "register-the-runner", "check-live", "pre-entrypoint-script"),
        *("set-session-server-address", "configure", "unregister-runner"),
    }
)


def table_words(key: Key) -> str:
    """A key of a `[[runners]]` table as it is written there."""
    parts = [part for part in key if isinstance(part, str)]
    if not parts:
        return "[[runners]]"
    if parts in (["kubernetes"], ["cache"], ["feature_flags"]):
        return f"[runners.{parts[0]}]"
    return f"[{'.'.join(['runners', *parts[:-1]])}] {parts[-1]}"


def tables_of(
    release: Release,
    base: Spot,
    data: Mapping[str, Any],
    over: Sequence[Layer] = (),
    under: Sequence[Layer] = (),
) -> None:
    """Take the `[[runners]]` tables of a config, and its own keys, into a release.

    Args:
        over: layers that count before each table's own.
        under: layers that count where a table says nothing.
    """
    above = base.path
    found = [one for one in entries(data.get("runners")) if isinstance(one, Mapping)]
    if isinstance(data.get("runners"), Mapping):  # `[runners]`: a table where a list must be
        found = [data["runners"]]
        release.report.breaks(
            "[runners] is a single table, and the runner needs a list",
            release.ledger.at(Spot(base.source, (*above, "runners")), "[runners]"),
            "the runner does not start with it: the header must be [[runners]]",
            "Nothing to do: the profile has what it says",
        )
        layer = layer_of(found[0], base.source, (*above, "runners"))
        release.tables = [View(release.ledger, [*under, layer, *over], table_words)]
    else:
        indices = [
            i for i, one in enumerate(entries(data.get("runners"))) if isinstance(one, Mapping)
        ]
        release.tables = [
            View(
                release.ledger,
                [*under, layer_of(one, base.source, (*above, "runners", index)), *over],
                table_words,
            )
            for index, one in zip(indices, found, strict=True)
        ]
    if not release.tables:
        release.tables = [View(release.ledger, [*under, *over], table_words)]
    own = {key: value for key, value in data.items() if key != "runners"}
    release.top = View(release.ledger, [layer_of(own, base.source, above)])


def toml_file(bundle: Bundle, doc: Doc) -> list[Release]:
    """config.toml as a file."""
    data = doc.data.get(_WHOLE)
    if not isinstance(data, Mapping) or len(doc.data) != 1 or "apiVersion" in doc.data:
        return []
    if not {"runners", "concurrent"} & data.keys():
        bundle.refusals.append(f"{doc.file} is TOML, but not a runner's config.toml")
        return []
    release = _release(bundle, doc, Kind.CONFIG)
    tables_of(release, doc.spot(_WHOLE), data)
    bundle.add_facts(doc, release)
    return [release]


def _release(bundle: Bundle, doc: Doc, kind: Kind) -> Release:
    doc.used = True
    view = empty_view(bundle.ledger)
    release = Release(kind, doc.file, bundle.ledger, bundle.report, view, view)
    release.whole_config = True
    return release


def config_objects(bundle: Bundle, doc: Doc) -> list[Release]:
    """A ConfigMap or Secret that holds config.toml, or what GitLab's chart makes of its values."""
    if doc.kind not in {"ConfigMap", "Secret"}:
        return []
    held = {**section(doc.data, "data"), **section(doc.data, "stringData")}
    if not ({_WHOLE, _TEMPLATE, *_FILES} & held.keys()):
        return []
    release = _release(bundle, doc, Kind.OBJECTS)
    place = "stringData" if section(doc.data, "stringData") else "data"
    parts = [key for key in (_WHOLE, _TEMPLATE, *_FILES) if isinstance(held.get(key), str)]
    merged: dict[str, Any] = {}
    for key in parts:
        text = _decoded(doc, place, held[key])
        spot = doc.spot(place, key)
        read = toml_text(without_templates(text))
        _tell_broken(bundle, spot, key, read.broken)
        is_base64 = text is not held[key]
        line = bundle.ledger.line(spot)
        lines = {} if is_base64 else read.lines
        bundle.ledger.open(spot, read.data, lines, line)
        if key == _TEMPLATE or "runners" in read.data:
            kept_top = release.top
            tables_of(release, spot, read.data)
            release.whole_config = key != _TEMPLATE
            if key == _TEMPLATE and kept_top.data:
                release.top = kept_top  # the chart writes its own keys in the other file
        elif not release.top.data:
            release.top = View(bundle.ledger, [layer_of(read.data, spot.source, spot.path)])
        merged |= read.data
    if not merged:
        return []
    release.tables = release.tables or [View(bundle.ledger, [], table_words)]
    _note_rest(bundle, doc, place, set(parts))
    release.name = bundle.said(doc, "metadata", "name")
    release.namespace = bundle.said(doc, "metadata", "namespace")
    bundle.carried(doc, "metadata", "name", to="name")
    bundle.carried(doc, "metadata", "namespace", to="cluster.namespace")
    return [release]


def read_config(bundle: Bundle, doc: Doc, release: Release, over: list[Layer]) -> None:
    """Read a ConfigMap whose config.toml is the template of a release that another object makes.

    Args:
        over: layers that count before what it says.
    """
    doc.used = True
    metadata_aside(bundle, doc)
    text = section(doc.data, "data").get(_WHOLE)
    if not isinstance(text, str):
        return
    spot = doc.spot("data", _WHOLE)
    read = toml_text(without_templates(text))
    _tell_broken(bundle, spot, _WHOLE, read.broken)
    bundle.ledger.open(spot, read.data, read.lines, bundle.ledger.line(spot))
    tables_of(release, spot, read.data, over)


def _tell_broken(bundle: Bundle, spot: Spot, key: str, broken: list[tuple[int, str]]) -> None:
    for line, words in broken:
        bundle.report.breaks(
            f"{key} has a line that is not valid TOML",
            bundle.ledger.at(spot, key),
            f"line {line} of the text: {words}; the runner does not start with it",
            "Mend the line, and import again",
        )


def _decoded(doc: Doc, place: str, text: str) -> str:
    if doc.kind != "Secret" or place == "stringData":
        return text
    try:
        return base64.b64decode(text, validate=False).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return text


def _note_rest(bundle: Bundle, doc: Doc, place: str, parts: set[str]) -> None:
    metadata_aside(bundle, doc)
    for key in ("immutable", "type"):
        bundle.aside(doc, key, why="what the object is")
    for key in section(doc.data, place):
        if key in parts:
            continue
        if key in _OF_THE_CHART:
            bundle.aside(doc, place, key, why="the chart's own script")
            continue
        bundle.left(doc, place, key, why="a file beside config.toml; its content was not read")
        if "script" in key or key.endswith((".sh", "entrypoint.sh")):
            bundle.report.surprises(
                f"the script {key} beside config.toml was not carried over",
                bundle.at(doc, place, key),
                "what it does before the runner starts is not in the profile",
                "Read it, and write what you need into the profile",
            )


def from_values(release: Release, over: Sequence[Layer], under: Sequence[Layer]) -> None:
    """Read the configuration that is text among the chart's values, templates and all.

    Args:
        over: layers that count before what the text says.
        under: layers that count where it says nothing.
    """
    values = release.values
    runners = values.section("runners")
    key = "configOverride" if runners.get("configOverride") else "config"
    release.whole_config = key == "configOverride"
    text = runners.get(key)
    spot = values.spot("runners", key)
    if not isinstance(text, str) or spot is None:
        if text is not None:
            values.note(("runners", key), Fate.LEFT, "it is not text")
        release.tables = [View(release.ledger, [*under, *over], table_words)]
        return
    if text.startswith(MARK) and text.endswith(MARK):
        tell_unread_text(release, key, text)
        release.tables = [View(release.ledger, [*under, *over], table_words)]
        return
    resolver = Resolver(values.data, release.name.text, release.namespace.text)
    read = toml_text(without_templates(resolver.resolved(text)))
    line = release.ledger.line(spot)
    has_lines = release.ledger.sources[spot.source].has_lines
    for number, words in read.broken:
        where = f"line {number + line}" if has_lines else f"line {number} of the text"
        release.report.breaks(
            f"runners.{key} has a line that is not valid TOML",
            f"{release.file}, {where}: runners.{key}",
            f"{words}: the manager does not start with it",
            "Mend the line, and import again; the rest of the text was read",
        )
    release.ledger.open(spot, read.data, read.lines, line)
    values.note(("runners", key), Fate.ASIDE, "read as TOML")
    for used in resolver.used:
        if used != ("runners", "jobNamespace") and used[:1] not in {("image",)}:
            _note_used(release, used)
    _tell_templates(release, key, resolver)
    tables_of(release, spot, read.data, over, under)


def _tell_templates(release: Release, key: str, resolver: Resolver) -> None:
    at = release.values.at("runners", key)
    for piece in resolver.unread[:_MOST_TOLD]:
        release.report.surprises(
            f"the import does not know what Helm makes of {piece}",
            at,
            "a profile holds no templates, so the value was left out",
            "Write the value into the profile",
        )
    for piece in resolver.assumed[:_MOST_TOLD]:
        release.report.surprises(
            f"the import cannot evaluate {piece}",
            at,
            "what depends on it was read as if it applied",
            "Remove from the profile what does not apply",
        )


def tell_unread_text(release: Release, key: str, text: str) -> None:
    """Say that the whole configuration is somewhere else."""
    release.unread_config = True
    release.values.note(("runners", key), Fate.LEFT, "it is not filled in", told=True)
    release.report.breaks(
        f"runners.{key} is not filled in: {unread(text)}",
        release.values.at("runners", key),
        "all that it sets for jobs is elsewhere, and missing from the profile",
        "Import what runs instead: helm get values RELEASE, or init --from-cluster",
    )


def _note_used(release: Release, key: Key) -> None:
    """A value that a template reads is no unknown key; one of the chart's own keeps its meaning."""
    from wizard.importing.chart_tables import chart_knows

    path = ".".join(str(part) for part in key)
    if release.values.has(*key) and not chart_knows(path):
        release.values.note(key, Fate.CARRIED, "through runners.config, whose template reads it")
