"""Every image that a profile's pods are made of, each with what it is for and its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.profile.delivery import Images
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.jobs.job_pod import job_pod
from wizard.render.runner.chart_values import image_of, values
from wizard.render.runner.config_toml import runner_table
from wizard.render.runner.images import (
    builder_image,
    helper_image,
    manager_image,
    mirrored,
    pause_image,
    service_image,
)

_IN_A_PATCH = "a container that a patch of the job pods names"
_Used = tuple[str, str, str]
"""An image, what it is for, and the namespace that pulls it."""


@dataclass(frozen=True, slots=True)
class ImageUse:
    """One image the profile needs."""

    image: str
    """Where nodes pull it from: the mirror, where there is one."""
    used_for: str
    where: str
    """The namespace of the pods that pull it."""
    source: str
    """Where it originally comes from."""

    @property
    def is_rewritten(self) -> bool:
        return self.image != self.source


def images(profile: Profile) -> list[ImageUse]:
    """Every image the profile needs, each once, the manager's first.

    Read from what is rendered, so `extra_config` and `extra_values` count.
    """
    published = profile.model_copy(update={"images": Images()})
    found: dict[str, _Used] = {}
    for used in _all(published):
        found.setdefault(used[0], used)
    return [
        ImageUse(
            source if used_for == _IN_A_PATCH else mirrored(profile, source),
            used_for,
            where,
            source,
        )
        for source, used_for, where in found.values()
    ]


def _all(profile: Profile) -> Iterator[_Used]:
    for runner in profile.runners:
        for image, used_for in _of_the_manager(profile, runner):
            yield image, used_for, profile.cluster.namespace
    for runner in profile.runners:
        for image, used_for in _of_jobs(profile, runner):
            yield image, used_for, profile.job_namespace(runner)


def _of_the_manager(profile: Profile, runner: Runner) -> Iterator[tuple[str, str]]:
    if not profile.delivery.spec.uses_chart:
        yield manager_image(profile), "the runner manager"
        return
    chart = values(profile, runner)
    yield image_of(chart["image"]), "the runner manager"
    for key in ("initContainers", "extraContainers"):
        for one in chart.get(key) or ():
            if isinstance(one, Mapping) and one.get("image"):
                yield str(one["image"]), "a container of your own beside the manager"


def _of_jobs(profile: Profile, runner: Runner) -> Iterator[tuple[str, str]]:
    table = runner_table(profile, runner)
    kubernetes: Mapping[str, Any] = table["kubernetes"]
    yield helper_image(profile, table), "cloning, caching and uploading in every job"
    yield kubernetes["image"], "jobs that name no image"
    if builder := builder_image(runner):
        yield builder, f"building images ({runner.builds.strategy})"
    if service := service_image(runner):
        yield service, "the service that builds images"
    for service in kubernetes.get("services") or ():
        if service.get("name"):
            yield str(service["name"]), "a service of every job"
    if pause := pause_image(kubernetes):
        yield pause, "pods that keep nodes ready"
    spec = job_pod(profile, runner).body["spec"]
    for container in [*(spec.get("initContainers") or ()), *spec["containers"]]:
        if not container["name"].startswith("svc-"):
            yield container.get("image", ""), _IN_A_PATCH
