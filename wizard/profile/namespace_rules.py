"""Rules about the namespaces: whose they are, and which runners share one."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.core.problems import Key, Problems
from wizard.profile.model import Profile
from wizard.profile.runner import Runner

_KUBERNETES = "kube-"
"""The prefix that Kubernetes keeps for namespaces of its own."""

_SHOWN = 3


def check_namespaces(profile: Profile, problems: Problems) -> None:
    """Add what is wrong with the namespaces, and with runners that share one."""
    made = "; it is made for you" if profile.cluster.namespaces == "create" else ""
    for key, namespace in _named(profile):
        _refuse_reserved(key, namespace, made, problems)
    for index, runner in enumerate(profile.runners):
        _beside_the_manager(profile, index, runner, problems)
    _beside_privileged(profile, problems)
    for namespace in profile.job_namespaces:
        _trust(profile, namespace, problems)
    if profile.cluster.namespaces == "existing":
        _asks_for_the_cluster(profile, problems)


def _named(profile: Profile) -> Iterator[tuple[Key, str]]:
    yield ("cluster", "namespace"), profile.cluster.namespace
    yield ("cluster", "job_namespace"), profile.cluster.job_namespace
    for index, runner in enumerate(profile.runners):
        if runner.job_namespace:
            yield ("runners", index, "job_namespace"), runner.job_namespace


def _refuse_reserved(key: Key, namespace: str, made: str, problems: Problems) -> None:
    if namespace.startswith(_KUBERNETES):
        problems.at(*key).add(f"{namespace} belongs to Kubernetes itself", f"name another{made}")
    elif namespace == "default" and key[-1] == "job_namespace":
        problems.at(*key).add(
            "default is where everything runs that names no namespace, and jobs would run beside "
            "it under rules made for jobs",
            f"name one for jobs only, such as gitlab-runner-jobs{made}",
        )


def _beside_the_manager(profile: Profile, index: int, runner: Runner, problems: Problems) -> None:
    namespace = profile.cluster.namespace
    if profile.job_namespace(runner) == namespace:
        key: Key = ("runners", index) if runner.job_namespace else ("cluster",)
        problems.at(*key, "job_namespace").warn(
            "jobs run beside the manager, whose Secrets a job that may create pods can mount",
            f"give them a namespace of their own, such as {namespace}-jobs",
        )


def _beside_privileged(profile: Profile, problems: Problems) -> None:
    """Runners whose jobs need less, in a namespace that another one opens."""
    opened: dict[str, Runner] = {}
    for runner in profile.runners:
        if runner.security_level == "privileged":
            opened.setdefault(profile.job_namespace(runner), runner)
    for index, runner in enumerate(profile.runners if opened else ()):
        namespace = profile.job_namespace(runner)
        if namespace in opened and runner.security_level != "privileged":
            problems.at("runners", index).warn(
                f"its jobs run in {namespace}, which {opened[namespace].name} makes privileged: "
                "there any job can take the node",
                "give one of the two a job_namespace of its own",
            )


def _trust(profile: Profile, namespace: str, problems: Problems) -> None:
    """One warning a namespace: the manager of each runner may read every job in it."""
    here = [one for one in profile.runners if profile.job_namespace(one) == namespace]
    mixed = []
    if len({one.protected for one in here}) > 1:
        mixed.append("jobs of protected branches and of others")
    if not _of_one_owner(here):
        mixed.append(f"jobs of {_listed(here)}")
    if mixed:
        problems.at("cluster", "job_namespace").warn(
            f"{' and '.join(mixed)} share {namespace}, where each of these runners may read the "
            "Secrets and the pods of all",
            "give runners of different trust a job_namespace of their own each",
        )


def _listed(runners: list[Runner]) -> str:
    paths = list(dict.fromkeys(one.scope.path or "the instance" for one in runners))
    shown = paths if len(paths) <= _SHOWN else [*paths[: _SHOWN - 1], f"{len(paths) - 2} others"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _of_one_owner(runners: list[Runner]) -> bool:
    """Whether one of their groups holds all the others: those who own it own them all."""
    groups = set(map(_group, runners))
    return any(all(_holds(outer, inner) for inner in groups) for outer in groups)


def _group(runner: Runner) -> str:
    """The group whose projects it serves: a project's own; empty for the instance.

    Of a project that is known by its number, that number: whose it is, only GitLab knows.
    """
    path = runner.scope.path
    if runner.scope.kind == "project" and "/" in path:
        return path.rpartition("/")[0]
    return path


def _holds(outer: str, inner: str) -> bool:
    return not outer or inner == outer or inner.startswith(f"{outer}/")


def _asks_for_the_cluster(profile: Profile, problems: Problems) -> None:
    if profile.secrets.through_store and profile.secrets.store.create:
        problems.at("secrets", "store").warn(
            "a store that the wizard makes is a ClusterSecretStore, which needs a right in the "
            "whole cluster",
            "name one that is there: {kind: SecretStore, name: NAME}",
        )
