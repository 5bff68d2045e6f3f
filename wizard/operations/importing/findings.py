"""What is wrong with a hand-made set-up, as far as its file shows: each with evidence and fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wizard.core.findings import Finding
from wizard.core.problems import key_path
from wizard.operations.importing.rights import check_rights
from wizard.operations.importing.setup import Setup, Values
from wizard.render.catalogue import Catalogue, chart_keys, runner_keys, version_key
from wizard.render.versions import CHARTS, OLDEST_RUNNER, runner_of

_USERS = {"alpine": (100, 65533), "ubuntu": (999, 999)}
_RELOADERS = ("reloader.stakater.com/", "secret.reloader.")
_ARCHIVED = re.compile(r"\S*gcr\.io/kaniko-project/executor(?::\S+?)?(?=[\s\"',\]]|$)")
_IN_GITLAB = ("tags", "locked", "runUntagged", "protected", "maximumTimeout")


def findings(setup: Setup) -> list[Finding]:
    """Every finding, those about the chart and the manager first."""
    found = list(setup.found)
    if setup.values:
        for check in _OF_VALUES:
            found += check(setup)
    for index, table in enumerate(setup.tables):
        for look in _OF_TABLES:
            found += look(setup, index, table)
    return found


def manager_account(setup: Setup) -> str:
    """The manager's ServiceAccount, as the chart names it."""
    values = setup.values
    account = _map(values, "serviceAccount").get("name")
    older = _map(values, "rbac").get("serviceAccountName")
    return str(account or older or values.get("fullnameOverride") or setup.release)


def namespaces(setup: Setup, table: Values) -> tuple[str, str]:
    """Of managers and of jobs; empty where the file does not say."""
    manager = str(setup.values.get("namespace") or setup.namespace)
    runners = _map(setup.values, "runners")
    wanted = _map(table, "kubernetes").get("namespace") or runners.get("namespace")
    return manager, str(wanted or runners.get("jobNamespace") or manager)


def runner_version(setup: Setup) -> str:
    """The runner's version that the set-up runs, as near as it is known."""
    newest = CHARTS[-1].runner
    if not setup.chart:
        return newest
    if version_key(setup.chart) < version_key(CHARTS[0].version):
        return OLDEST_RUNNER
    return runner_of(setup.chart) or newest


# Of the chart's values


def _old_chart(setup: Setup) -> Iterator[Finding]:
    if setup.chart and version_key(setup.chart) < version_key(CHARTS[0].version):
        yield Finding(
            f"chart {setup.chart} is old",
            f"{setup.name}: chart {setup.chart}",
            f"charts before {CHARTS[0].version} give the manager no rights where jobs have a "
            "namespace of their own, and bring a runner of one major version ago or more",
            f"the profile takes chart {CHARTS[-1].version} or what manager.runner_version asks for",
        )


def _ignored_values(setup: Setup) -> Iterator[Finding]:
    keys = chart_keys(setup.chart or CHARTS[-1].version)
    for complaint in keys.complaints(setup.values):
        yield _ignored(keys, key_path(complaint.path), setup.at(*complaint.path), complaint)


def _wrong_user(setup: Setup) -> Iterator[Finding]:
    tag = str(_map(setup.values, "image").get("tag") or "alpine")
    # A bare version is the Ubuntu image (scripts/pusher/runner-images.json, 19.3.0).
    flavor = "ubuntu" if re.match(r"ubuntu|v?\d", tag) else "alpine"
    user, group = _USERS[flavor]
    for context in ("podSecurityContext", "securityContext"):
        given = _map(setup.values, context).get("runAsUser")
        if given is not None and given != user:
            yield Finding(
                f"the manager runs as user {given}, which its image does not know",
                setup.at(context, "runAsUser"),
                f"the {flavor} image's own user is {user}:{group}; another has no home there, so "
                "the runner looks for its configuration in / and may not write it",
                "the profile lets the image decide: nothing to do, and no init container",
            )
            return


def _token_in_values(setup: Setup) -> Iterator[Finding]:
    if setup.values.get("runnerToken"):
        yield Finding(
            "the runner's token stands in the values",
            setup.at("runnerToken"),
            "whoever reads the file, or the release's Secret, can take jobs in its place",
            "it was not copied; the wizard makes a runner of its own: delete the old one in GitLab",
        )
    if setup.values.get("runnerRegistrationToken"):
        yield Finding(
            "the runner registers with a registration token",
            setup.at("runnerRegistrationToken"),
            "GitLab deprecated them; they are off by default since 17.0",
            "it was not copied; the wizard makes the runner itself: revoke the token in GitLab",
        )


def _never_restarted(setup: Setup) -> Iterator[Finding]:
    if not _map(setup.values, "runners").get("secret"):
        return
    annotations = str(setup.values.get("podAnnotations")) + str(
        setup.values.get("deploymentAnnotations")
    )
    if not any(reloader in annotations for reloader in _RELOADERS):
        yield Finding(
            "a rotated token does not reach the manager",
            setup.at("runners", "secret"),
            "the manager reads its Secret once, when it starts; the chart's checksum/secrets is "
            "that of an empty text, so it never changes",
            "runner-wizard rotate restarts the manager once the new token is in the cluster",
        )


