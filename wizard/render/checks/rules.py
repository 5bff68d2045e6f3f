"""What is wrong with a profile by the tables of rendering: versions, keys, levels, nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key, Problems, key_path
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.packagings import any_of
from wizard.profile.runner import Runner
from wizard.render.checks.escape_hatches import check_config, check_values
from wizard.render.checks.images import check_images, check_listed, check_mirror
from wizard.render.runner.chart_values import values
from wizard.render.runner.images import ARCH_LABEL
from wizard.render.runner.security import enforced_level
from wizard.render.tables.catalogue import Catalogue, chart_keys, runner_keys, version_key
from wizard.render.tables.versions import (
    CHARTS,
    NEWEST_RUNNER_READ,
    OLDEST_RUNNER,
    Evidence,
    chart_of,
    minor,
    runner_of,
)

_WE_WRITE = "the wizard writes it itself"
_NO_TOKEN = "a token is never in a profile"  # noqa: S105
_IN_GITLAB = "GitLab keeps it for the runner; write it in the runner's own entry of the profile"
_CLUSTER_WIDE = "it needs rights in the whole cluster, which no manager of ours gets"
_CONFIG_NOT_YOURS = {
    "name": _WE_WRITE,
    "url": _WE_WRITE,
    "executor": _WE_WRITE,
    "token": _NO_TOKEN,
    "kubernetes.namespace": "write cluster.job_namespace, or job_namespace in the runner's entry",
    "kubernetes.bearer_token": _NO_TOKEN,
    "kubernetes.namespace_per_job": _CLUSTER_WIDE,
    "kubernetes.namespace_overwrite_allowed": _CLUSTER_WIDE,
}
_VALUES_NOT_YOURS = {
    "runnerToken": _NO_TOKEN,
    "runnerRegistrationToken": "registration tokens are gone; the wizard makes the runner itself",
    "runners.secret": _WE_WRITE,
    "runners.config": "write it in extra_config",
    "runners.configOverride": "write it in extra_config",
    "runners.jobNamespace": "write cluster.job_namespace, or job_namespace in the runner's entry",
    "serviceAccount.create": _WE_WRITE,
    "serviceAccount.name": _WE_WRITE,
    "rbac.create": _WE_WRITE,
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
    """Add what the tables know against a profile that its own rules found no error in."""
    _check_runner_version(profile, problems)
    uses_chart = profile.delivery.spec.uses_chart
    if uses_chart:
        _check_chart(profile, problems)
    check_mirror(profile, problems, uses_chart=uses_chart)
    for index, runner in enumerate(profile.runners):
        _check_level(profile, index, runner, problems)
        _check_nodes(profile, index, runner, problems)
        check_images(profile, index, runner, problems)
        before = len(problems.errors)
        _check_extra_config(profile, index, runner, problems)
        config_is_sound = len(problems.errors) == before
        known = len(problems.errors)
        _check_extra_values(profile, index, runner, problems)
        values_are_sound = len(problems.errors) == known
        if config_is_sound:  # else there is no pod that could be made of it
            check_config(profile, index, runner, problems)
            sound = len(problems.errors)
            _check_nulls(profile, index, runner, problems)
            if values_are_sound and len(problems.errors) == sound:
                check_values(profile, index, runner, problems)
    if not problems.errors:  # else there is nothing yet that could be rendered
        check_listed(profile, problems)


def _check_runner_version(profile: Profile, problems: Problems) -> None:
    version = profile.manager.runner_version
    spot = problems.at("manager", "runner_version")
    if version_key(version) < version_key(OLDEST_RUNNER):
        spot.add(f"runner {version} is too old", f"write {OLDEST_RUNNER} or newer")
    elif minor(version) > minor(NEWEST_RUNNER_READ):
        spot.warn(
            f"runner {version} is not in the tables",
            f"it gets only the keys that {NEWEST_RUNNER_READ} knows",
        )


def _check_chart(profile: Profile, problems: Problems) -> None:
    runner_version, wanted = profile.manager.runner_version, profile.delivery.chart.version
    if wanted is None:
        chart = chart_of(runner_version)
        if chart and chart.evidence is Evidence.FOLLOWS:
            problems.at("manager", "runner_version").warn(
                f"chart {chart.version}, which should bring this runner, was not examined",
                "See that it is there, or name a chart in delivery.chart.version",
            )
        if chart is None:
            known = ", ".join(chart.runner for chart in CHARTS[-4:])
            problems.at("manager", "runner_version").add(
                f"no chart is known that brings runner {runner_version}",
                f"write one of {known}, or name the chart in delivery.chart.version",
            )
        return
    spot, brings = problems.at("delivery", "chart", "version"), runner_of(wanted)
    if version_key(wanted) < version_key(CHARTS[0].version):
        spot.add(
            f"charts before {CHARTS[0].version} give the manager no rights where its jobs run",
            f"write {CHARTS[0].version} or newer",
        )
    elif not brings or not chart_keys(wanted).was_read:
        spot.warn(
            f"chart {wanted} is not in the tables",
            f"it gets only the values that {chart_keys(wanted).read_as} knows",
        )
    elif minor(brings) != minor(runner_version):
        spot.add(
            f"chart {wanted} is made for runner {brings}, not {runner_version}",
            "remove it, and the chart follows the runner",
        )


def _check_level(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    if runner.jobs.pod_security == "restricted" != enforced_level(profile, runner):
        problems.at("runners", index, "jobs", "pod_security").add(
            f"runner {profile.manager.runner_version} cannot make pods that fit restricted",
            "write manager.runner_version: 18.11.0 or newer, or pod_security: auto",
        )


def _check_nodes(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    architectures = list(dict.fromkeys(profile.cluster.architectures))
    if len(architectures) > 1 and ARCH_LABEL not in runner.jobs.node_selector:
        problems.at("runners", index, "jobs", "node_selector").add(
            f"the nodes are {' and '.join(architectures)}, and the helper of a job runs on one "
            "architecture only",
            f"write {{{ARCH_LABEL}: {architectures[0]}}}, and another runner for the other",
        )


def _check_extra_config(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    where = ("runners", index, "extra_config")
    keys = runner_keys(profile.manager.runner_version)
    _check_keys(problems, where, runner.extra_config, keys, "runners")
    _check_ours(problems, where, runner.extra_config, _CONFIG_NOT_YOURS | _accounts(runner))
    _check_pause_pods(problems, (*where, "kubernetes", "autoscaler"), runner.extra_config)


def _without_chart(values: Mapping[str, Any]) -> str:
    if "hostAliases" in values:
        return "write gitlab.host_aliases, which managers and jobs get in every packaging"
    return f"remove them, or write as: {any_of(uses_chart=True)}"


def _accounts(runner: Runner) -> dict[str, str]:
    way_out = (
        f"jobs run as {runner.job_account}, to which you may give rights in a RoleBinding of your "
        "own; jobs.service_account names and annotates it"
    )
    return {"kubernetes.service_account": f"{_WE_WRITE}: {way_out}"}


def _check_pause_pods(problems: Problems, where: Key, config: Mapping[str, Any]) -> None:
    kubernetes = config.get("kubernetes")
    scaler = kubernetes.get("autoscaler") if isinstance(kubernetes, Mapping) else None
    if isinstance(scaler, Mapping) and not scaler.get("pause_pod_priority_class_name"):
        problems.at(*where).add(
            "its pods need a priority class below that of jobs, which counts in the whole cluster, "
            "so no manager of ours may make it",
            "make a PriorityClass with the value -1, and name it: pause_pod_priority_class_name",
        )


def _check_extra_values(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    if not runner.extra_values:
        return
    where = ("runners", index, "extra_values")
    if not profile.delivery.spec.uses_chart:
        problems.at(*where).add(
            f"as: {profile.delivery.packaging} has no chart that would read them",
            _without_chart(runner.extra_values),
        )
        return
    chart = chart_of(profile.manager.runner_version) or CHARTS[-1]
    keys = chart_keys(profile.delivery.chart.version or chart.version)
    _check_keys(problems, where, runner.extra_values, keys, "")
    _check_ours(problems, where, runner.extra_values, _VALUES_NOT_YOURS)


def _check_nulls(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    """Null takes a value away, and with it what the wizard wrote: config, account, labels."""
    if not runner.extra_values or not profile.delivery.spec.uses_chart:
        return
    where = ("runners", index, "extra_values")
    ours = values(profile, runner.model_copy(update={"extra_values": {}}))
    for path, value in _paths(runner.extra_values):
        if value is None and _is_written(ours, path):
            problems.at(*where, *path).add(
                f"null would remove what the wizard writes as {key_path(path)}",
                "Remove it, or give it a value",
            )
    labelled = labels(profile, runner)
    for key in ("podLabels", "deploymentLabels"):
        given = runner.extra_values.get(key)
        for name in given.keys() & labelled.keys() if isinstance(given, Mapping) else ():
            problems.at(*where, key, name).add(
                "the wizard finds its managers by this label", "Remove it"
            )


def _is_written(data: Any, path: Key) -> bool:
    for part in path:
        if not isinstance(data, Mapping) or part not in data:
            return False
        data = data[part]
    return True


def _check_keys(
    problems: Problems, where: Key, data: Mapping[str, Any], keys: Catalogue, below: str
) -> None:
    for complaint in keys.complaints(data, below):
        spot = problems.at(*where, *complaint.path)
        (spot.add if complaint.certain else spot.warn)(complaint.what, complaint.fix)


def _check_ours(
    problems: Problems, where: Key, data: Mapping[str, Any], reserved: Mapping[str, str]
) -> None:
    for path, _ in _paths(data):
        if reason := reserved.get(key_path(path)):
            problems.at(*where, *path).add(f"{path[-1]} cannot be set here", reason)


def _paths(data: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for key, value in data.items():
        yield (*above, key), value
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, key))
