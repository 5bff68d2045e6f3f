"""How jobs build images today, and which of the wizard's strategies that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.core.problems import Key
from wizard.importing.ledger import Fate
from wizard.importing.release import Release, entries, section, texts
from wizard.importing.view import View
from wizard.profile.strategies import Strategy
from wizard.render.runner.builds import STRATEGIES

ARCHIVED = re.compile(r"\S*gcr\.io/kaniko-project/executor(?::\S+)?")
"""Kaniko's images from before it was archived."""
_DOCKER_IMAGE = re.compile(r"(?:^|/)docker(?::|$)")
SOCKET = "/var/run/docker.sock"
DOCKER_VARIABLES = ("DOCKER_HOST", "DOCKER_TLS_CERTDIR", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


def is_for_docker(volume: Any) -> bool:
    """Whether a volume of jobs holds the certificates of Docker in Docker."""
    path = volume.get("mount_path") if isinstance(volume, Mapping) else ""
    return str(path).startswith("/certs")


def variables(table: View) -> dict[str, str]:
    """The jobs' variables that the table sets."""
    pairs = (text.partition("=") for text in texts(table.get("environment")))
    return {name: value for name, _, value in pairs}


def mounts_socket(table: View) -> bool:
    return any(_is_socket(one) for one in entries(table.get("kubernetes", "volumes", "host_path")))


def _is_socket(volume: Any) -> bool:
    paths = (
        [str(volume.get(key)) for key in ("host_path", "mount_path")]
        if isinstance(volume, Mapping)
        else []
    )
    return any(path.endswith("docker.sock") for path in paths)


def strategy_of(table: View, of_pipelines: str) -> Strategy:
    """The build strategy that a table's jobs use, as far as the files say it."""
    kubernetes = table.section("kubernetes")
    images = f"{kubernetes.get('image')} {kubernetes.get('allowed_images')}"
    if may_run_docker(table) and (
        of_pipelines == "dind" or (uses_docker(table) and not mounts_socket(table))
    ):
        return "dind"
    if "kaniko" in images or (
        of_pipelines == "kaniko" and kubernetes.get("privileged") is not True
    ):
        return "kaniko"
    return "none"


SERVICES_CONTEXT: Key = ("kubernetes", "service_container_security_context", "privileged")


def may_run_docker(table: View) -> bool:
    """Whether the services of jobs are privileged, as Docker in Docker must be."""
    return any(table.get(*key) is True for key in (("kubernetes", "privileged"), SERVICES_CONTEXT))


def uses_docker(table: View) -> bool:
    """Whether anything says that jobs use Docker in Docker."""
    kubernetes = table.section("kubernetes")
    images = [str(kubernetes.get("image") or "")]
    images += [
        str(section({"s": one}, "s").get("name")) for one in entries(kubernetes.get("services"))
    ]
    volumes = section(kubernetes, "volumes")
    paths = str([one for found in volumes.values() for one in entries(found)])
    return (
        any(_DOCKER_IMAGE.search(image) for image in images)
        or bool(set(DOCKER_VARIABLES) & variables(table).keys())
        or "/certs" in paths
        or "/var/lib/docker" in paths
    )


def maintained(value: Any) -> Any:
    """The value with the builder that we know in the place of the archived one."""
    if isinstance(value, list):
        return [maintained(one) for one in value]
    archived = isinstance(value, str) and ARCHIVED.fullmatch(value)
    return STRATEGIES["kaniko"].builder if archived else value


def leave_docker(release: Release, table: View, strategy: Strategy) -> None:
    """Leave out what Docker in Docker needs: the strategy writes it, or nobody can use it."""
    for kind, found in table.section("kubernetes", "volumes").items():
        for index, volume in enumerate(entries(found)):
            if not is_for_docker(volume):
                continue
            key = ("kubernetes", "volumes", kind, index)
            if strategy == "dind":
                table.note(key, Fate.CARRIED, "runners[].builds: dind", ())
            elif not may_run_docker(table):
                table.note(key, Fate.LEFT, "only Docker in Docker reads it", told=True)
                release.report.tidy(
                    f"the volume {volume.get('name')} is for Docker in Docker, which cannot run",
                    table.at(*key),
                    "only Docker in Docker reads it, and that needs privileged = true",
                    "Choose another way to build images: runners[].builds",
                )
    if strategy == "dind":
        table.note(SERVICES_CONTEXT, Fate.CARRIED, "runners[].builds: dind", ())
        _leave_variables(release, table)


def _leave_variables(release: Release, table: View) -> None:
    said = variables(table)
    ours = [name for name in DOCKER_VARIABLES if name in said]
    for index, text in enumerate(texts(table.get("environment"))):
        if text.partition("=")[0] in DOCKER_VARIABLES:
            table.note(("environment", index), Fate.LEFT, "builds: dind writes it", told=True)
    plain = said.get("DOCKER_TLS_CERTDIR") == "" or ":2375" in said.get("DOCKER_HOST", "")
    if plain:
        release.report.opens(
            "Docker in Docker runs without TLS",
            table.at("environment"),
            "anything that reaches port 2375 of a job pod gets a privileged Docker daemon",
            "Write tcp://localhost:2376 in jobs that set DOCKER_HOST themselves: "
            "builds: dind uses TLS",
        )
    if ours:
        release.report.surprises(
            f"builds: dind sets {', '.join(ours)} itself",
            table.at("environment"),
            "with both, client and daemon disagree and every build fails",
            "Nothing to do: they were left out, and builds: dind uses "
            "DOCKER_HOST=tcp://localhost:2376 with TLS",
        )
