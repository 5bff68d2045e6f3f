"""How jobs build images, and what that opens: the Docker socket, privilege, archived tools."""

from __future__ import annotations

from wizard.importing.release import Release, entries, section, texts
from wizard.importing.translate.builds import (
    ARCHIVED,
    SERVICES_CONTEXT,
    may_run_docker,
    mounts_socket,
    strategy_of,
    uses_docker,
)
from wizard.importing.translate.levels import needs_privileged
from wizard.importing.view import View


def tell_builds(release: Release, table: View) -> None:
    """Every finding about how the jobs of a table build images."""
    _open_node(release, table)
    _archived(release, table)
    _privileged_services(release, table)


def _open_node(release: Release, table: View) -> None:
    if mounts_socket(table):
        release.report.opens(
            "jobs mount the Docker socket of their node",
            table.at("kubernetes", "volumes", "host_path"),
            "through it, any job is root on its node; and most nodes run containerd "
            "and have no such socket, so the pod does not start or docker finds no "
            "daemon",
            "Choose a way to build images (runners[].builds), and remove the volume "
            "from extra_config",
        )
    docker = strategy_of(table, "") == "dind"
    for key, what in needs_privileged(table):
        if key == ("kubernetes", "privileged"):
            fix = (
                "Write jobs.pod_security: privileged if the jobs themselves need it: with "
                "builds: dind, only their services are privileged"
                if docker
                else "Write jobs.pod_security: baseline if no job needs it: the profile keeps "
                "privileged"
            )
            release.report.opens(
                "every job is privileged", table.at(*key), "any job can take over its node", fix
            )
        elif docker and key == SERVICES_CONTEXT:
            release.report.opens(
                f"jobs have {what}",
                table.at(*key),
                "with it, a job can take over its node, or comes close",
                "Nothing to do, if jobs need Docker in Docker: builds: dind has them too",
            )
        elif not (key[-1] == "host_path" and mounts_socket(table)):
            release.report.opens(
                f"jobs have {what}",
                table.at(*key),
                "with it, a job can take over its node, or comes close",
                "Remove it from extra_config if no job needs it: the profile keeps it, in "
                "a job namespace that admits privileged pods",
            )


def _archived(release: Release, table: View) -> None:
    for key in ("image", "allowed_images"):
        if found := ARCHIVED.search(" ".join(texts(table.get("kubernetes", key)))):
            shell = "" if "debug" in found[0] else "; this image has no shell to run a script with"
            release.report.breaks(
                f"the builder {found[0]} is archived",
                table.at("kubernetes", key),
                f"Google archived Kaniko in June 2025{shell}",
                "Use the image of the profile's builds: kaniko, a maintained fork; "
                "docs/builds.md has more",
            )


def _privileged_services(release: Release, table: View) -> None:
    """Docker in Docker that may not run."""
    services = [
        str(section({"s": one}, "s").get("name"))
        for one in entries(table.get("kubernetes", "services"))
    ]
    dind = next((one for one in services if "dind" in one), "")
    if dind and not may_run_docker(table) and uses_docker(table):
        release.report.breaks(
            f"the service {dind} cannot run",
            table.at("kubernetes", "services"),
            "Docker in Docker needs a privileged container, and privileged is not true",
            "Write builds: dind, or another way to build",
        )
