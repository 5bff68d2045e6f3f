"""What is wrong with the `[[runners]]` tables: the jobs' side of a set-up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.findings import Finding
from wizard.core.problems import key_path
from wizard.operations.importing.ignored import ignored
from wizard.operations.importing.setup import Setup, Values, entries, section
from wizard.render.catalogue import Catalogue, runner_keys

ARCHIVED = re.compile(r"\S*gcr\.io/kaniko-project/executor(?::\S+)?")
"""Kaniko's images from before it was archived."""


def table_findings(setup: Setup) -> Iterator[Finding]:
    """Every finding about every table."""
    yield from _one_limit_for_all(setup)
    for index, table in enumerate(setup.tables):
        for check in _CHECKS:
            yield from check(setup, index, table)


def _one_limit_for_all(setup: Setup) -> Iterator[Finding]:
    together = setup.values.get("concurrent") or setup.config.get("concurrent")
    if len(setup.tables) > 1 and together:
        yield Finding(
            f"{len(setup.tables)} tables shared {together} jobs at once",
            setup.at_top("concurrent"),
            "in the profile each is a runner with a manager of its own, so their numbers add up",
            "lower jobs.concurrent where that is more than the nodes can take",
        )


def runner_table_keys(setup: Setup) -> Catalogue:
    """The keys that the set-up's runner knows."""
    return runner_keys(setup.runner_version)


def _ignored_keys(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    if _executor(table) != "kubernetes":
        return  # what its own keys are is not known here
    keys = runner_table_keys(setup)
    for complaint in keys.complaints(table, "runners"):
        path = tuple(str(part) for part in complaint.path)
        name = key_path(complaint.path)
        yield ignored(keys, name, setup.in_table(index, *path), complaint)


def _other_executor(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    executor = _executor(table)
    if executor != "kubernetes":
        yield Finding(
            f"the executor is {executor}, not kubernetes",
            setup.in_table(index, "executor"),
            "its own settings mean nothing to pods",
            "compare the profile's jobs with what the jobs had",
        )


def _token_in_table(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    if table.get("token"):
        yield Finding(
            "the runner's token stands in the file",
            setup.in_table(index, "token"),
            "whoever reads the file can take jobs in its place",
            "it was not copied; the wizard makes a runner of its own: delete the old one in GitLab",
        )


def _pinned_helper(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    image = section(table, "kubernetes").get("helper_image")
    if image:
        yield Finding(
            f"the helper image is pinned to {image}",
            setup.in_table(index, "kubernetes", "helper_image"),
            "it must have the runner's own version and the nodes' architecture; pinned, it fits "
            "neither after the next upgrade",
            "the profile leaves it to the runner; for a mirror write images.mirrors",
        )


def _jobs_as_manager(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    account = section(table, "kubernetes").get("service_account")
    if account and account == setup.manager_account:
        yield Finding(
            "jobs run on the manager's ServiceAccount",
            setup.in_table(index, "kubernetes", "service_account"),
            "every job gets its token, and with it may read Secrets: the runner's token, and the "
            "credentials of other jobs",
            "the profile gives jobs an account of their own, without rights and without a token",
        )


def _jobs_beside_manager(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    manager, jobs = setup.namespaces(table)
    if setup.values and manager == jobs:
        yield Finding(
            "jobs run in the manager's namespace",
            setup.in_table(index, "kubernetes", "namespace"),
            "what may make pods for jobs there can mount the manager's Secrets into them",
            "the profile gives jobs a namespace of their own",
        )


def _privileged(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    kubernetes = section(table, "kubernetes")
    if kubernetes.get("privileged"):
        yield Finding(
            "every job is privileged",
            setup.in_table(index, "kubernetes", "privileged"),
            "any job can take over its node",
            "the profile takes it for Docker in Docker; write builds: none if no job needs that",
        )
        return
    for kind, volumes in section(kubernetes, "volumes").items():
        for volume in entries(volumes):
            if is_for_docker(volume):
                yield Finding(
                    f"the volume {volume.get('name')} is for Docker in Docker, which cannot run",
                    setup.in_table(index, "kubernetes", "volumes", kind),
                    "only Docker in Docker reads it, and that needs privileged = true",
                    "the profile leaves it out; to build images choose another way in `builds`",
                )


def is_for_docker(volume: Any) -> bool:
    """Whether a volume of jobs holds the certificates of Docker in Docker."""
    path = volume.get("mount_path") if isinstance(volume, Mapping) else ""
    return str(path).startswith("/certs")


def _archived_builder(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    for key in ("image", "allowed_images"):
        if found := ARCHIVED.search(" ".join(_texts(section(table, "kubernetes").get(key)))):
            shell = "" if "debug" in found[0] else "; this image has no shell to run a script with"
            yield Finding(
                f"the builder {found[0]} is archived",
                setup.in_table(index, "kubernetes", key),
                f"Google archived Kaniko in June 2025{shell}",
                "the profile says builds: kaniko and means its fork; docs/builds.md has more",
            )


def _executor(table: Values) -> str:
    return str(table.get("executor") or "kubernetes")


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value or "")]


def _unlike_the_first(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    """What one profile says once for all its runners."""
    if index == 0:
        return
    for what, key in _SAID_ONCE:
        first, own = (_at(one, key) for one in (setup.tables[0], table))
        if own and own != first:
            yield Finding(
                f"the tables differ in {what}: {own} here, {first or 'none'} in the first",
                setup.in_table(index, *key),
                "a profile says it once, for all its runners",
                "the first table's was taken; give this runner a profile of its own",
            )


_SAID_ONCE = (
    ("the GitLab they work for", ("url",)),
    ("the namespace of their jobs", ("kubernetes", "namespace")),
    ("their pull policy", ("kubernetes", "pull_policy")),
)


def _at(table: Values, key: tuple[str, ...]) -> str:
    value: Any = table
    for part in key:
        value = value.get(part) if isinstance(value, Mapping) else None
    return ", ".join(_texts(value)).rstrip("/")


_CHECKS = (
    _ignored_keys,
    _unlike_the_first,
    _other_executor,
    _token_in_table,
    _pinned_helper,
    _jobs_as_manager,
    _jobs_beside_manager,
    _privileged,
    _archived_builder,
)
