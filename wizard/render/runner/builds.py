"""How each build strategy shapes the runner: one entry a strategy, all of it in one place.

The security contexts follow GitLab's own pages ("Use Podman with GitLab Runner on Kubernetes", "Use
Docker to build Docker images", "Build Docker images with BuildKit"), made as narrow as Kubernetes
allows: only the container that builds is loosened. `docs/builds.md` says what nodes must allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.profile.strategies import Strategy

CERTIFICATES = "/certs"
"""Where Docker in Docker makes its certificates; jobs get those of its clients."""
_DOCKER = "docker:29.7.2"


@dataclass(frozen=True, slots=True)
class BuildStrategy:
    """What a strategy brings, besides what its `StrategySpec` says."""

    pipeline: str
    """The example below `assets/pipelines/`."""
    builder: str = ""
    """The image that builds, where the strategy has one."""
    service: str = ""
    """The image of the service that builds, where it is not the job's own container."""
    rootless: bool = False
    """Whether it builds as a normal user, who needs a home on a real file system: an overlay on the
    container's own overlay is refused by the kernel."""
    build: Mapping[str, Any] = field(default_factory=dict)
    """The security context of the build container, in config.toml's words."""
    services: Mapping[str, Any] = field(default_factory=dict)
    """The security context of a job's services: the runner knows one for all of them."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of every job, which its pipeline may overrule."""


STRATEGIES: dict[Strategy, BuildStrategy] = {
    "none": BuildStrategy("none.gitlab-ci.yml"),
    # Google archived Kaniko in June 2025; this is the fork that its community maintains. Its
    # `-debug` image has the shell that a job needs.
    "kaniko": BuildStrategy(
        "kaniko.gitlab-ci.yml", "ghcr.io/osscontainertools/kaniko:v1.28.3-debug"
    ),
    # Buildah's images are behind its releases: 1.43.1 was the newest one published in August 2026
    # (podman-container-tools/buildah#6902).
    "buildah": BuildStrategy(
        "buildah.gitlab-ci.yml",
        "quay.io/buildah/stable:v1.43.1",
        rootless=True,
        # newuidmap wants it; containerd gives it by default, CRI-O does not.
        build={"capabilities": {"add": ["SETFCAP"]}},
    ),
    "buildkit": BuildStrategy(
        "buildkit.gitlab-ci.yml",
        "moby/buildkit:v0.33.0-rootless",
        rootless=True,
        # The default profiles refuse the mounts and user namespaces of a rootless build.
        build={
            "seccomp_profile": {"type": "Unconfined"},
            "app_armor_profile": {"type": "Unconfined"},
        },
    ),
    "podman": BuildStrategy(
        "podman.gitlab-ci.yml",
        "quay.io/podman/stable:v5.8.2",
        rootless=True,
        build={"privileged": True},
    ),
    "dind": BuildStrategy(
        "dind.gitlab-ci.yml",
        f"{_DOCKER}-cli",
        f"{_DOCKER}-dind",
        services={"privileged": True},
        environment={
            # The containers of a pod share one localhost, for which the daemon's certificate is
            # made as well; the name `docker` is there only if the service is called so.
            "DOCKER_HOST": "tcp://localhost:2376",
            "DOCKER_TLS_CERTDIR": CERTIFICATES,
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": f"{CERTIFICATES}/client",
        },
    ),
    "shared-runners": BuildStrategy("shared-runners.gitlab-ci.yml"),
}
