"""From the releases to one profile's data: what it says once, and a runner for each table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from wizard.core.secret_shapes import is_secret
from wizard.importing.findings.identity import tell_identity
from wizard.importing.ledger import Fate
from wizard.importing.placeholders import FILL_IN, SCOPE
from wizard.importing.release import Kind, Release
from wizard.importing.texts.templates import unread
from wizard.importing.translate.jobs import runner_of_table, with_rest
from wizard.importing.translate.levels import level_of
from wizard.importing.translate.manager import (
    images_data,
    in_gitlab,
    manager_data,
    rest_of_values,
)
from wizard.importing.translate.namespaces import Namespaces, namespaces, note_namespaces
from wizard.importing.view import View
from wizard.importing.wrappers.beside import Beside, builds_with
from wizard.profile.delivery import TargetCluster
from wizard.profile.model import CURRENT_VERSION
from wizard.profile.packagings import PACKAGINGS
from wizard.profile.types import Architecture
from wizard.render.runner.images import ARCH_LABEL

_ADDRESS = re.compile(r"https?://[^\s@$]+$")
_NO_NAMES = frozenset({"", "gitlab-runner", "gitlabRunner", "gitlab_runner", "values", "helm"})
"""Keys of a parent that say nothing of the runner."""
_LONGEST_NAME = 39
_ROOM_FOR_NUMBERS = 34


def profile_data(releases: list[Release], beside: Beside, profile_id: str) -> dict[str, Any]:
    """The profile's data; a key that no file answers holds `FILL_IN`.

    What has a field of its own goes there; the rest of the chart's values to `extra_values`, the
    rest of a `[[runners]]` table to `extra_config`.
    """
    first = releases[0]
    places = namespaces(first, first.tables[0], beside)
    data: dict[str, Any] = {
        "version": CURRENT_VERSION,
        "id": profile_id,
        "name": _name(first),
        "gitlab": {"url": _url(first)},
        "runners": [],
        "secrets": dict(beside.secrets) or {"backend": "kubernetes"},
        "manager": {},
        "cluster": _cluster(places) | _architectures(releases),
        "images": {},
        "delivery": _delivery(first),
    }
    for number, release in enumerate(releases):
        _add_release(data, release, beside, number)
    return {key: value for key, value in data.items() if value != {}}


def _cluster(places: Namespaces) -> dict[str, Any]:
    found: dict[str, Any] = {"namespace": places.manager, "job_namespace": places.jobs}
    if set(places.existing) == {places.manager, places.jobs}:
        return {"namespaces": "existing", **found}
    if places.existing:
        found["existing_namespaces"] = list(places.existing)
    return found


def _architectures(releases: list[Release]) -> dict[str, Any]:
    """The nodes' architectures, where every runner's jobs select them; the default is left out."""
    tables = [table for release in releases for table in release.tables]
    found = {str(table.get("kubernetes", "node_selector", ARCH_LABEL)) for table in tables}
    if not found <= set(get_args(Architecture)) or found == set(TargetCluster().architectures):
        return {}
    return {"architectures": sorted(found)}


def _add_release(data: dict[str, Any], release: Release, beside: Beside, number: int) -> None:
    begin = len(data["runners"])
    indices = range(begin, begin + len(release.tables))
    extra: dict[str, Any] = {}
    told = in_gitlab(release, indices)
    note_namespaces(release)
    release.values.note(("gitlabUrl",), Fate.CARRIED, "gitlab.url", ("gitlab", "url"))
    names = _names([one["name"] for one in data["runners"]], release)
    for index, name, table in zip(indices, names, release.tables, strict=True):
        made = runner_of_table(release, table, index, builds_with(beside))
        _note_identity(table)
        made = with_rest(table, made, index)
        made |= _own_namespace(data, release, table, index, beside)
        data["runners"].append({"name": name, "scope": dict(SCOPE), **told, **made})
    tell_identity(release, data_places(data), data["runners"][begin:])
    manager, images = manager_data(release), images_data(release, extra)
    reads_chart = PACKAGINGS[data["delivery"]["as"]].uses_chart
    if rest := rest_of_values(release, extra, reads_chart=reads_chart):
        for index in indices:
            data["runners"][index]["extra_values"] = rest
    if number == 0:
        data["manager"], data["images"] = manager, images
    else:
        _tell_unlike(data, release, manager, images, beside)


def _own_namespace(
    data: dict[str, Any], release: Release, table: View, index: int, beside: Beside
) -> dict[str, Any]:
    """The namespace of a runner's jobs, where it is not the one that the profile says for all."""
    places = namespaces(release, table, beside) if index else data_places(data)
    shared, cluster = data["cluster"]["job_namespace"], data["cluster"]
    is_there = places.jobs in places.existing
    if index and is_there and cluster.get("namespaces") != "existing":
        listed = cluster.setdefault("existing_namespaces", [])
        listed += [places.jobs] if places.jobs not in listed else []
    # Privileged jobs get a namespace of their own by default; these have one that is theirs.
    level_counts = is_there and cluster.get("namespaces") != "existing"
    if places.jobs != shared or (level_counts and level_of(table) == "privileged"):
        return {"job_namespace": places.jobs}
    return {}