def _kept_in_gitlab(setup: Setup) -> Iterator[Finding]:
    runners = _map(setup.values, "runners")
    for key in _IN_GITLAB:
        if runners.get(key) not in (None, "", False):
            fatal = key == "maximumTimeout"
            yield Finding(
                f"runners.{key} {'stops' if fatal else 'does nothing for'} a runner with an "
                "authentication token",
                setup.at("runners", key),
                "GitLab keeps it for the runner since registration tokens are gone",
                "it stands in the runner's own entry of the profile, and apply sets it in GitLab",
            )


def _autoscaler(setup: Setup) -> Iterator[Finding]:
    if setup.values.get("hpa"):
        yield Finding(
            "the autoscaler has nothing to go by",
            setup.at("hpa"),
            "a runner tells no length of a queue, and each more replica takes `concurrent` jobs more",
            "raise jobs.concurrent; pods of jobs come and go by themselves",
        )


# Of each [[runners]] table


def _ignored_keys(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    keys = runner_keys(runner_version(setup))
    for complaint in keys.complaints(table, "runners"):
        path = tuple(str(part) for part in complaint.path)
        name = key_path(complaint.path)
        yield _ignored(keys, name, setup.in_table(index, *path), complaint)


def _other_executor(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    executor = table.get("executor", "kubernetes")
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
    image = _map(table, "kubernetes").get("helper_image")
    if image:
        yield Finding(
            f"the helper image is pinned to {image}",
            setup.in_table(index, "kubernetes", "helper_image"),
            "it must have the runner's own version and the nodes' architecture; pinned, it fits "
            "neither after the next upgrade",
            "the profile leaves it to the runner; for a mirror write images.mirrors",
        )


def _jobs_as_manager(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    account = _map(table, "kubernetes").get("service_account")
    if account and account == manager_account(setup):
        yield Finding(
            "jobs run on the manager's ServiceAccount",
            setup.in_table(index, "kubernetes", "service_account"),
            "every job gets its token, and with it may read Secrets: the runner's token, and the "
            "credentials of other jobs",
            "the profile gives jobs an account of their own, without rights and without a token",
        )


def _jobs_beside_manager(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    manager, jobs = namespaces(setup, table)
    if setup.values and manager == jobs:
        yield Finding(
            "jobs run in the manager's namespace",
            setup.in_table(index, "kubernetes", "namespace"),
            "what may make pods for jobs there can mount the manager's Secrets into them",
            "the profile gives jobs a namespace of their own",
        )


def _privileged(setup: Setup, index: int, table: Values) -> Iterator[Finding]:
    kubernetes = _map(table, "kubernetes")
    if kubernetes.get("privileged"):
        yield Finding(
            "every job is privileged",
            setup.in_table(index, "kubernetes", "privileged"),
            "any job can take over its node",
            "the profile takes it for Docker in Docker; write builds: none if no job needs that",
        )
        return
    for kind, volumes in _map(kubernetes, "volumes").items():
        for volume in volumes if isinstance(volumes, list) else ():
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
        if found := _ARCHIVED.search(" ".join(_texts(_map(table, "kubernetes").get(key)))):
            shell = "" if "debug" in found[0] else "; this image has no shell to run a script with"
            yield Finding(
                f"the builder {found[0]} is archived",
                setup.in_table(index, "kubernetes", key),
                f"Google archived Kaniko in June 2025{shell}",
                "the profile says builds: kaniko, whose fork is maintained; docs/builds.md has more",
            )


def _ignored(keys: Catalogue, name: str, evidence: str, complaint: Any) -> Finding:
    unknown = complaint.what.startswith(keys.reader)
    cause = "unknown keys are ignored without a word"
    if not keys.reader.endswith(keys.read_as):
        cause += f" (judged by {keys.read_as}, the nearest that was read)"
    return Finding(
        f"{name}: {complaint.what}",
        evidence,
        cause if unknown else "a runner does not start with a value of another kind",
        "; ".join(filter(None, ("it was left out", complaint.fix))),
    )


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value or "")]


def _map(data: Values, key: str) -> Values:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


_OF_VALUES: tuple[Callable[[Setup], Iterator[Finding]], ...] = (
    _old_chart,
    _ignored_values,
    _wrong_user,
    check_rights,
    _token_in_values,
    _never_restarted,
    _kept_in_gitlab,
    _autoscaler,
)
_OF_TABLES: tuple[Callable[[Setup, int, Values], Iterator[Finding]], ...] = (
    _ignored_keys,
    _other_executor,
    _token_in_table,
    _pinned_helper,
    _jobs_as_manager,
    _jobs_beside_manager,
    _privileged,
    _archived_builder,
)
