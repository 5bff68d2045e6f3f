"""How each build strategy shapes the runner: one entry a strategy, all of it in one place."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.profile.runner import SecurityLevel, Strategy


@dataclass(frozen=True, slots=True)
class BuildStrategy:
    """What a strategy asks of the runner and its jobs."""

    pipeline: str
    """The example below `assets/pipelines/`."""
    level: SecurityLevel
    """The lowest Pod Security level that its jobs fit, with a runner that can say it all."""
    builder: str = ""
    """The image that builds, where the strategy has one."""


STRATEGIES: dict[Strategy, BuildStrategy] = {
    "none": BuildStrategy("none.gitlab-ci.yml", "restricted"),
    # Kaniko changes file owners and users while it builds, so it is root with the default
    # capabilities; it needs neither privilege nor a device. Google archived it in June 2025; this
    # is the fork that its community maintains. Its `-debug` image has the shell that a job needs.
    "kaniko": BuildStrategy(
        "kaniko.gitlab-ci.yml", "baseline", "ghcr.io/osscontainertools/kaniko:v1.28.3-debug"
    ),
}
