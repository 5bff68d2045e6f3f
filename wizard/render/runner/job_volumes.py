"""The volumes of job pods: the runner mounts each into every container of the pod."""

from __future__ import annotations

import json
from typing import Any

from wizard.core.manifest import Manifest
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.objects import manifest, without_empty
from wizard.render.runner import authority
from wizard.render.runner.builds import CERTIFICATES, STRATEGIES
from wizard.render.runner.security import BUILD_HOME
from wizard.render.tables.catalogue import runner_keys

_DAEMON = "daemon.json"
_PROPAGATION = "runners.kubernetes.volumes.empty_dir.mount_propagation"


def volumes(profile: Profile, runner: Runner) -> dict[str, Any]:
    """`[runners.kubernetes.volumes]`, kind by kind."""
    return without_empty(
        empty_dir=_empty_dirs(profile, runner), config_map=_config_maps(profile, runner)
    )


def docker_daemon(profile: Profile, runner: Runner) -> Manifest | None:
    """Settings of Docker in Docker's daemon, whatever pipeline starts it; None: none needed.

    `mtu` is for Docker's own bridge, `default-network-opts` (Docker 24) for networks that Compose
    and others make.
    """
    mtu = runner.builds.mtu
    if mtu is None:
        return None
    of_networks = {"bridge": {"com.docker.network.driver.mtu": str(mtu)}}
    settings = {"mtu": mtu, "default-network-opts": of_networks}
    return manifest(
        "v1",
        "ConfigMap",
        _daemon_name(runner),
        profile.job_namespace(runner),
        labels(profile, runner),
        data={_DAEMON: json.dumps(settings, indent=2) + "\n"},
    )


def _empty_dirs(profile: Profile, runner: Runner) -> list[dict[str, str]]:
    strategy = STRATEGIES[runner.builds.strategy]
    found: list[dict[str, str]] = []
    if strategy.rootless:
        found.append({"name": "build-home", "mount_path": BUILD_HOME})
    if strategy.service:
        # The clients' key: in memory, never on the node's disk.
        client = f"{CERTIFICATES}/client"
        found.append({"name": "docker-certs", "mount_path": client, "medium": "Memory"})
    if runner_keys(profile.manager.runner_version).knows(_PROPAGATION):
        # Kubernetes' own default; without it the schema of a runner since 19.0 complains of a null.
        return [volume | {"mount_propagation": "None"} for volume in found]
    return found


def _config_maps(profile: Profile, runner: Runner) -> list[dict[str, Any]]:
    found = authority.job_volume(profile)
    if runner.builds.mtu is None:
        return found
    # The name of the volume is that of the ConfigMap.
    file = {"mount_path": f"/etc/docker/{_DAEMON}", "sub_path": _DAEMON, "read_only": True}
    return [*found, {"name": _daemon_name(runner), **file}]


def _daemon_name(runner: Runner) -> str:
    return f"{runner.release}-docker"
