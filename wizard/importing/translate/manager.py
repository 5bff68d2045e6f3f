"""From the chart's values to what a profile says of its managers, images and chart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.core.problems import Key, key_path
from wizard.importing.chart_tables import default_of, is_default
from wizard.importing.ledger import Fate
from wizard.importing.release import Release, entries, number
from wizard.importing.translate.jobs import pull_policies
from wizard.importing.view import ABSENT, found_at, leaf_paths, without_empty
from wizard.render.runner.config_toml import METRICS_PORT, SHUTDOWN_TIMEOUT

_REGISTRY = "registry.gitlab.com"
_MANAGER_IMAGE = "gitlab-org/gitlab-runner"
_SIMPLE = {
    "checkInterval": "check_interval",
    "logLevel": "log_level",
    "logFormat": "log_format",
    "nodeSelector": "node_selector",
    "tolerations": "tolerations",
    "priorityClassName": "priority_class",
    "terminationGracePeriodSeconds": "drain",
}
PULL_SECRETS: tuple[Key, ...] = (
    ("imagePullSecrets",),
    ("rbac", "imagePullSecrets"),
    ("serviceAccount", "imagePullSecrets"),
)
_OF_CONFIG = {
    "check_interval": "check_interval",
    "log_level": "log_level",
    "log_format": "log_format",
}
# What the wizard writes itself, its own way, with the reason that people read.
_OURS: dict[str, str] = {
    "namespace": "cluster.namespace says it",
    "hpa": "managers do not scale: jobs.concurrent says how many jobs run at once",
    "runnerToken": "a token is never copied",
    "runnerRegistrationToken": "registration tokens are gone",
    "runners.executor": "the wizard writes kubernetes",
    "runners.jobNamespace": "cluster.job_namespace says it",
    "runners.namespace": "cluster.job_namespace says it",
    "runners.config": "read as TOML",
    "runners.configOverride": "read as TOML",
    "serviceAccount.create": "the wizard makes one for each manager",
    "serviceAccount.name": "the wizard makes one for each manager",
    "rbac.create": "the wizard writes the Role itself",
    "rbac.rules": "the wizard writes the Role itself",
    "rbac.resources": "the wizard writes the Role itself",
    "rbac.verbs": "the wizard writes the Role itself",
    "rbac.clusterWideAccess": "the wizard writes the Role itself",
    "rbac.podSecurityPolicy": "PodSecurityPolicy is gone since Kubernetes 1.25",
    "rbac.generatedServiceAccountName": "the wizard makes an account for each manager",
    "rbac.serviceAccountName": "the wizard makes an account for each manager",
    "livenessProbe": "the wizard's probe does not restart managers while GitLab is away",
    "readinessProbe": "the wizard has a probe of its own",
    "probeTimeoutSeconds": "the wizard has probes of its own",
    "podSecurityContext": "the wizard writes the image's own user, and what restricted asks for",
    "securityContext": "the wizard writes what restricted asks for",
    "strategy": "the wizard writes it, so that running jobs end first",
    "useTini": "the wizard's images need none",
}
_WRITTEN: dict[str, Any] = {
    "unregisterRunners": True,
    "metrics.enabled": True,
    "metrics.port": METRICS_PORT,
    "metrics.portName": "metrics",
    "shutdown_timeout": SHUTDOWN_TIMEOUT,
}
"""What the wizard writes too; another value stays in `extra_values`."""
_OWN_LABELS = tuple(
    f"app.kubernetes.io/{name}" for name in ("instance", "managed-by", "name", "part-of")
)
_IN_GITLAB = {
    "runUntagged": "run_untagged",
    "protected": "protected",
    "locked": "locked",
    "maximumTimeout": "maximum_timeout",
}


def manager_data(release: Release) -> dict[str, Any]:
    """The profile's `manager`."""
    values, found = release.values, dict[str, Any]()
    if version := release.wanted_runner:
        found["runner_version"] = version
    found |= _flavor(release)
    if release.replicas > 1:
        found["replicas"] = release.replicas
    values.note(("replicas",), Fate.CARRIED, "manager.replicas", ("manager", "replicas"))
    for key, field in _OF_CONFIG.items():
        if value := release.top.take(key, to=("manager", field)):
            found[field] = value
    for key, field in _SIMPLE.items():
        if not is_default((key,), values.get(key)) and values.get(key) not in (None, "", {}, []):
            found[field] = values.take(key, to=("manager", field))
    if secrets := _pull_secrets(release):
        found["image_pull_secrets"] = secrets
    for resource in ("cpu", "memory"):
        if share := _share(release, resource):
            found[resource] = share
    return found


