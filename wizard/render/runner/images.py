"""The names of images: the manager's, the helper's, the builders', and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.runner.builds import STRATEGIES

_MANAGER = "registry.gitlab.com/gitlab-org/gitlab-runner"
_HELPER = f"{_MANAGER}/gitlab-runner-helper"
# The helper's tags name architectures as uname does (helpers/container/helperimage, 19.3.0).
_HELPER_ARCHITECTURES = {"amd64": "x86_64"}
_PLAIN_FLAVORS = ("", "alpine")
# What a pause pod is where `autoscaler` names none (autoscaler/pause_pod_manager.go, 19.3.0).
_PAUSE = "registry.k8s.io/pause:3.10"
_DOCKER_HUB = "docker.io"
ARCH_LABEL = "kubernetes.io/arch"
LINUX = {"kubernetes.io/os": "linux"}
"""What all our images are built for: on another node no pod of ours would start."""


def mirrored(profile: Profile, image: str) -> str:
    """The address of an image in the profile's mirrors; the image itself where none covers it.

    A mirror of one registry comes before the one for everything. An image that begins with a
    variable is left to whoever wrote it: no one here knows its registry.
    """
    registry, path = _split(image)
    mirror = profile.images.mirrors.get(registry, profile.images.registry)
    if not mirror or image.startswith((f"{mirror}/", "$")):
        return image
    return f"{mirror}/{path}"


def has_mirrors(profile: Profile) -> bool:
    """Whether any image comes from somewhere else than where it was published."""
    return bool(profile.images.registry or profile.images.mirrors)


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


def helper_image(profile: Profile, table: Mapping[str, Any]) -> str:
    """The helper's image as the runner chooses it, which must be of the runner's very version.

    Args:
        table: the `[[runners]]` table.
    """
    kubernetes = table["kubernetes"]
    if own := kubernetes.get("helper_image"):
        return str(own).replace("${CI_RUNNER_VERSION}", profile.manager.runner_version)
    architecture = kubernetes.get("node_selector", {}).get(ARCH_LABEL, "amd64")
    flavor = kubernetes.get("helper_image_flavor", "")
    prefix = "" if flavor in _PLAIN_FLAVORS else f"{flavor}-"
    suffix = "-pwsh" if table.get("shell") == "pwsh" else ""
    name = _HELPER_ARCHITECTURES.get(architecture, architecture)
    return f"{_HELPER}:{prefix}{name}-v{profile.manager.runner_version}{suffix}"


def architecture_of_helper(image: str) -> str:
    """The architecture that a helper's tag names, as nodes call it; empty where it names none."""
    _, _, tag = image.rpartition(":")
    named = {theirs: ours for ours, theirs in _HELPER_ARCHITECTURES.items()}
    named |= {name: name for name in ("amd64", "arm64", "arm", "s390x", "ppc64le", "riscv64")}
    # `x86_64-v19.3.1`, `alpine3.21-arm64-v19.3.1`: the parts of the tag, one of which is it.
    return next((named[part] for part in tag.split("-") if part in named), "")


def pause_image(kubernetes: Mapping[str, Any]) -> str:
    """The image of the pods that keep nodes ready; empty where there are none."""
    scaler = kubernetes.get("autoscaler")
    return str(scaler.get("pause_pod_image") or _PAUSE) if isinstance(scaler, Mapping) else ""


def from_mirrors(profile: Profile, table: dict[str, Any]) -> dict[str, Any]:
    """A `[[runners]]` table with every image from the profile's mirrors.

    Also those that it does not name, and the runner would choose by itself.
    """
    if not has_mirrors(profile):
        return table
    kubernetes = {**table["kubernetes"]}
    kubernetes["image"] = mirrored(profile, kubernetes["image"])
    helper = helper_image(profile, table)
    if (mirror := mirrored(profile, helper)) != helper:
        kubernetes["helper_image"] = mirror
    if pause := pause_image(kubernetes):
        pods = {**kubernetes["autoscaler"], "pause_pod_image": mirrored(profile, pause)}
        kubernetes["autoscaler"] = pods
    if services := kubernetes.get("services"):
        kubernetes["services"] = [named_from_mirrors(profile, one, "name") for one in services]
    return {**table, "kubernetes": kubernetes}


def named_from_mirrors(profile: Profile, thing: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A mapping that names an image at a key, with that image from the profile's mirrors."""
    return {**thing, key: mirrored(profile, str(thing[key]))} if thing.get(key) else dict(thing)


def job_architecture(profile: Profile, runner: Runner) -> str:
    """The architecture that a runner's jobs run on: as selected, else the nodes' own."""
    return runner.jobs.node_selector.get(ARCH_LABEL, profile.cluster.architectures[0])


_DOCKER_CLIENT = re.compile(r"(?P<name>(?:.*/)?docker):(?P<version>\d[\w.]*)(?:-cli)?")


def service_image(runner: Runner) -> str:
    """The image of the service that builds images; empty where there is none.

    Docker's daemon follows its client, where `builds.image` names another one of Docker's own: a
    daemon refuses clients that are much older, and older clients a newer daemon.
    """
    service = STRATEGIES[runner.builds.strategy].service
    own = _DOCKER_CLIENT.fullmatch(runner.builds.image or "")
    return f"{own['name']}:{own['version']}-dind" if service and own else service


def builder_image(runner: Runner) -> str:
    """The image that builds images in this runner's jobs; empty where none does."""
    return runner.builds.image or STRATEGIES[runner.builds.strategy].builder
