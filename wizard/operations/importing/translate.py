"""From a hand-made set-up to a profile's data, and what is left of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from wizard.core.problems import Key
from wizard.operations.importing.pile import Pile
from wizard.operations.importing.setup import Setup, Values, entries, section
from wizard.operations.importing.table import runner_of_table
from wizard.profile.delivery import Repository
from wizard.profile.model import CURRENT_VERSION
from wizard.profile.packagings import PACKAGINGS
from wizard.render.versions import CHARTS

_LONGEST_NAME = 39
_ROOM_FOR_NUMBERS = 34
_GITLAB = "https://gitlab.com"
_SCOPE = {"project": "acme/homelab"}
_REPOSITORY = "https://gitlab.com/acme/gitops.git"
PLACEHOLDERS = {
    "scope:": "The file does not say where: {project: PATH}, {group: PATH} or the word instance.",
    f"url: {_REPOSITORY}": "The file does not say which repository Argo CD reads.",
}
"""Lines of the profile that no file answers, each with the comment that asks for it."""
_MANAGER_IMAGE = "gitlab-org/gitlab-runner"
# What the wizard writes itself, its own way: nothing of the old is kept, and nothing is lost.
_OURS = [
    "fullnameOverride",
    "hpa",
    "image",
    "imagePullPolicy",
    "livenessProbe",
    "metrics.enabled",
    "metrics.port",
    "metrics.portName",
    "nameOverride",
    "namespace",
    "podSecurityContext",
    "rbac",
    "readinessProbe",
    "runnerRegistrationToken",
    "runnerToken",
    "runners.config",
    "runners.configOverride",
    "runners.executor",
    "runners.jobNamespace",
    "runners.name",
    "runners.namespace",
    "runners.secret",
    "securityContext",
    "serviceAccount.create",
    "serviceAccount.name",
    "shutdown_timeout",
    "strategy",
    "unregisterRunners",
    "useTini",
]
_OF_THE_MANAGER = ("listen_address", "shutdown_timeout", "runners")


def profile_data(setup: Setup, profile_id: str) -> tuple[dict[str, Any], list[Key]]:
    """The profile's data, and the keys of the set-up that it cannot hold.

    What has a field of its own goes there; the rest of the chart's values to `extra_values`, the
    rest of a `[[runners]]` table to `extra_config`.
    """
    values, manager = Pile(setup.values), Pile(setup.config)
    first = setup.tables[0]
    namespace, jobs = setup.namespaces(first)
    namespace = namespace or "gitlab-runner"
    name = _name(setup)
    shared = {
        "checkInterval": manager.take("check_interval"),
        "logLevel": manager.take("log_level"),
        "logFormat": manager.take("log_format"),
    }
    replicas = _replicas(values)
    concurrent = values.take("concurrent") or manager.take("concurrent")
    in_gitlab = _in_gitlab(values)
    data: dict[str, Any] = {
        "version": CURRENT_VERSION,
        "id": profile_id,
        "name": name,
        "gitlab": {"url": _url(values.take("gitlabUrl") or first.get("url"))},
        "runners": [],
        "secrets": {"backend": "kubernetes"},
        "manager": _manager(setup, values, shared) | replicas,
        "cluster": {
            "namespace": namespace,
            "job_namespace": jobs if jobs not in ("", namespace) else f"{namespace}-jobs",
        },
        "images": _images(setup),
        "delivery": _delivery(setup),
    }
    for key in _OURS:
        values.take(*key.split("."))
    for key in _OF_THE_MANAGER:
        manager.take(key)
    names = _names(name, setup.tables)
    for own, table in zip(names, setup.tables, strict=True):
        runner, images = runner_of_table(table, concurrent, replicas.get("replicas", 1))
        data["runners"].append({"name": own, "scope": dict(_SCOPE), **in_gitlab, **runner})
        data["images"] = {**images, **data["images"]}  # the first table's counts for all
    extra = values.rest()
    if PACKAGINGS[data["delivery"]["as"]].uses_chart:
        for runner in data["runners"]:
            runner.update({"extra_values": extra} if extra else {})
        extra = {}
    left: list[Key] = [(key,) for key in (*extra, *manager.rest())]
    return {key: value for key, value in data.items() if value != {}}, left


def placeholders(data: Mapping[str, Any]) -> Iterator[Key]:
    """The keys of a profile's data that hold an example, as `PLACEHOLDERS` has their lines."""
    yield from (("runners", index, "scope") for index in range(len(data["runners"])))
    if section(data["delivery"], "repository").get("url") == _REPOSITORY:
        yield ("delivery", "repository", "url")