def _pull_secrets(release: Release) -> list[Any]:
    target: Key = ("manager", "image_pull_secrets")
    found: list[Any] = []
    for key in PULL_SECRETS:
        found += [_name(one) for one in entries(release.values.get(*key))]
        release.values.note(key, Fate.CARRIED, key_path(target), target)
    return list(dict.fromkeys(found))


def _name(one: Any) -> Any:
    return one.get("name") if isinstance(one, Mapping) else one


def _share(release: Release, resource: str) -> dict[str, Any]:
    found = {}
    for part, key in (("request", "requests"), ("limit", "limits")):
        if value := release.values.take("resources", key, resource, to=("manager", resource, part)):
            found[part] = value
    if found:  # what the old one did not have is not put upon it
        found = {"request": None, "limit": None} | found
    return found


def _flavor(release: Release) -> dict[str, Any]:
    tag = _tag(release)
    target: Key = ("manager", "flavor")
    words = "manager.flavor and runner_version" if release.wanted_runner else "manager.flavor"
    release.values.note(("image", "tag"), Fate.CARRIED, words, target)
    # A bare version is the Ubuntu image (scripts/pusher/runner-images.json, 19.3.0).
    return {"flavor": "ubuntu"} if re.match(r"ubuntu|v?\d", tag) else {}


def _tag(release: Release) -> str:
    image = release.values.get("image")
    if isinstance(image, str):
        return image.rpartition(":")[2] if ":" in image else ""
    return str(release.values.get("image", "tag") or "")


def images_data(release: Release, extra: dict[str, Any]) -> dict[str, Any]:
    """The profile's `images`; an image of another name goes to the chart's extra values."""
    found: dict[str, Any] = {}
    registry, path = _image(release)
    if _is_unread(release):
        _note_image(release, Fate.LEFT, "a part of it is not filled in")
    elif registry and registry != _REGISTRY and path == _MANAGER_IMAGE:
        found["mirrors"] = {_REGISTRY: registry}
        _note_image(release, Fate.CARRIED, "images.mirrors", ("images", "mirrors"))
    elif (
        registry
        and path
        and (registry, path)
        not in ((_REGISTRY, _MANAGER_IMAGE), ("docker.io", "gitlab/gitlab-runner"))
    ):
        extra["image"] = {"registry": registry, "image": path}
        target: Key = ("runners", 0, "extra_values", "image")
        _note_image(release, Fate.KEPT, "runners[].extra_values.image", target)
    else:
        _note_image(release, Fate.CARRIED, "the wizard uses GitLab's own image")
    if release.mirrors:
        found["mirrors"] = {**release.mirrors, **found.get("mirrors", {})}
    for table in release.tables:
        wanted = pull_policies(table.get("kubernetes", "pull_policy"))
        if wanted and "pull_policy" not in found:
            found["pull_policy"] = wanted[0]
    return found


def _is_unread(release: Release) -> bool:
    """Whether a part of the manager's image is still to be filled in."""
    values = release.values
    parts: tuple[Key, ...] = (("image",), ("image", "registry"), ("image", "image"))
    return any(values.is_written(*key) and values.get(*key) is None for key in parts)


def _image(release: Release) -> tuple[str, str]:
    image = release.values.get("image")
    if isinstance(image, str):
        name = image.rpartition(":")[0] if ":" in image.rpartition("/")[2] else image
        first, slash, rest = name.partition("/")
        has_registry = slash and ("." in first or ":" in first)
        return (first, rest) if has_registry else ("docker.io", name)
    registry = release.values.get("image", "registry")
    path = str(release.values.get("image", "image") or _MANAGER_IMAGE)
    return str(registry if registry is not None else _REGISTRY), path


def _note_image(release: Release, fate: Fate, words: str, target: Key = ()) -> None:
    values = release.values
    for key in (("image", "registry"), ("image", "image")):
        values.note(key, fate, words, target)
    if isinstance(values.get("image"), str):
        values.note(("image",), fate, words, target)


