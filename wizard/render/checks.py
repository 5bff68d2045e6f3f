"""What is wrong with a profile by the tables of rendering: versions, keys, strategies, levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Problems, did_you_mean, key_path
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.builds import STRATEGIES
from wizard.render.catalogue import Catalogue, Unknown, chart_keys, runner_keys, version_key
from wizard.render.external_secret import creatable_stores, readable_backends
from wizard.render.images import ARCH_LABEL
from wizard.render.packagings import PACKAGINGS
from wizard.render.security import enforced_level, wanted_level
from wizard.render.versions import (
    CHARTS,
    NEWEST_RUNNER_READ,
    OLDEST_RUNNER,
    chart_of,
    minor,
    runner_of,
)

_OF_A_CHART = {"argocd", "helm", "flux"}
_WE_WRITE = "the wizard writes it itself"
_IN_GITLAB = "GitLab keeps it for the runner; write it in the runner's own entry of the profile"
_CLUSTER_WIDE = "it needs rights in the whole cluster, which no manager of ours gets"
_CONFIG_NOT_YOURS = {
    "name": _WE_WRITE,
    "url": _WE_WRITE,
    "executor": _WE_WRITE,
    "token": "a token never stands in a profile",
    "kubernetes.namespace": "write cluster.job_namespace",
    "kubernetes.service_account": _WE_WRITE,
    "kubernetes.bearer_token": "a token never stands in a profile",
    "kubernetes.namespace_per_job": _CLUSTER_WIDE,
    "kubernetes.namespace_overwrite_allowed": _CLUSTER_WIDE,
}
_VALUES_NOT_YOURS = {
    "runnerToken": "a token never stands in a profile",
    "runnerRegistrationToken": "registration tokens are gone; the wizard makes the runner itself",
    "runners.secret": _WE_WRITE,
    "runners.config": "write it in extra_config",
    "runners.jobNamespace": "write cluster.job_namespace",
    "runners.tags": _IN_GITLAB,
    "runners.locked": _IN_GITLAB,
    "runners.runUntagged": _IN_GITLAB,
    "runners.protected": _IN_GITLAB,
    "runners.maximumTimeout": _IN_GITLAB,
    "namespace": "write cluster.namespace",
    "fullnameOverride": _WE_WRITE,
    "nameOverride": _WE_WRITE,
}


def check(profile: Profile, problems: Problems) -> None:
    """Add everything that rendering knows against a profile; the profile is otherwise valid."""
    _check_delivery(profile, problems)
    _check_version(profile, problems)
    _check_secrets(profile, problems)
    for index, runner in enumerate(profile.runners):
        _check_runner(profile, index, runner, problems)


def _check_delivery(profile: Profile, problems: Problems) -> None:
    delivery = profile.delivery
    if delivery.packaging not in PACKAGINGS:
        ready = " or ".join(sorted(PACKAGINGS))
        problems.at("delivery", "as").add(f"{delivery.packaging} is not ready", f"write {ready}")
    if delivery.packaging in _OF_A_CHART:
        _check_chart(profile, problems)


def _check_chart(profile: Profile, problems: Problems) -> None:
    runner_version, wanted = profile.manager.runner_version, profile.delivery.chart.version
    if wanted is None:
        if chart_of(runner_version) is None:
            known = ", ".join(chart.runner for chart in CHARTS[-4:])
            problems.at("manager", "runner_version").add(
                f"no chart is known that brings runner {runner_version}",
                f"write one of {known}, or name the chart in delivery.chart.version",
            )
        return
    spot, brings = problems.at("delivery", "chart", "version"), runner_of(wanted)
    if not brings:
        spot.warn(
            f"chart {wanted} was not looked at; only values that chart "
            f"{chart_keys(wanted).read_as} knows are written",
            f"the charts looked at end with {CHARTS[-1].version}",
        )
    elif minor(brings) != minor(runner_version):
        spot.add(
            f"chart {wanted} is made for runner {brings}, not {runner_version}",
            "remove delivery.chart.version, and the chart follows the runner",
        )
    if version_key(wanted) < version_key(CHARTS[0].version):
        spot.add(
            f"charts before {CHARTS[0].version} give the manager no rights where its jobs run",
            f"write {CHARTS[0].version} or newer",
        )


def _check_version(profile: Profile, problems: Problems) -> None:
    version = profile.manager.runner_version
    spot = problems.at("manager", "runner_version")
    if version_key(version) < version_key(OLDEST_RUNNER):
        spot.add(f"runner {version} is too old", f"write {OLDEST_RUNNER} or newer")
    elif minor(version) > minor(NEWEST_RUNNER_READ):
        spot.warn(
            f"runner {version} was not looked at",
            f"it gets only the keys that {NEWEST_RUNNER_READ} knows",
        )


def _check_secrets(profile: Profile, problems: Problems) -> None:
    secrets = profile.secrets
    if not secrets.through_store:
        return
    if secrets.backend not in readable_backends():
        ready = ", ".join(sorted({"kubernetes", *readable_backends()}))
        problems.at("secrets", "backend").add(
            f"{secrets.backend} cannot be rendered yet", f"write one of {ready}"
        )
    elif secrets.store.create and secrets.backend not in creatable_stores():
        problems.at("secrets", "store").add(
            f"a store of {secrets.backend} cannot be made", "name the one that is there"
        )
    elif secrets.store.create and secrets.infisical and secrets.infisical.ca_file:
        problems.at("secrets", "store").add(
            "a store with a private CA cannot be made yet", "make it yourself and name it here"
        )


def _check_runner(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    if runner.release == profile.shared:
        problems.at("runners", index, "name").add(
            f"{profile.shared} is the name of what all runners share", "write another name"
        )
    _check_nodes(profile, index, runner, problems)
    _check_extra_config(profile, index, runner, problems)
    _check_extra_values(profile, index, runner, problems)
    if runner.builds.strategy not in STRATEGIES:
        problems.at("runners", index, "builds").add(
            f"{runner.builds.strategy} is not ready", f"write {' or '.join(sorted(STRATEGIES))}"
        )
        return
    _check_level(profile, index, runner, problems)


def _check_level(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    spot, wanted = problems.at("runners", index, "jobs", "pod_security"), runner.jobs.pod_security
    strategy = STRATEGIES[runner.builds.strategy]
    levels = ("restricted", "baseline", "privileged")
    if wanted != "auto" and levels.index(wanted) < levels.index(strategy.level):
        spot.add(
            f"builds: {runner.builds.strategy} needs {strategy.level}, and {wanted} is stricter",
            f"write {strategy.level}, or auto",
        )
    elif wanted == "restricted" != enforced_level(profile, runner):
        spot.add(
            f"runner {profile.manager.runner_version} cannot make pods that fit restricted",
            "write manager.runner_version: 18.11.0 or newer, or pod_security: auto",
        )
    elif wanted_level(runner) == "restricted" and runner.jobs.gpu:
        problems.at("runners", index, "jobs", "gpu").add("a GPU for jobs is not ready")


def _check_nodes(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    architectures = profile.cluster.architectures
    if len(set(architectures)) > 1 and ARCH_LABEL not in runner.jobs.node_selector:
        problems.at("runners", index, "jobs", "node_selector").add(
            f"the nodes are {' and '.join(architectures)}, and a job's helper runs on one of them "
            "only",
            f"write for example {{{ARCH_LABEL}: {architectures[0]}}}, and one runner for each",
        )


def _check_extra_config(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    keys = runner_keys(profile.manager.runner_version)
    where = ("runners", index, "extra_config")
    what = f"runner {profile.manager.runner_version}"
    _check_keys(problems, where, runner.extra_config, keys, "runners", what)
    _check_ours(problems, where, runner.extra_config, _CONFIG_NOT_YOURS)


def _check_extra_values(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    if not runner.extra_values:
        return
    where = ("runners", index, "extra_values")
    if profile.delivery.packaging not in _OF_A_CHART:
        problems.at(*where).add(
            f"as: {profile.delivery.packaging} has no chart that would read them",
            "remove them, or write as: argocd",
        )
        return
    chart = chart_of(profile.manager.runner_version)
    version = profile.delivery.chart.version or (chart.version if chart else CHARTS[-1].version)
    keys = chart_keys(version)
    _check_keys(problems, where, runner.extra_values, keys, "", f"chart {version}")
    _check_ours(problems, where, runner.extra_values, _VALUES_NOT_YOURS)


def _check_keys(
    problems: Problems,
    where: tuple[str | int, ...],
    data: Mapping[str, Any],
    keys: Catalogue,
    below: str,
    what: str,
) -> None:
    for unknown in keys.unknown(data, below):
        name = str(unknown.path[-1])
        problems.at(*where, *unknown.path).add(f"{what} knows no {name!r}", _way_out(unknown))


def _way_out(unknown: Unknown) -> str:
    if unknown.since:
        return f"it came with {unknown.since}"
    if unknown.until:
        return f"it is gone since {unknown.until}"
    return did_you_mean(str(unknown.path[-1]), set(unknown.nearby)) or "remove it"


def _check_ours(
    problems: Problems,
    where: tuple[str | int, ...],
    data: Mapping[str, Any],
    reserved: Mapping[str, str],
) -> None:
    for path in _paths(data):
        reason = reserved.get(key_path(path))
        if reason:
            problems.at(*where, *path).add(f"{path[-1]} cannot be set here", reason)


def _paths(data: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in data.items():
        yield (*above, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, key))