def data_places(data: Mapping[str, Any]) -> Namespaces:
    """The namespaces that a profile's data says for all its runners."""
    cluster = data["cluster"]
    both = (cluster["namespace"], cluster["job_namespace"])
    all_there = cluster.get("namespaces") == "existing"
    existing = both if all_there else tuple(cluster.get("existing_namespaces", ()))
    return Namespaces(*both, existing)


def _note_identity(table: View) -> None:
    table.note(("name",), Fate.CARRIED, "runners[].name")
    table.note(("url",), Fate.CARRIED, "gitlab.url", ("gitlab", "url"))
    table.note(("token",), Fate.LEFT, "a token is never copied")


def _tell_unlike(
    data: Mapping[str, Any],
    release: Release,
    manager: Mapping[str, Any],
    images: Mapping[str, Any],
    beside: Beside,
) -> None:
    """What a profile says once, where a further release says it another way."""
    places = namespaces(release, release.tables[0], beside)
    own = {
        "the GitLab they work for": (_url(release), data["gitlab"]["url"]),
        "the namespace of managers": (places.manager, data["cluster"]["namespace"]),
        "their managers": (dict(manager), dict(data["manager"])),
        "where images come from": (dict(images), dict(data["images"])),
    }
    for what, (mine, first) in own.items():
        if mine != first:
            release.report.surprises(
                f"the releases differ in {what}: {_shown(mine)} here, {_shown(first)} in the first",
                release.name.at or release.values.at() or release.file,
                "a profile has one value for all its runners",
                "Give this release its own profile: here it gets the first one's value",
            )


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items()) or "none"
    return str(value)


def url_of(release: Release) -> tuple[str, str]:
    """The GitLab of a release as it is written, and where; empty where nothing says it."""
    if url := release.values.get("gitlabUrl"):
        return str(url), release.values.at("gitlabUrl")
    for table in release.tables:
        if url := table.get("url"):
            return str(url), table.at("url")
    return "", ""


def _url(release: Release) -> str:
    url, _ = url_of(release)
    if not _ADDRESS.match(url.strip()) or unread(url):
        return FILL_IN
    return url.strip().rstrip("/").removesuffix("/ci")


def _delivery(release: Release) -> dict[str, Any]:
    if release.kind is Kind.APPLICATION:
        found: dict[str, Any] = {"as": "argocd", "to": "directory"}
        found["repository"] = {"url": FILL_IN, **_repository(release)}
        return found | ({"argocd": dict(release.argocd)} if release.argocd else {})
    if release.kind in (Kind.HELM_RELEASE, Kind.FLEET):  # they take folders of plain manifests
        return {"as": "manifests", "to": "directory"}
    if release.has_chart:
        return {"as": "helm", "to": "directory"}
    return {"as": "manifests", "to": "cluster"}


def _repository(release: Release) -> dict[str, str]:
    """The repository that the Application reads; `HEAD` names no branch to write to."""
    given = {k: v for k, v in release.repository.items() if v != "HEAD" and not unread(v)}
    if is_secret(given.get("url", "")):
        release.report.opens(
            "the address of the Git repository holds a secret",
            f"{release.file}: repoURL",
            "everyone who can read the file has it",
            "Write delivery.repository.url without it, and change it if the file was in Git: it "
            "was "
            "not copied",
        )
        given.pop("url")
    return given


def _name(release: Release) -> str:
    candidates = [
        release.values.get("runners", "name"),
        release.tables[0].get("name"),
        re.sub(r"^gitlab-runner-?", "", release.name.text),
        re.sub(r"^gitlab-runner-?", "", str(release.values.get("fullnameOverride") or "")),
        release.parent if release.parent not in _NO_NAMES else None,
    ]
    return next(_slugs(candidates), "imported")


def _names(taken: list[str], release: Release) -> list[str]:
    """A name for each table, no two alike: many a config.toml calls all of them by its host."""
    found: list[str] = []
    first = _name(release)
    for number, table in enumerate(release.tables):
        own = slug(str(table.get("name") or "")) if number else ""
        wanted = own or (first if not number else f"{first[:_ROOM_FOR_NUMBERS]}-{number + 1}")
        count = number + 1
        free = wanted
        while free in (*taken, *found):
            count = max(count, 2)
            free, count = f"{wanted[:_ROOM_FOR_NUMBERS]}-{count}", count + 1
        found.append(free)
    return found


def _slugs(words: list[Any]) -> Iterator[str]:
    known = (str(word) for word in words if word and not unread(str(word)))
    return (found for word in known if (found := slug(word)))


def slug(text: str) -> str:
    """A text as a name that Kubernetes takes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST_NAME].rstrip("-")
