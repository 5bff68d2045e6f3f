"""Whether what Helm has installed is what the values in the files make of GitLab's chart."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from wizard.core.manifest import ObjectRef
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.runner.chart_values import image_of, values
from wizard.render.runner.config_toml import template_toml
from wizard.systems.kubernetes import Cluster, Json

_GLOBALS = {
    "concurrent": "concurrent",
    "check_interval": "checkInterval",
    "log_level": "logLevel",
    "log_format": "logFormat",
    "shutdown_timeout": "shutdown_timeout",
}
"""Keys of the config.toml that the chart writes, and the values it writes there (0.86.0)."""


def unlike(profile: Profile, runner: Runner, cluster: Cluster) -> str:
    """What of a runner's release is not what its values say, in words; empty where nothing shows.

    A release does not say what it was made of, so what the chart makes is looked at: the manager's
    image, and its configuration. Blocking. Raises: NotAllowedError.
    """
    namespace, release = profile.cluster.namespace, runner.release
    wanted = values(profile, runner)
    deployment = cluster.get(ObjectRef("apps/v1", "Deployment", namespace, release)) or {}
    image = image_of(wanted["image"])
    if image not in _images(deployment):
        return f"its image is not {image}"
    config = cluster.get(ObjectRef("v1", "ConfigMap", namespace, release)) or {}
    data = config.get("data") or {}
    template = data.get("config.template.toml")
    if template is not None and template.strip() != template_toml(profile, runner).strip():
        return "its config.template.toml is not that of the values"
    different = _globals(data.get("config.toml", ""), wanted)
    return f"its {different} is not that of the values" if different else ""


def _images(deployment: Json) -> list[str]:
    spec = ((deployment.get("spec") or {}).get("template") or {}).get("spec") or {}
    return [str(one.get("image", "")) for one in spec.get("containers") or ()]


def _globals(text: str, wanted: Mapping[str, Any]) -> str:
    """The first key that is there and is another."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ""
    return next(
        (key for key, value in _GLOBALS.items() if key in found and found[key] != wanted[value]),
        "",
    )