def _manager(setup: Setup, values: Pile, shared: Values) -> dict[str, Any]:
    tag = str(section(setup.values, "image").get("tag") or "alpine")
    chart = next((one for one in CHARTS if one.version == setup.chart), None)
    found: dict[str, Any] = {
        "runner_version": chart.runner if chart else None,
        "flavor": "ubuntu" if re.match(r"ubuntu|v?\d", tag) else None,
        **{share: _share(values, share) for share in ("cpu", "memory")},
        "drain": values.take("terminationGracePeriodSeconds"),
        "check_interval": values.take("checkInterval") or shared["checkInterval"],
        "log_level": values.take("logLevel") or shared["logLevel"],
        "log_format": values.take("logFormat") or shared["logFormat"],
        "node_selector": values.take("nodeSelector"),
        "tolerations": values.take("tolerations"),
        "priority_class": values.take("priorityClassName"),
        "image_pull_secrets": [
            one.get("name") if isinstance(one, Mapping) else one
            for one in entries(values.take("imagePullSecrets"))
        ],
    }
    return {key: value for key, value in found.items() if value}


def _names(first: str, tables: list[Values]) -> list[str]:
    """A name for each table, no two alike: many a config.toml calls all of them by its host."""
    found = [first]
    for number, table in enumerate(tables[1:], start=2):
        wanted = _slug(str(table.get("name") or "")) or f"{first[:_ROOM_FOR_NUMBERS]}-{number}"
        found.append(f"{wanted[:_ROOM_FOR_NUMBERS]}-{number}" if wanted in found else wanted)
    return found


def _replicas(values: Pile) -> dict[str, int]:
    found = values.take("replicas")
    return {"replicas": found} if isinstance(found, int) and found > 1 else {}


def _share(values: Pile, resource: str) -> dict[str, Any]:
    found = {
        "request": values.take("resources", "requests", resource),
        "limit": values.take("resources", "limits", resource),
    }
    return {key: value for key, value in found.items() if value is not None}


def _in_gitlab(values: Pile) -> dict[str, Any]:
    """What the chart once told GitLab, and GitLab keeps for the runner now."""
    tags = values.take("runners", "tags")
    listed = tags.split(",") if isinstance(tags, str) else entries(tags)
    found = {
        "tags": [one for one in (str(tag).strip() for tag in listed) if one],
        "run_untagged": values.take("runners", "runUntagged"),
        "protected": values.take("runners", "protected"),
        "locked": values.take("runners", "locked"),
        "maximum_timeout": values.take("runners", "maximumTimeout"),
    }
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def _images(setup: Setup) -> dict[str, Any]:
    """A mirror, where the manager's image comes from one with the same path."""
    image = section(setup.values, "image")
    registry = image.get("registry")
    own = str(image.get("image") or _MANAGER_IMAGE) == _MANAGER_IMAGE
    if registry and own and registry != "registry.gitlab.com":
        return {"mirrors": {"registry.gitlab.com": registry}}
    return {}


def _delivery(setup: Setup) -> dict[str, Any]:
    if setup.kind == "config.toml":
        return {"as": "manifests", "to": "cluster"}
    if setup.kind == "Flux HelmRelease":  # its Kustomization takes a folder of plain manifests
        return {"as": "manifests", "to": "directory"}
    if setup.kind == "values.yaml":
        return {"as": "helm", "to": "directory"}
    found: dict[str, Any] = {"as": "argocd", "to": "directory", "repository": _repository(setup)}
    return found | ({"argocd": dict(setup.argocd)} if setup.argocd else {})


def _repository(setup: Setup) -> dict[str, Any]:
    """The repository that the Application reads, unless its address holds credentials or the like.

    `HEAD` names no branch to write to.
    """
    given = {key: value for key, value in setup.repository.items() if value != "HEAD"}
    try:
        Repository.model_validate(given)
    except ValidationError:
        given = {}
    return {"url": _REPOSITORY, **given}


def _url(url: Any) -> str:
    return str(url or _GITLAB).rstrip("/").removesuffix("/ci")


def _name(setup: Setup) -> str:
    named = section(setup.values, "runners").get("name") or setup.tables[0].get("name")
    release = setup.release.removeprefix("gitlab-runner").strip("-")
    candidates = (named, release, setup.values.get("fullnameOverride"))
    return next(_slugs(candidates), "imported")


def _slugs(words: tuple[Any, ...]) -> Iterator[str]:
    return (slug for word in words if (slug := _slug(str(word or ""))))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST_NAME].rstrip("-")
