"""What all wrappers share: finding the runner's values in values, and making a release of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wizard.core.problems import Key
from wizard.importing.helm_text import put, set_path
from wizard.importing.ledger import Fate, Ledger, Spot
from wizard.importing.limits import refuse_too_many, refuse_too_many_values
from wizard.importing.release import Bundle, Doc, Kind, Release, Said, section
from wizard.importing.view import ABSENT, Layer, View, found_at, layer_of

CHART = "gitlab-runner"
_SURE = frozenset({"gitlabUrl", "runnerToken", "runnerRegistrationToken"})
_ALONE = _SURE | {"runners"}
"""Each of these at the top of a file makes it the chart's values."""
_TOGETHER = frozenset({"concurrent", "checkInterval", "unregisterRunners"})
"""So does one of these beside `rbac`, which many charts have."""
_BELOW_RUNNERS = frozenset(
    {
        *("config", "configOverride", "configPath", "secret", "tags", "privileged", "locked"),
        *("namespace", "jobNamespace", "runUntagged", "protected", "executor", "maximumTimeout"),
        *("builds", "helpers", "imagePullSecrets", "serviceAccountName", "cache"),
    }
)
_BESIDE = frozenset({"concurrent", "rbac", "checkInterval", "replicas", "metrics", "image"})
_OF_OTHERS = frozenset({"apiVersion", "kind", "services", "stages"})
"""What objects, Compose files and pipelines have at the top, and values have not."""
_HEADINGS = ("USER-SUPPLIED VALUES", "COMPUTED VALUES")
_OF_A_PARENT = frozenset({"install", "enabled", "global"})
_DEEPEST_PARENT = 3


def is_values(data: Any, *, at_top: bool) -> bool:
    """Whether a mapping is values of GitLab's chart, by what it has.

    Args:
        at_top: whether it is a whole file, or a release's values: then less is enough.
    """
    if not isinstance(data, Mapping):
        return False
    alone = _ALONE & data.keys() or ("rbac" in data and _TOGETHER & data.keys())
    if at_top and alone and not _OF_OTHERS & data.keys():
        return True
    runners = data.get("runners")
    has_runners = isinstance(runners, Mapping) and bool(_BELOW_RUNNERS & runners.keys())
    return bool(_SURE & data.keys()) or (has_runners and (bool(_BESIDE & data.keys()) or at_top))


def runner_keys(data: Any, above: Key = ()) -> Iterator[Key]:
    """Where in values of some chart those of GitLab's are: under any key, several times."""
    if not isinstance(data, Mapping):
        return
    inside = [
        found
        for key, value in data.items()
        if isinstance(value, Mapping) and len(above) < _DEEPEST_PARENT
        for found in _below(str(key), value, (*above, key))
    ]
    if is_values(data, at_top=not above) and not (inside and not _SURE & data.keys()):
        yield above
    else:
        yield from inside


def _below(name: str, value: Mapping[str, Any], path: Key) -> Iterator[Key]:
    named = CHART in name or name in {"gitlabRunner", "gitlab_runner"}
    if named and (_ALONE | _BESIDE) & value.keys():
        yield path
    else:
        yield from runner_keys(value, path)


