"""How each build strategy shapes the runner: one entry a strategy, all of it in one place."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.profile.runner import Strategy


@dataclass(frozen=True, slots=True)
class BuildStrategy:
    """What a strategy brings, besides the security level that it needs (`LEAST_SECURITY`)."""

    pipeline: str
    """The example below `assets/pipelines/`."""
    builder: str = ""
    """The image that builds, where the strategy has one."""


STRATEGIES: dict[Strategy, BuildStrategy] = {
    "none": BuildStrategy("none.gitlab-ci.yml"),
    # Google archived Kaniko in June 2025; this is the fork that its community maintains. Its
    # `-debug` image has the shell that a job needs.
    "kaniko": BuildStrategy(
        "kaniko.gitlab-ci.yml", "ghcr.io/osscontainertools/kaniko:v1.28.3-debug"
    ),
}
