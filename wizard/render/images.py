"""Every image: the manager's, the helper's, the jobs', the builders', and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.builds import STRATEGIES

_MANAGER = "registry.gitlab.com/gitlab-org/gitlab-runner"
_HELPER = f"{_MANAGER}/gitlab-runner-helper"
# The helper's tags name architectures as uname does (helpers/container/helperimage, 19.3.0).
_HELPER_ARCHITECTURES = {"amd64": "x86_64"}
_DOCKER_HUB = "docker.io"
ARCH_LABEL = "kubernetes.io/arch"


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


def mirrored(profile: Profile, image: str) -> str:
    """The address of an image in the profile's mirrors; the image itself where none covers it.

    A mirror of one registry comes before the one for everything.
    """
    registry, path = _split(image)
    mirror = profile.images.mirrors.get(registry, profile.images.registry)
    return f"{mirror}/{path}" if mirror and not image.startswith(f"{mirror}/") else image


def full_name(image: str) -> str:
    """An image with its registry, whatever its author left out: docker.io/library/alpine:3.22."""
    registry, path = _split(image)
    return f"{registry}/{path}"


def _split(image: str) -> tuple[str, str]:
    """Registry and path, as container runtimes complete short names."""
    first, slash, rest = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return _DOCKER_HUB, image if slash else f"library/{image}"


def manager_image(profile: Profile) -> str:
    """The runner manager's image, by flavour and version."""
    manager = profile.manager
    return f"{_MANAGER}:{manager.flavor}-v{manager.runner_version}"


def helper_image(profile: Profile, architecture: str) -> str:
    """The helper's image, which must be of the runner's very version."""
    name = _HELPER_ARCHITECTURES.get(architecture, architecture)
    return f"{_HELPER}:{name}-v{profile.manager.runner_version}"


def job_architecture(profile: Profile, runner: Runner) -> str:
    """The architecture that a runner's jobs run on: as selected, else the nodes' own."""
    return runner.jobs.node_selector.get(ARCH_LABEL, profile.cluster.architectures[0])


def builder_image(runner: Runner) -> str:
    """The image that builds images in this runner's jobs; empty where none does."""
    return runner.builds.image or STRATEGIES[runner.builds.strategy].builder


def images(profile: Profile) -> list[ImageUse]:
    """Every image the profile needs, each once, the manager's first."""
    jobs = profile.cluster.job_namespace
    found: dict[str, tuple[str, str]] = {
        manager_image(profile): ("the runner manager", profile.cluster.namespace)
    }
    for runner in profile.runners:
        helper = helper_image(profile, job_architecture(profile, runner))
        found.setdefault(helper, ("cloning, caching and uploading in every job", jobs))
        found.setdefault(runner.jobs.image, ("jobs that name no image", jobs))
        if builder := builder_image(runner):
            found.setdefault(builder, (f"building images ({runner.builds.strategy})", jobs))
        if service := STRATEGIES[runner.builds.strategy].service:
            found.setdefault(service, ("the service that builds images", jobs))
    return [
        ImageUse(mirrored(profile, source), used_for, where, source)
        for source, (used_for, where) in found.items()
    ]
