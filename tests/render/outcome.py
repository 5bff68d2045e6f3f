"""The runner that comes out of a packaging, read from the objects that reach the cluster."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from wizard.render.runner.config_toml import TOKEN_PLACEHOLDER

_OURS = ("app.kubernetes.io/", "runner-wizard/")
# What the chart itself tells `register`; with a runner authentication token its script unsets
# REGISTER_LOCKED and RUNNER_TAG_LIST again.
_OF_THE_CHART = {
    "CI_SERVER_URL",
    "RUNNER_EXECUTOR",
    "REGISTER_LOCKED",
    "RUNNER_TAG_LIST",
    "SESSION_SERVER_ADDRESS",
}
_DAY = 24 * 3600
_Object = dict[str, Any]


def outcome(objects: Iterable[_Object], release: str) -> dict[str, Any]:
    """Everything that makes one runner what it is, in words that no packaging owns."""
    named = {
        (one["kind"], one["metadata"]["name"]): one
        for one in objects
        if one["kind"] in {"Deployment", "ConfigMap", "Role", "RoleBinding", "PodDisruptionBudget"}
        or (one["kind"] == "ServiceAccount" and one["metadata"]["name"].startswith(release))
    }
    deployment, budget = named["Deployment", release], named["PodDisruptionBudget", release]
    template = deployment["spec"]["template"]
    container, *others = template["spec"]["containers"]
    assert not others
    labels = template["metadata"]["labels"]
    for selector in (budget["spec"]["selector"], deployment["spec"]["selector"]):
        assert selector["matchLabels"].items() <= labels.items()
    return {
        "config.toml": _config(named["ConfigMap", release], container),
        "rights": _rights(named["Role", release], named["RoleBinding", release]),
        "accounts": {
            (one["metadata"]["namespace"], name): one.get("automountServiceAccountToken", True)
            for (kind, name), one in named.items()
            if kind == "ServiceAccount" and name in {release, f"{release}-job"}
        },
        "managers": {key: deployment["spec"][key] for key in ("replicas", "strategy")},
        "pod": _pod(template["spec"]),
        "container": _container(container),
        "files": _files(container, template["spec"]["volumes"]),
        "probes": _intent(container),
        "labels": {key: value for key, value in labels.items() if key.startswith(_OURS)},
        "annotations": {
            key: value
            for key, value in template["metadata"]["annotations"].items()
            if not key.startswith("checksum/")
        },
        "budget": budget["spec"],
    }


def _config(config_map: _Object, container: _Object) -> dict[str, Any]:
    """The config.toml that the manager runs with.

    Of the chart it is config.toml, and one [[runners]] table: what `register` knows from its flags
    and variables, and the template, which fills in the rest.
    """
    data = config_map["data"]
    if "config.toml" not in data:
        return tomllib.loads(data["config.template.toml"])
    flags = dict(re.findall(r'--([\w-]+)="?([^"\s\\]*)', data["register-the-runner"]))
    assert not {"maximum-timeout", "locked", "tag-list"} & flags.keys()
    (table,) = tomllib.loads(data["config.template.toml"])["runners"]
    told = {entry["name"]: entry.get("value") for entry in container["env"]}
    registered = {
        "name": flags["name"],
        "url": told["CI_SERVER_URL"],
        "token": TOKEN_PLACEHOLDER,
        "executor": told["RUNNER_EXECUTOR"],
    }
    return {**tomllib.loads(data["config.toml"]), "runners": [{**table, **registered}]}


def _rights(role: _Object, binding: _Object) -> dict[str, Any]:
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"]
    return {
        "where": role["metadata"]["namespace"],
        "rules": role["rules"],
        "of": binding["roleRef"],
        "for": binding["subjects"],
    }


def _pod(spec: _Object) -> dict[str, Any]:
    keys = ("securityContext", "terminationGracePeriodSeconds", "serviceAccountName")
    placed = ("nodeSelector", "tolerations", "priorityClassName", "imagePullSecrets", "affinity")
    placed += ("topologySpreadConstraints",)
    assert spec.get("automountServiceAccountToken", True)
    return {key: spec[key] for key in keys} | {key: spec[key] for key in placed if key in spec}


def _container(container: _Object) -> dict[str, Any]:
    keys = ("image", "imagePullPolicy", "resources", "securityContext", "ports")
    stop = container["lifecycle"]["preStop"]["exec"]["command"]
    told = {entry["name"]: entry.get("value") for entry in container.get("env") or ()}
    return {key: container[key] for key in keys} | {
        "environment": {key: told[key] for key in told.keys() - _OF_THE_CHART},
        "runs": container["command"][-2:],
        "leaves GitLab's list": "unregister" in stop,
    }


def _files(container: _Object, volumes: list[_Object]) -> dict[tuple[str, str], Any]:
    """What stands at each path, the token's Secret and its keys among it."""
    sources = {
        one["name"]: {key: value for key, value in one.items() if key != "name"} for one in volumes
    }
    return {
        (mount["mountPath"].rstrip("/"), mount.get("subPath", "")): sources[mount["name"]]
        for mount in container["volumeMounts"]
    }


def _intent(container: _Object) -> dict[str, bool]:
    """What a probe is for: how each packaging asks may differ."""
    live, ready = container["livenessProbe"], container["readinessProbe"]
    asks_gitlab = "check-live" in str(live.get("exec"))
    patience = live["periodSeconds"] * live["failureThreshold"]
    return {
        "a day without GitLab restarts nothing": not asks_gitlab or patience >= _DAY,
        "ready without GitLab": "check-live" not in str(ready.get("exec")),
        "ready is seen within 20 s": ready.get("initialDelaySeconds", 0) <= 10
        and ready["periodSeconds"] <= 10,
    }
