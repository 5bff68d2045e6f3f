"""Rules between the fields of a profile, each with the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from wizard.core.problems import Problems
from wizard.profile.backends import BACKENDS
from wizard.profile.build_rules import check_builds
from wizard.profile.document import Document
from wizard.profile.job_rules import check_jobs, check_manager
from wizard.profile.model import Profile
from wizard.profile.namespace_rules import check_namespaces
from wizard.profile.runner import Runner
from wizard.profile.secret_rules import check_secrets


def check(profile: Profile, problems: Problems) -> None:
    """Add every broken rule: errors, and warnings for what works but is seldom meant."""
    _gitlab(profile, problems)
    _names(profile, problems)
    _adopted(profile, problems)
    _backend(profile, problems)
    _store(profile, problems)
    _cluster(profile, problems)
    check_namespaces(profile, problems)
    _network(profile, problems)
    _delivery(profile, problems)
    _pull_policy(profile, problems)
    for index, runner in enumerate(profile.runners):
        check_jobs(profile, runner, index, problems)
        check_builds(profile, runner, index, problems)
    check_manager(profile, problems)


def check_written(document: Document, data: Mapping[str, Any], problems: Problems) -> None:
    """The rules about the text itself, which the model does not show.

    Args:
        document: as it was written.
        data: with `defaults` laid under every runner.
        problems: the collector.
    """
    check_secrets(document, problems)
    runners = data.get("runners")
    for index, runner in enumerate(runners if isinstance(runners, list) else []):
        tags = runner.get("tags") if isinstance(runner, dict) else None
        written = [str(tag) for tag in tags] if isinstance(tags, list) else []
        for tag in sorted({tag for tag in written if written.count(tag) > 1}):
            problems.at("runners", index, "tags").warn(f"the tag {tag!r} is here twice")


def _gitlab(profile: Profile, problems: Problems) -> None:
    gitlab = problems.at("gitlab", "url")
    server = urlsplit(profile.gitlab.url)
    if server.scheme == "http":
        gitlab.warn("tokens travel unencrypted over http", "use https")
    if profile.gitlab.no_proxy and not profile.gitlab.proxy:
        problems.at("gitlab", "no_proxy").warn("means nothing without a proxy")
    if profile.gitlab.proxy and not profile.cluster.service_cidrs:
        problems.at("gitlab", "proxy").warn(
            "jobs that ask a service of the cluster by its address would ask the proxy",
            "write cluster.service_cidrs, such as [10.96.0.0/12]",
        )
    if profile.gitlab.ca_file and server.scheme == "http":
        problems.at("gitlab", "ca_file").warn("means nothing over http")
    for index, runner in enumerate(profile.runners):
        scope = problems.at("runners", index, "scope")
        if runner.scope.kind == "instance" and server.hostname == "gitlab.com":
            scope.add(
                "gitlab.com allows no instance runners of its users",
                "write {group: NAME} or {project: PATH}",
            )
        if runner.locked and runner.scope.kind != "project":
            problems.at("runners", index, "locked").warn(
                f"only a project's runner can be locked; this is one of {_scope(runner)}"
            )


def _scope(runner: Runner) -> str:
    return "a group" if runner.scope.kind == "group" else "the instance"


def _names(profile: Profile, problems: Problems) -> None:
    first: dict[str, int] = {}
    for index, runner in enumerate(profile.runners):
        name = problems.at("runners", index, "name")
        if runner.name in first:
            name.add(
                f"{runner.name!r} is the name of runners[{first[runner.name]}] already",
                "give each runner a name of its own",
            )
        first.setdefault(runner.name, index)
        if runner.release == profile.shared:
            name.add(
                f"{runner.release} is the name of what all runners share",
                "choose another name",
            )


def _adopted(profile: Profile, problems: Problems) -> None:
    first: dict[int, int] = {}
    for index, runner in enumerate(profile.runners):
        if runner.adopt is None:
            continue
        if runner.adopt in first:
            problems.at("runners", index, "adopt").add(
                f"runner {runner.adopt} of GitLab is taken over by runners[{first[runner.adopt]}] "
                "already",
                "remove one of the two, so that a runner is created for it",
            )
        first.setdefault(runner.adopt, index)


def _backend(profile: Profile, problems: Problems) -> None:
    secrets, chosen = profile.secrets, profile.secrets.spec
    if secrets.settings is None and chosen.needs_section:
        problems.at("secrets", "backend").add(
            f"{chosen.name} needs its settings", f"add `secrets.{chosen.key}:`"
        )
    for other in BACKENDS.values():
        if other is not chosen and getattr(secrets, other.key, None) is not None:
            problems.at("secrets", other.key).warn(
                f"is not used, since the backend is {chosen.name}", "remove it"
            )
    if secrets.in_files and not profile.delivery.writes_files:
        problems.at("secrets", "backend").add(
            f"{chosen.name} keeps the token in files, and delivery.to: cluster writes none",
            "write delivery: {to: directory}, or secrets: {backend: kubernetes}",
        )
    chosen.rule(profile, problems)


def _store(profile: Profile, problems: Problems) -> None:
    secrets = profile.secrets
    if not secrets.through_store and "store" in secrets.model_fields_set:
        problems.at("secrets", "store").warn(
            f"is not used, since the backend is {secrets.backend}", "remove it"
        )
    if secrets.through_store and secrets.refresh == 0:
        problems.at("secrets", "refresh").warn(
            "0 reads the token once, so a rotated one never arrives", "write 15m"
        )


def _pull_policy(profile: Profile, problems: Problems) -> None:
    shared = [runner.name for runner in profile.runners if profile.is_shared(runner)]
    if shared and profile.images.pull_policy == "if-not-present":
        problems.at("images", "pull_policy").warn(
            f"several projects use {', '.join(shared[:3])}: a job could run a private image that "
            "another project's job has pulled",
            "Write always, or auto",
        )


def _cluster(profile: Profile, problems: Problems) -> None:
    cluster = profile.cluster
    if not cluster.architectures:
        problems.at("cluster", "architectures").add("is empty", "write [amd64], or what you have")


def _network(profile: Profile, problems: Problems) -> None:
    network = profile.network
    if network.policy == "none":
        unused = network.model_fields_set - {"policy"}
        for name in sorted(unused):
            problems.at("network", name).warn(
                "is not used, since network.policy is none", "write policy: standard, or remove it"
            )
    elif not network.internet and not network.gitlab:
        problems.at("network", "gitlab").add(
            "without internet, jobs reach GitLab only by its addresses, and none is given",
            "write GitLab's addresses, such as [192.168.1.5/32]",
        )
    elif network.internet and not profile.cluster.pod_cidrs:
        problems.at("network", "internet").warn(
            "the cluster's own ranges are not known, so jobs reach its pods and services as well",
            "write cluster.pod_cidrs and service_cidrs; apply fills in what the cluster says",
        )


def _delivery(profile: Profile, problems: Problems) -> None:
    delivery = profile.delivery
    needs = delivery.goes.needs_repository
    if delivery.spec.operator:
        needs = delivery.spec.title
    if needs and not delivery.repository:
        problems.at("delivery").add(
            f"{needs} needs the Git repository that the files are committed to",
            "add `repository:` with `url: https://gitlab.com/acme/gitops.git`",
        )
    if delivery.spec.not_applied and not delivery.writes_files:
        problems.at("delivery", "to").add(
            f"{delivery.spec.not_applied}; to: cluster applies only plain manifests",
            "write to: directory, or as: manifests",
        )
