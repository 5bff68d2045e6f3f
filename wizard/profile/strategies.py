"""How jobs can build container images, declared once: one spec for each strategy.

How a strategy shapes the runner is in `render/runner/builds.py`, and how it compares with the
others in `operations/preview/strategies.py`; all else that depends on the choice reads its
`StrategySpec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Strategy = Literal["none", "kaniko", "buildah", "buildkit", "podman", "dind", "shared-runners"]
SecurityLevel = Literal["restricted", "baseline", "privileged"]


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """One way to build images.

    Args:
        name: in the profile, as `builds.strategy`.
        about: what it is, where the profile's choices are explained.
        level: the strictest Pod Security level that admits its job pods (Kubernetes 1.32).
        builds_here: whether images are built in this runner's pods.
        has_daemon: whether a daemon builds, in a service container with a network of its own.
        hosted: whether GitLab's hosted runners build, which only gitlab.com has.
    """

    name: Strategy
    about: str
    level: SecurityLevel
    builds_here: bool = True
    has_daemon: bool = False
    hosted: bool = False


STRATEGIES: Mapping[Strategy, StrategySpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            StrategySpec(
                "none", "they build none; the strictest security", "restricted", builds_here=False
            ),
            StrategySpec(
                "kaniko",
                "root in the container, no privilege; a community fork keeps it alive",
                "baseline",  # root in the container, with the default capabilities
            ),
            StrategySpec(
                "buildah", "rootless, no daemon; the node must allow user namespaces", "baseline"
            ),
            StrategySpec(
                "buildkit",
                "rootless and fast; needs seccomp and AppArmor unconfined",
                "privileged",  # no container is, but seccomp and AppArmor are unconfined
            ),
            StrategySpec(
                "podman", "the Docker commands without a daemon; privileged", "privileged"
            ),
            StrategySpec(
                "dind",
                "Docker in Docker with TLS; privileged, for Compose and Testcontainers",
                "privileged",
                has_daemon=True,
            ),
            StrategySpec(
                "shared-runners",
                "left to GitLab's own hosted runners",
                "restricted",
                builds_here=False,
                hosted=True,
            ),
        )
    }
)
"""In the order in which they are offered."""
