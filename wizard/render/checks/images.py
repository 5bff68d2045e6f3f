"""What is wrong with where a profile's images come from."""

from __future__ import annotations

import re

from wizard.core.problems import Problems
from wizard.profile.delivery import Chart
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.mirrors.image_list import images
from wizard.render.runner.images import (
    builder_image,
    has_mirrors,
    manager_image,
    mirrored,
    service_image,
)

_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_BEYOND_US = frozenset("[{\\")


def check_mirror(profile: Profile, problems: Problems, *, uses_chart: bool) -> None:
    """Warn of what still comes from elsewhere although every image has a mirror."""
    ours = Chart.model_fields["repository"].default
    chart = profile.delivery.chart.repository
    if profile.images.registry and uses_chart and chart == ours:
        problems.at("delivery", "chart", "repository").warn(
            f"images come from a mirror, and GitLab's chart still from {chart}",
            "name your copy of it",
        )


def check_listed(profile: Profile, problems: Problems) -> None:
    """Warn of images that no mirror can be written for: only whoever named them knows where to."""
    mirrors = tuple(
        f"{one}/" for one in (profile.images.registry, *profile.images.mirrors.values())
    )
    for use in images(profile) if profile.images.registry else ():
        if not use.image.startswith(mirrors):
            problems.at("images", "registry").warn(
                f"{use.image}, {use.used_for}, does not come from it",
                "name the mirror where the image is written in extra_config or extra_values",
            )


def check_images(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    """Warn of images that one runner could not pull, or that its jobs may not use."""
    _check_pull_secrets(profile, index, runner, problems)
    service = service_image(runner)
    for key, patterns, image in (
        ("allowed_images", runner.jobs.allowed_images, builder_image(runner)),
        ("allowed_services", runner.jobs.allowed_services, service),
    ):
        name = mirrored(profile, image)
        if image and patterns and not any(_matches(pattern, name) for pattern in patterns):
            problems.at("runners", index, "jobs", key).warn(
                f"no pattern allows {name}, with which the jobs build images", f"add {name}"
            )


def _check_pull_secrets(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    managers, jobs = profile.manager.image_pull_secrets, runner.jobs.image_pull_secrets
    if not has_mirrors(profile) or bool(managers) == bool(jobs):
        return
    if managers:
        problems.at("runners", index, "jobs", "image_pull_secrets").warn(
            "the manager has a Secret to pull its image with, and the jobs have none",
            "name one of the job namespace, if the mirror wants to know who pulls",
        )
    elif mirrored(profile, manager_image(profile)) != manager_image(profile):
        problems.at("manager", "image_pull_secrets").warn(
            f"jobs of {runner.name} have a Secret to pull images with, and the manager has none",
            "name one of the manager's namespace, if the mirror wants to know who pulls",
        )


def _matches(pattern: str, image: str) -> bool:
    """Whether the runner takes an image for allowed; in doubt it does.

    It asks github.com/bmatcuk/doublestar (`common/allowed_images.go`, 19.3.0), whose classes and
    alternatives are left to it.
    """
    if _BEYOND_US & set(pattern):
        return True
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return bool(re.fullmatch("".join(_WILD.get(part, re.escape(part)) for part in parts), image))