def in_gitlab(release: Release, indices: range) -> dict[str, Any]:
    """What the chart once said to GitLab, and GitLab keeps for the runner now."""
    values = release.values
    for name in (("fullnameOverride",), ("nameOverride",), ("runners", "name")):
        values.note(name, Fate.CARRIED, "runners[].name, which names the release too")
    tags = values.get("runners", "tags")
    listed = tags.split(",") if isinstance(tags, str) else entries(tags)
    found: dict[str, Any] = {}
    if names := [one for one in (str(tag).strip() for tag in listed) if one]:
        found["tags"] = list(dict.fromkeys(names))
    values.note(
        ("runners", "secret"), Fate.CARRIED, "secrets: the wizard makes a Secret of its own"
    )
    values.note(
        ("runners", "tags"), Fate.CARRIED, "runners[].tags", ("runners", indices[0], "tags")
    )
    for key, field in _IN_GITLAB.items():
        value = values.get("runners", key)
        words = {"true": True, "false": False}
        value = words.get(value.lower(), value) if isinstance(value, str) else value
        if value not in (None, "", []):
            target: Key = ("runners", indices[0], field)
            values.take("runners", key, to=target)
            found[field] = number(value) or None if field == "maximum_timeout" else value
        else:
            values.note(("runners", key), Fate.ASIDE, "empty")
    found.setdefault("maximum_timeout", None)
    return found


def rest_of_values(release: Release, extra: dict[str, Any], *, reads_chart: bool) -> dict[str, Any]:
    """What is left of the values, kept where a chart reads them; else it is left out."""
    values = release.values
    for top in dict.fromkeys(path.partition(".")[0] for path in _OURS):
        if values.has(top) and values.get(top) is None:
            values.note((top,), Fate.ASIDE, "empty")
    for path, why in _OURS.items():
        key = tuple(path.split("."))
        if values.has(*key) and not values.claimed(key):
            empty = values.get(*key) in (None, "", {}, [], False)
            same = empty or _says_default(release, key)
            values.note(
                key, Fate.ASIDE if same else Fate.OURS, "the chart's default" if same else why
            )
    for path, written in _WRITTEN.items():
        key = tuple(path.split("."))
        if values.get(*key) == written or (path == "shutdown_timeout" and values.get(*key) == 0):
            values.note(key, Fate.CARRIED, "the wizard writes it too")
    _leave_own_labels(release)
    _moved(release, extra)
    _drop_defaults(release)
    rest = without_empty(values.rest())
    if not reads_chart:
        why = "the profile is delivered as manifests, whose manager has no such setting"
        for leaf in filter(None, leaf_paths(rest)):
            values.note_if_open(leaf, Fate.LEFT, why, ())
        return {}
    for leaf in filter(None, leaf_paths(rest)):
        target: Key = ("runners", 0, "extra_values", *leaf)
        values.note_if_open(leaf, Fate.KEPT, f"runners[].extra_values.{key_path(leaf)}", target)
    return _over(rest, extra)


def _leave_own_labels(release: Release) -> None:
    """Labels that a wizard wrote say whose an object is; the new one has its own."""
    for place in ("deploymentLabels", "podLabels"):
        for name in release.values.section(place):
            if name in _OWN_LABELS or name.startswith("runner-wizard/"):
                release.values.note((place, name), Fate.OURS, "the wizard's own labels")


def _says_default(release: Release, key: Key) -> bool:
    """Whether all that a value says is what the chart has by itself."""
    value = release.values.get(*key)
    return all(is_default((*key, *path), found_at(value, path)) for path in leaf_paths(value))


def _moved(release: Release, extra: dict[str, Any]) -> None:
    """Values that the chart still reads under an old name, under their new one."""
    annotations = release.values.get("rbac", "serviceAccountAnnotations")
    if isinstance(annotations, Mapping) and annotations:
        extra["serviceAccount"] = {"annotations": dict(annotations)}
        target: Key = ("runners", 0, "extra_values", "serviceAccount", "annotations")
        words = "runners[].extra_values.serviceAccount.annotations"
        release.values.note(("rbac", "serviceAccountAnnotations"), Fate.KEPT, words, target)


def _drop_defaults(release: Release) -> None:
    """Defaults that the file repeats from the chart say nothing; empty values neither."""
    for key in leaf_paths(release.values.data):
        if not key or release.values.claimed(key) or ".".join(map(str, key)) in _WRITTEN:
            continue
        value = release.values.get(*key)
        if is_default(key, value):
            release.values.note(key, Fate.ASIDE, "the chart's default")
        elif value in (None, {}, []) and default_of(key) in (ABSENT, None, "", {}, []):
            release.values.note(key, Fate.ASIDE, "empty")


def _over(rest: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    found = dict(rest)
    for key, value in extra.items():
        inner = found.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        found[key] = _over(dict(inner), value) if both else value  # type: ignore[arg-type]
    return found
