"""Rules about how a runner's jobs build images, each with the way out."""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlsplit

from wizard.core.problems import Problems
from wizard.core.units import parse_quantity
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.profile.strategies import SecurityLevel

_ENOUGH_FOR_DOCKER = 2 * 1024**3  # bytes


def check_builds(profile: Profile, runner: Runner, index: int, problems: Problems) -> None:
    """Add what is wrong with `builds` of one runner, and with what it asks of the jobs."""
    _check_options(runner, index, problems)
    _check_level(runner, index, problems)
    if runner.builds.spec.has_daemon:
        _check_memory(runner, index, problems)
    elsewhere = urlsplit(profile.gitlab.url).hostname != "gitlab.com"
    if runner.builds.spec.hosted and elsewhere:
        problems.at("runners", index, "builds").warn(
            "only gitlab.com has hosted runners",
            "change the tags in the example pipeline, or choose another way to build",
        )


def _check_options(runner: Runner, index: int, problems: Problems) -> None:
    builds = runner.builds
    if builds.image and not builds.spec.builds_here:
        problems.at("runners", index, "builds", "image").add(
            f"this runner builds no images with {builds.strategy}, so it needs no builder",
            "remove it, or choose a strategy",
        )
    if builds.mtu and not builds.spec.has_daemon:
        problems.at("runners", index, "builds", "mtu").add(
            "only Docker in Docker has a network of its own", "remove it"
        )


def _check_level(runner: Runner, index: int, problems: Problems) -> None:
    strategy, wanted = runner.builds.strategy, runner.jobs.pod_security
    least = runner.builds.spec.level
    if least == "privileged":
        problems.at("runners", index, "builds").warn(
            f"{strategy} makes the whole job namespace privileged: any job in it can take the node",
            "give this runner nodes of its own, with jobs.node_selector and jobs.tolerations",
        )
    levels = get_args(SecurityLevel)
    if wanted != "auto" and levels.index(wanted) < levels.index(least):
        problems.at("runners", index, "jobs", "pod_security").add(
            f"{strategy} does not run under {wanted}; it needs {least}",
            f"write auto, and the job namespace becomes {least}; or choose another way to build",
        )


def _check_memory(runner: Runner, index: int, problems: Problems) -> None:
    limit = runner.jobs.services.memory.limit
    if limit and parse_quantity(limit) < _ENOUGH_FOR_DOCKER:
        problems.at("runners", index, "jobs", "services", "memory").warn(
            f"images are built in the service's container, which may use {limit}",
            "write {limit: 4Gi}, or what your builds need",
        )
