"""The values with which GitLab's chart makes the same runner as our own manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.objects import without_empty
from wizard.render.runner import authority
from wizard.render.runner.config_toml import (
    METRICS_PORT,
    SHUTDOWN_TIMEOUT,
    jobs_of_each,
    merged,
    template_toml,
)
from wizard.render.runner.images import manager_image, mirrored, named_from_mirrors
from wizard.render.runner.manager import (
    CONTAINER_SECURITY,
    STRATEGY,
    TMP_MOUNT,
    TMP_VOLUME,
    environment,
    placement,
    pod_annotations,
    pod_security,
    pull_policy,
    resources,
)
from wizard.render.runner.rbac import rules
from wizard.render.tables.catalogue import chart_keys
from wizard.render.tables.versions import CHARTS, chart_of

_OWN_SECURITY: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}


def values(profile: Profile, runner: Runner) -> dict[str, Any]:
    """The chart's values for one runner, the profile's `extra_values` over them.

    Nothing that GitLab keeps for a runner is among them (tags, locked, timeout and so on): with a
    runner authentication token the chart drops some of these and fails on others.
    """
    found: dict[str, Any] = {
        "fullnameOverride": runner.release,
        "gitlabUrl": profile.gitlab.url,
        "runners": {
            "name": runner.name,
            "secret": runner.token_secret,
            "jobNamespace": profile.job_namespace(runner),
            "config": helm_text(template_toml(profile, runner)),
        },
        **_process(profile, runner),
        **_pod(profile, runner),
    }
    return _from_mirrors(profile, merged(found, runner.extra_values))


def _chart(profile: Profile) -> str:
    """The chart that reads the values; the newest, where `check` has nothing better to say."""
    known = chart_of(profile.manager.runner_version) or CHARTS[-1]
    return profile.delivery.chart.version or known.version


def helm_text(text: str) -> str:
    """Text that Helm's `tpl` gives back as it is: the chart runs `runners.config` through it."""
    return text.replace("{{", '{{ "{{" }}')


def _process(profile: Profile, runner: Runner) -> dict[str, Any]:
    manager = profile.manager
    return {
        "concurrent": jobs_of_each(profile, runner),
        "checkInterval": manager.check_interval,
        "shutdown_timeout": SHUTDOWN_TIMEOUT,
        "terminationGracePeriodSeconds": manager.drain,
        "unregisterRunners": True,
        "logLevel": manager.log_level,
        "logFormat": manager.log_format,
        "metrics": {"enabled": True, "port": METRICS_PORT},
        # The chart's own check asks GitLab, and counts a quick refusal as a dead manager: after
        # three of them it restarts every manager of every cluster. A manager that ends is
        # restarted without any probe, so this one may wait until GitLab has been away for a day.
        # Charts since 0.94 can say what is meant: none.
        "livenessProbe": {"enabled": False}
        if chart_keys(_chart(profile)).knows("livenessProbe.enabled")
        else {"periodSeconds": 300, "failureThreshold": 288},
        # The chart's own first look comes after a minute.
        "readinessProbe": {"initialDelaySeconds": 10, "periodSeconds": 10},
    }


def _pod(profile: Profile, runner: Runner) -> dict[str, Any]:
    manager = profile.manager
    return {
        "replicas": manager.replicas,
        "strategy": STRATEGY,
        "image": _image(manager_image(profile)),
        "imagePullPolicy": pull_policy(profile),
        "serviceAccount": {"create": True, "name": runner.release},
        "rbac": {"create": True, "clusterWideAccess": False, "rules": rules(profile, runner)},
        "podSecurityContext": pod_security(profile),
        "securityContext": CONTAINER_SECURITY,
        "resources": resources(manager),
        "volumes": [TMP_VOLUME, *authority.manager_volume(profile)],
        "volumeMounts": [TMP_MOUNT, *authority.manager_mount(profile)],
        "deploymentLabels": labels(profile, runner),
        "podLabels": labels(profile, runner),
        **without_empty(
            podAnnotations=pod_annotations(profile, runner), envVars=environment(profile)
        ),
        **placement(profile, runner),
    }


def image_of(written: Mapping[str, Any]) -> str:
    """The manager's image, as the chart puts it together (`gitlab-runner.image`, 0.86.0)."""
    registry = f"{written['registry']}/" if written.get("registry") else ""
    return f"{registry}{written['image']}:{written['tag']}"


def _from_mirrors(profile: Profile, found: dict[str, Any]) -> dict[str, Any]:
    """The values, with images of the user's own from the profile's mirrors as well."""
    found["image"] = _image(mirrored(profile, image_of(found["image"])))
    for key in ("initContainers", "extraContainers"):
        if containers := found.get(key):
            mirrored_ones = (named_from_mirrors(profile, one, "image") for one in containers)
            found[key] = [_as_strict(one) for one in mirrored_ones]
    return found


def _as_strict(container: dict[str, Any]) -> dict[str, Any]:
    """A container of the user's own that fits the managers' namespace, unless it says otherwise."""
    return {**container, "securityContext": container.get("securityContext") or _OWN_SECURITY}


def manager_pod(profile: Profile, runner: Runner) -> dict[str, Any]:
    """The spec of the manager's pod as the chart makes it, as far as Pod Security looks at it."""
    found = values(profile, runner)
    main = {
        "name": "gitlab-runner",
        "image": image_of(found["image"]),
        "securityContext": found["securityContext"],
    }
    return {
        "securityContext": found["podSecurityContext"],
        "initContainers": found.get("initContainers") or [],
        "containers": [main, *(found.get("extraContainers") or [])],
        "volumes": found["volumes"],
    }


def _image(reference: str) -> dict[str, str]:
    name, _, tag = reference.rpartition(":")
    registry, _, path = name.partition("/")
    return {"registry": registry, "image": path, "tag": tag}
