"""Rules about which jobs a runner takes and what they and its managers may use."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.core.problems import Key, Problems
from wizard.core.units import parse_quantity
from wizard.profile.model import Profile
from wizard.profile.runner import CpuShare, MemoryShare, Runner, Toleration

_SHORTEST_TIMEOUT = 600  # GitLab: maximum_timeout "needs to be at least 10 minutes"
# "Workloads with caching and artifact generation: Minimum 250 MiB" (docs/executors/kubernetes of
# the runner, 19.3.0).
_ENOUGH_FOR_UPLOADS = 250 * 1024**2
_Shares = Iterator[tuple[Key, CpuShare | MemoryShare]]


def check_jobs(profile: Profile, runner: Runner, index: int, problems: Problems) -> None:
    """Add what is wrong with the jobs of one runner, and with how its managers share them."""
    _jobs_taken(runner, index, problems)
    _managers(profile, runner, index, problems)
    _resources(_runner_shares(runner, index), problems)
    _helper(runner, index, problems)
    _tolerations(runner.jobs.tolerations, ("runners", index, "jobs"), problems)
    _account(profile, runner, index, problems)


def _account(profile: Profile, runner: Runner, index: int, problems: Problems) -> None:
    spot = problems.at("runners", index, "jobs", "service_account")
    if runner.jobs.service_account.automount:
        whose = f", and jobs of every project of {runner.scope.path or 'the instance'} run here"
        more = whose if profile.is_shared(runner) else ""
        spot.warn(
            f"every job gets the token of {runner.job_account}, and every right that it has{more}",
            "set automount: false, unless jobs deploy with it",
        )
    if runner.jobs.service_account.name == "default":
        spot.add("default is the account of everything else there", "give it another name")
    here = profile.job_namespace(runner)
    for other in profile.runners[:index]:
        if (other.job_account, profile.job_namespace(other)) == (runner.job_account, here):
            spot.add(
                f"{other.name} has an account of that name in {here} as well",
                "give each runner one of its own",
            )


def check_manager(profile: Profile, problems: Problems) -> None:
    """Add what is wrong with what the managers may use and where they may run."""
    _resources(_manager_shares(profile), problems)
    _tolerations(profile.manager.tolerations, ("manager",), problems)


def _jobs_taken(runner: Runner, index: int, problems: Problems) -> None:
    if not runner.run_untagged and not runner.tags:
        problems.at("runners", index, "run_untagged").add(
            "a runner without tags that refuses untagged jobs never gets a job",
            "add tags, or set run_untagged: true",
        )
    timeout = runner.maximum_timeout
    if timeout is not None and timeout < _SHORTEST_TIMEOUT:
        problems.at("runners", index, "maximum_timeout").add(
            f"{timeout} seconds is below GitLab's minimum of 10 minutes",
            "write 10m or more",
        )


def _managers(profile: Profile, runner: Runner, index: int, problems: Problems) -> None:
    managers, jobs = profile.manager.replicas, runner.jobs.concurrent
    spot = problems.at("runners", index, "jobs", "concurrent")
    each, rest = divmod(jobs, managers)
    if not each:
        spot.add(
            f"{managers} managers share this limit, and each needs at least one job",
            f"write {managers} or more, or fewer manager.replicas",
        )
    elif rest:
        spot.warn(
            f"{managers} managers share them, {each} each, which makes {each * managers} at once",
            f"write {each * managers} or {(each + 1) * managers}",
        )


def _helper(runner: Runner, index: int, problems: Problems) -> None:
    limit = runner.jobs.helper.memory.limit
    if limit and parse_quantity(limit) < _ENOUGH_FOR_UPLOADS:
        problems.at("runners", index, "jobs", "helper", "memory", "limit").warn(
            f"{limit} ends the helper when it uploads large artifacts or caches",
            "write 256Mi or more",
        )


def _runner_shares(runner: Runner, index: int) -> _Shares:
    for containers, where in (
        (runner.jobs, ()),
        (runner.jobs.helper, ("helper",)),
        (runner.jobs.services, ("services",)),
    ):
        key: Key = ("runners", index, "jobs", *where)
        yield (*key, "cpu"), containers.cpu
        yield (*key, "memory"), containers.memory
        yield (*key, "ephemeral_storage"), containers.ephemeral_storage


def _manager_shares(profile: Profile) -> _Shares:
    yield ("manager", "cpu"), profile.manager.cpu
    yield ("manager", "memory"), profile.manager.memory
    yield ("manager", "ephemeral_storage"), profile.manager.ephemeral_storage


def _resources(shares: _Shares, problems: Problems) -> None:
    for key, share in shares:
        if _above(share.request, share.limit):
            problems.at(*key, "request").add(
                f"{share.request} is more than the limit, {share.limit}",
                "lower the request or raise the limit",
            )
        if _above(share.limit, share.ceiling):
            problems.at(*key, "ceiling").add(
                f"{share.ceiling} is less than the limit, {share.limit}, which every job has",
                "raise the ceiling, or leave it out",
            )
        if share.ceiling and key[0] == "manager":
            problems.at(*key, "ceiling").add("is for jobs; the manager has none", "remove it")


def _above(lower: str | None, upper: str | None) -> bool:
    return bool(lower and upper) and parse_quantity(lower or "") > parse_quantity(upper or "")


def _tolerations(tolerations: list[Toleration], above: Key, problems: Problems) -> None:
    # Kubernetes' own validation (core/validation, 1.32), which would refuse the pod of every job.
    for index, toleration in enumerate(tolerations):
        spot = problems.at(*above, "tolerations", index)
        if toleration.operator == "Exists" and toleration.value:
            spot.add("a toleration with Exists has no value", "remove it, or write Equal")
        if toleration.operator == "Equal" and toleration.key is None:
            spot.add("a toleration without a key tolerates every taint", "write operator: Exists")