def without_heading(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Values without the line that `helm get values` prints above them."""
    for heading in _HEADINGS:
        if heading in data:
            inside = data[heading]
            rest = {key: value for key, value in data.items() if key != heading}
            return inside if isinstance(inside, Mapping) and not rest else rest
    return data


def below(layers: list[Layer], path: Key) -> list[Layer]:
    """The same layers, for keys below one of theirs."""
    return [found for layer in layers if (found := _one_below(layer, path))]


def _one_below(layer: Layer, path: Key) -> Layer | None:
    data = found_at(layer.data, path)
    if data is ABSENT or not isinstance(data, Mapping):
        return None
    return Layer(data, lambda key: layer.spot((*path, *key)))


def empty_view(ledger: Ledger) -> View:
    return View(ledger, [])


def releases_of(
    bundle: Bundle, doc: Doc, kind: Kind, layers: list[Layer], *, of_chart: bool
) -> list[Release]:
    """A release for each set of the runner's values in layered values.

    Args:
        of_chart: whether the values are GitLab's chart's own, and not those of a parent.
    """
    whole = View(bundle.ledger, layers)
    inside = [path for path in runner_keys(whole.data) if path]
    paths: list[Key] = inside if inside and not is_values(whole.data, at_top=True) else []
    if not paths and (of_chart or is_values(whole.data, at_top=True)):
        paths = [()]
    refuse_too_many(len(bundle.made) + len(paths), bundle)
    _note_parent(whole, paths)
    found = []
    for path in paths:
        doc.used = True
        view = View(bundle.ledger, below(layers, path)) if path else whole
        release = Release(
            kind, doc.file, bundle.ledger, bundle.report, view, empty_view(bundle.ledger)
        )
        release.document = doc.number
        release.parent = str(path[-1]) if path else ""
        _tell_not_installed(release)
        found.append(release)
    return found


def _note_parent(whole: View, paths: list[Key]) -> None:
    """Say that what is beside the runner's values is its parent chart's."""
    around = {path[:length] for path in paths for length in range(len(path))}
    ours = around.union(paths)
    for above in around:
        for key in whole.section(*above):
            beside = (*above, key)
            if beside not in ours:
                whole.note(beside, Fate.ASIDE, "the parent chart's own")


def _tell_not_installed(release: Release) -> None:
    if not release.parent:
        return
    for key in _OF_A_PARENT:
        if not release.values.has(key):
            continue
        if key != "global" and release.values.get(key) is False:
            release.report.surprises(
                "the runner is switched off in this file",
                release.values.at(key),
                f"{key}: false keeps the parent chart from installing it",
                "Do not apply the profile if no runner is wanted: it sets one up anyway",
            )
        release.values.note((key,), Fate.ASIDE, "read by the parent chart")


def add_facts(
    release: Release,
    chart: Said,
    name: Said,
    namespace: Said,
) -> Release:
    """Say of a release what its wrapper says of it."""
    release.chart, release.name, release.namespace = chart, name, namespace
    return release


def plain_values(bundle: Bundle, doc: Doc) -> list[Release]:
    """A values.yaml of its own, of GitLab's chart or of one around it."""
    if _OF_OTHERS & doc.data.keys():
        return []
    data = without_heading(doc.data)
    above: Key = ()
    if data is not doc.data:
        for heading in _HEADINGS:
            if heading in doc.data:
                bundle.aside(doc, heading, why="a heading of helm get values")
                if data is doc.data[heading]:
                    above = (heading,)
    layer = layer_of(data, doc.number, (*doc.above, *above))
    found = releases_of(bundle, doc, Kind.VALUES, [layer], of_chart=False)
    for release in found:
        bundle.add_facts(doc, release)
    return found


def set_layers(ledger: Ledger, pairs: list[tuple[str, Any, Spot]]) -> list[Layer]:
    """What `helm --set` makes of names and values: a later name counts before an earlier one.

    An entry of a list has no place of its own: the first one's is the list's.
    """
    if pairs:
        refuse_too_many_values(len(pairs), ledger.file(pairs[0][2]))
    data: dict[str, Any] = {}
    places: dict[Key, Spot] = {}
    for name, value, spot in pairs:
        path = set_path(name)
        index = next((at for at, part in enumerate(path) if isinstance(part, int)), len(path))
        key: Key = tuple(path[:index])
        is_entry = index < len(path)
        if is_entry and isinstance(found_at(data, key), list):
            ledger.note(spot, Fate.CARRIED, "with the rest of its list")
        else:
            for over in _overruled(places, key, found_at(data, key)):
                words = f"{ledger.at(spot, name)} counts in its place"
                ledger.note(places.pop(over), Fate.ASIDE, words)
            places[key] = spot
        put(data, path, value)
    return [Layer(data, _nearest(places))] if data else []


def _overruled(places: Mapping[Key, Spot], key: Key, value: Any) -> list[Key]:
    """Earlier names that a name takes the place of: around it, below it, or the same one."""
    around = [key[:length] for length in range(1, len(key) + 1)]
    inside = places if isinstance(value, Mapping) else ()
    below = [one for one in inside if one[: len(key)] == key and len(one) > len(key)]
    return [*(one for one in around if one in places), *below]


def _nearest(places: Mapping[Key, Spot]) -> Callable[[Key], Spot | None]:
    def spot(key: Key) -> Spot | None:
        """The place of the value at a key, or of what it is a part of; of all: the first."""
        if not key:
            return next(iter(places.values()))
        found = (places.get(key[:length]) for length in range(len(key), 0, -1))
        return next(filter(None, found), None)

    return spot


def values_in_text(bundle: Bundle, doc: Doc, *key: str | int) -> Layer | None:
    """The layer of values that are text in a document: `helm.values`, `valuesContent`.

    Raises: YamlError.
    """
    text = found_at(doc.data, key)
    if not isinstance(text, str) or not text.strip():
        return None
    return opened(bundle, doc, key, text, bundle.ledger.line(doc.spot(*key)))


def opened(bundle: Bundle, doc: Doc, key: Key, text: str, line: int) -> Layer | None:
    """Read a text of a document as YAML values of its own.

    Args:
        line: the line of the file before the text's first.
    """
    from wizard.importing.texts import YamlError, yaml_documents
    from wizard.importing.texts.templates import without_templates

    try:
        documents = list(yaml_documents(text, doc.file))
    except YamlError as error:
        try:
            documents = list(yaml_documents(without_templates(text), doc.file))
        except YamlError:
            documents = []
        bundle.report.breaks(
            "values are a text that is not valid YAML",
            bundle.at(doc, *key),
            f"{error.cause}; only what comes before was read",
            "Mend or render it, and import it again",
        )
    data = documents[0].data if documents else None
    if not isinstance(data, Mapping):
        bundle.left(doc, *key, why="no values in it that could be read")
        return None
    bundle.ledger.open(doc.spot(*key), data, documents[0].lines, line)
    return Layer(data, lambda inner: doc.spot(*key, *inner))


def values_from_file(bundle: Bundle, path: str) -> Layer | None:
    """The layer of a values file that was given beside; None where it was not."""
    name = bundle.file_ending(path)
    doc = next((doc for doc in bundle.docs if doc.file == name), None) if name else None
    if doc is None:
        return None
    doc.used = True
    return Layer(without_heading(doc.data), lambda key: doc.spot(*key))


def tell_unread_values(bundle: Bundle, doc: Doc, key: Key, what: str, paths: list[str]) -> None:
    """Say that values are somewhere else and were not given."""
    names = ", ".join(paths)
    bundle.left(doc, *key, why=f"{names} was not given", told=True)
    bundle.unread.add(doc.number)
    bundle.report.surprises(
        "some values are elsewhere and were not read",
        bundle.at(doc, *key, words=what),
        f"{what} names {names}, which was not given, so the profile lacks what it sets",
        "Give that file too, or the whole folder: init --from FILE --from FILE",
    )


def metadata_aside(bundle: Bundle, doc: Doc) -> None:
    """What every object has and no profile says."""
    for key in ("apiVersion", "kind", "status"):
        if key in doc.data:
            bundle.aside(doc, key, why="what the document is")
    for key in section(doc.data, "metadata"):
        bundle.aside(doc, "metadata", key, why="the object's own")
