"""What the escape hatches of a runner open: its pods held against their namespaces, its keys
against the table of dangers. All of it offline, whatever the delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from wizard.core.problems import Key, Problems, Spot
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.profile.strategies import SecurityLevel
from wizard.render.jobs.job_pod import job_pod
from wizard.render.jobs.patched_pod import PatchError, misfits, patched
from wizard.render.jobs.pod_standards import Violation, violations
from wizard.render.runner.chart_values import manager_pod
from wizard.render.runner.config_toml import TOKEN_PLACEHOLDER, runner_table
from wizard.render.runner.images import architecture_of_helper, job_architecture
from wizard.render.runner.security import pod_security_level
from wizard.render.tables.dangers import Danger, dangers

_VERSION = re.compile(r"v(\d+\.\d+\.\d+)")
_FROM_THE_NODE = ("if-not-present", "never")
"""Pull policies by which a job runs what is on its node, with no question to the registry."""
_NO_POD = "the job's pod cannot be made"


def check_config(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    """Add what `extra_config` opens, or breaks, in the jobs of one runner.

    Its keys and their kinds have been found right.
    """
    if not runner.extra_config:
        return
    where: Key = ("runners", index, "extra_config")
    _add_dangers(runner, where, dangers(runner.extra_config, "config"), problems)
    _check_token(runner, where, problems)
    table = runner_table(profile, runner)["kubernetes"]
    spot = problems.at(*where, "kubernetes")
    _check_pull_policies(table, spot)
    _check_shared_pulls(profile, runner, where, problems)
    _check_helper(profile, runner, problems.at(*where, "kubernetes", "helper_image"))
    _check_volumes(profile, runner, where, problems)
    if _can_be_made(profile, runner, where, problems):
        _check_identity(profile, runner, spot)
        _check_level(profile, runner, where, problems)


def check_values(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    """Add what `extra_values` opens in the managers of one runner."""
    if not runner.extra_values:
        return
    where: Key = ("runners", index, "extra_values")
    _add_dangers(runner, where, dangers(runner.extra_values, "values"), problems)
    managers = profile.cluster.namespace
    both = managers in profile.job_namespaces
    level = pod_security_level(profile, managers) if both else "restricted"
    spec = manager_pod(profile, runner)
    if found := [*misfits(spec)]:
        for misfit in found:
            problems.at(*where).add(f"the manager's pod cannot be made: {misfit}")
        return
    if broken := violations(spec, level):
        problems.at(*where).add(
            f"the manager would not start, since its namespace enforces {level}: {_listed(broken)}",
            "Remove what loosens it",
        )


def _add_dangers(runner: Runner, where: Key, found: Iterator[Danger], problems: Problems) -> None:
    for danger in found:
        spot = problems.at(*where, *danger.path)
        if danger.refused == "always":
            spot.add(danger.opens, danger.instead)
        elif danger.refused == "shared" and runner.scope.kind != "project":
            spot.add(f"{danger.opens}, and {_whose(runner)} run here", danger.instead)
        else:
            spot.warn(danger.opens, danger.instead)


def _whose(runner: Runner) -> str:
    if runner.scope.kind == "group":
        return f"jobs of every project of {runner.scope.path}"
    return "jobs of every project of the instance"


def _check_token(runner: Runner, where: Key, problems: Problems) -> None:
    for path, text in _texts(runner.extra_config, ()):
        if TOKEN_PLACEHOLDER in text:
            problems.at(*where, *path).add(
                f"{TOKEN_PLACEHOLDER} is where the manager puts the runner's token, which no job "
                "may have",
                "Remove it",
            )


def _texts(value: Any, path: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def _check_pull_policies(table: Mapping[str, Any], spot: Spot) -> None:
    known = ("always", "if-not-present", "never")
    wanted = _as_list(table.get("pull_policy"))
    allowed = _as_list(table.get("allowed_pull_policies")) or wanted
    for policy in dict.fromkeys([*wanted, *allowed]):
        if policy not in known:
            spot.add(f"{policy!r} is not a pull policy", f"Write one of {', '.join(known)}")
    if beyond := [policy for policy in wanted if policy not in allowed]:
        spot.add(
            f"pull_policy {', '.join(beyond)} is not among allowed_pull_policies, "
            f"{', '.join(allowed)}, so every job fails",
            "Write the same in both, or images.pull_policy instead of either",
        )


def _check_shared_pulls(profile: Profile, runner: Runner, where: Key, problems: Problems) -> None:
    """What jobs may pull by is theirs to choose from, so each policy counts, not the first."""
    kubernetes = runner.extra_config.get("kubernetes") or {}
    for key in ("pull_policy", "allowed_pull_policies") if profile.is_shared(runner) else ():
        if kept := [one for one in _as_list(kubernetes.get(key)) if one in _FROM_THE_NODE]:
            problems.at(*where, "kubernetes", key).warn(
                f"{kept[0]} where jobs of several projects run: one of them could run a private "
                "image that another project's job has pulled",
                "Write always only",
            )


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _check_helper(profile: Profile, runner: Runner, spot: Spot) -> None:
    helper = (runner.extra_config.get("kubernetes") or {}).get("helper_image")
    if not helper:
        return
    theirs, ours = architecture_of_helper(helper), job_architecture(profile, runner)
    if theirs and theirs != ours:
        spot.add(
            f"this helper is made for {theirs}, and the jobs run on {ours}",
            "Remove it: the runner chooses its helper itself",
        )
    version, wanted = _VERSION.search(helper), profile.manager.runner_version
    if version and version[1] != wanted:
        spot.warn(
            f"this helper is of {version[1]}, and the runner of {wanted}",
            "Write ${CI_RUNNER_VERSION} for the version: v${CI_RUNNER_VERSION}",
        )


def _check_volumes(profile: Profile, runner: Runner, where: Key, problems: Problems) -> None:
    volumes = (runner.extra_config.get("kubernetes") or {}).get("volumes") or {}
    for index, claim in enumerate(volumes.get("pvc") or ()):
        name = claim.get("name", "")
        said = f"no job starts until {profile.job_namespace(runner)} has the claim {name}"
        if runner.jobs.concurrent > 1:
            said += f"; {runner.jobs.concurrent} jobs at once need it to be ReadWriteMany"
        problems.at(*where, "kubernetes", "volumes", "pvc", index).warn(
            said, "Make it before the first job"
        )


def _can_be_made(profile: Profile, runner: Runner, where: Key, problems: Problems) -> bool:
    before = len(problems.errors)
    kubernetes = runner.extra_config.get("kubernetes") or {}
    patches = kubernetes.get("pod_spec") or []
    bare = {**runner.extra_config, "kubernetes": {**kubernetes, "pod_spec": []}}
    spec = dict(job_pod(profile, _with_config(runner, bare)).body["spec"])
    for misfit in misfits(spec):
        problems.at(*where, "kubernetes").add(f"{_NO_POD}: {misfit}")
    for number, patch in enumerate(patches if len(problems.errors) == before else ()):
        spot = problems.at(*where, "kubernetes", "pod_spec", number)
        try:
            spec = patched(spec, patch)
            wrong = [*misfits(spec)]
        except PatchError as error:
            wrong = [str(error)]
        for misfit in wrong:
            spot.add(f"the runner cannot use this patch: {misfit}", "Write it as Kubernetes has it")
        if wrong:
            return False
    return len(problems.errors) == before


def _with_config(runner: Runner, config: Mapping[str, Any]) -> Runner:
    return runner.model_copy(update={"extra_config": config})


def _check_identity(profile: Profile, runner: Runner, spot: Spot) -> None:
    """A patch can give jobs another account, or its token, past the keys that are watched."""
    spec, ours = job_pod(profile, runner).body["spec"], runner.job_account
    if (account := spec.get("serviceAccountName")) != ours:
        spot.add(
            f"jobs would run as the ServiceAccount {account}, not as {ours}",
            f"Give {ours} the rights that jobs need, in a RoleBinding of your own",
        )
    keys = runner.extra_config.get("kubernetes") or {}
    asked = runner.jobs.service_account.automount
    by_key = asked or keys.get("automount_service_account_token") is True
    if spec.get("automountServiceAccountToken") and not by_key:
        spot.warn(f"every job gets the token of {ours}, and every right that it has", "Remove it")


def _check_level(profile: Profile, runner: Runner, where: Key, problems: Problems) -> None:
    """Hold the pod that comes out against what its namespace enforces, each key by itself."""
    level = pod_security_level(profile, profile.job_namespace(runner))
    left = _broken(profile, runner, level)
    kubernetes = runner.extra_config.get("kubernetes") or {}
    for key in kubernetes if left else ():
        rest = {name: value for name, value in kubernetes.items() if name != key}
        without = _with_config(runner, {**runner.extra_config, "kubernetes": rest})
        caused = [one for one in left if one not in _broken(profile, without, level)]
        if caused:
            spot = problems.at(*where, "kubernetes", key)
            _add_broken(profile, runner, level, caused, spot)
            left = [one for one in left if one not in caused]
    if left:
        _add_broken(profile, runner, level, left, problems.at(*where))


def _broken(profile: Profile, runner: Runner, level: SecurityLevel) -> list[Violation]:
    pod = job_pod(profile, runner).body
    return violations(pod["spec"], level, pod["metadata"].get("annotations"))


def _add_broken(
    profile: Profile, runner: Runner, level: SecurityLevel, broken: list[Violation], spot: Spot
) -> None:
    looser = list(get_args(SecurityLevel))[get_args(SecurityLevel).index(level) + 1 :]
    fits = next(one for one in looser if not _broken(profile, runner, one))
    spot.add(
        f"no job would start: {profile.job_namespace(runner)} enforces {level}, which forbids "
        f"{_listed(broken)}",
        f"Remove it, or write jobs.pod_security: {fits}, which lets every job in that namespace "
        "do the same",
    )


def _listed(broken: list[Violation]) -> str:
    shown = [str(one) for one in broken[:4]]
    more = len(broken) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")
