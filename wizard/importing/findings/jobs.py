"""What is wrong with the `[[runners]]` tables: the jobs' side of a set-up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from wizard.core.problems import Key, key_path
from wizard.importing.findings.table_keys import OTHER_EXECUTORS
from wizard.importing.ledger import Fate
from wizard.importing.release import Release, entries, texts
from wizard.importing.texts.templates import unread
from wizard.importing.translate.builds import (
    variables,
)
from wizard.importing.translate.levels import forbidden_root, needs_privileged, root_keys
from wizard.importing.view import View
from wizard.render.tables.dangers import dangers

_OUR_JOBS = re.compile(r"gitlab-runner-[a-z0-9-]+-job")
"""How the wizard calls the account of a runner's jobs."""
_NO_VERIFY = {
    "GIT_SSL_NO_VERIFY": ("1", "true", "yes"),
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "PYTHONHTTPSVERIFY": ("0",),
}
"""Variables by which certificates are not checked, and their values that do so."""


def tell_jobs(release: Release, table: View) -> None:
    """Every finding about one table; claims what it leaves out."""
    for tell in _ALL:
        tell(release, table)


def _executor(release: Release, table: View) -> None:
    executor = str(table.get("executor") or "kubernetes")
    if executor == "kubernetes":
        return
    release.report.breaks(
        f"the executor is {executor}, not kubernetes",
        table.at("executor"),
        "its settings mean nothing in a pod, so none were carried over",
        "Compare what jobs get in the profile with what they had",
    )
    for name in (executor.partition("+")[0], *OTHER_EXECUTORS):
        table.leave(name, why=f"settings of the executor {executor}", told=True)


def _account(release: Release, table: View) -> None:
    key = ("kubernetes", "service_account")
    account = table.get(*key)
    mounts = table.get("kubernetes", "automount_service_account_token")
    if account and account == release.manager_account:
        table.leave(*key, why="jobs have an account of their own", told=True)
        release.report.opens(
            "jobs run on the manager's ServiceAccount",
            table.at(*key),
            "every job gets its token and can read Secrets with it: the runner's "
            "token and other jobs' credentials",
            "Nothing to do: the profile gives jobs an account without rights and without a token",
        )
    elif _OUR_JOBS.fullmatch(str(account or "")):
        table.note(key, Fate.CARRIED, "the wizard makes the jobs' account")
    elif account:
        table.leave(*key, why="jobs have an account of their own", told=True)
        release.report.breaks(
            f"jobs lose the ServiceAccount {account}",
            table.at(*key),
            "the profile's jobs run on an account without rights and without a token: jobs that "
            "deploy to the cluster, or sign in to a cloud through it, fail",
            "Give those jobs credentials of their own in GitLab (id_tokens, CI variables), or bind "
            "the rights to the account gitlab-runner-NAME-job and write "
            "extra_config.kubernetes.automount_service_account_token: true",
        )
    if mounts is True:
        why = "jobs of the wizard have no token"
        table.leave("kubernetes", "automount_service_account_token", why=why, told=True)
        release.report.surprises(
            "jobs lose the token of their ServiceAccount",
            table.at("kubernetes", "automount_service_account_token"),
            "the profile's jobs get none, so kubectl in a job cannot sign in to the cluster",
            "Write extra_config.kubernetes.automount_service_account_token: true, if jobs need it",
        )


def _dangers(release: Release, table: View) -> None:
    """What keys of the table open, by the table that `check` has too."""
    told = {key for key, _ in needs_privileged(table)} | _TOLD_OTHERWISE
    for danger in dangers(table.data, "config"):
        key: Key = danger.path
        if key in told or table.claimed(key):
            continue
        kept = f"{danger.instead} (in extra_config.{key_path(key)})"
        release.report.opens(
            f"{key_path(key).removeprefix('kubernetes.')}: {danger.opens}",
            table.at(*key),
            f"{key_path(key)} is {_shown(table.get(*key))}",
            "Nothing to do: it was left out" if key[-1] in _NEVER_KEPT else kept,
        )


def _shown(value: object) -> str:
    """A value in a few words."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str | int) else "set"


_TOLD_OTHERWISE: set[Key] = {
    ("kubernetes", "privileged"),
    ("kubernetes", "automount_service_account_token"),
    ("kubernetes", "volumes", "host_path"),
    # These become jobs.allowed_images and jobs.allowed_services themselves.
    ("kubernetes", "allowed_images"),
    ("kubernetes", "allowed_services"),
}
"""Dangers that have a finding of their own here, which says what becomes of them."""


def _leave_cluster_wide(release: Release, table: View) -> None:
    """Leave out what no manager of the wizard has rights for."""
    for key, why in _NEVER_KEPT.items():
        value = table.get("kubernetes", key)
        if value in (None, "", False):
            table.note(("kubernetes", key), Fate.ASIDE, "off")
            continue
        table.leave("kubernetes", key, why=why, told=True)
        if key in {"namespace_per_job", "namespace_overwrite_allowed"}:
            release.report.breaks(
                f"{key} is not carried over",
                table.at("kubernetes", key),
                "it needs rights across the cluster, which the wizard gives no manager; "
                "jobs that choose their namespace fail",
                "Give such jobs their own runner, with its own job namespace",
            )


_NEVER_KEPT = {
    "namespace_per_job": "it needs rights in the whole cluster",
    "namespace_overwrite_allowed": "it needs rights in the whole cluster",
    "bearer_token": "a token is never copied",
    "bearer_token_overwrite_allowed": "it hands out the manager's rights",
}


def _root(release: Release, table: View) -> None:
    if any(forbidden_root(table)):
        return  # they do not even start
    for key in root_keys(table):
        release.report.opens(
            "jobs run as root",
            table.at(*key),
            "a job that breaks out of its container is root on the node",
            "Remove it from extra_config and write jobs.pod_security: restricted to "
            "run jobs as a normal user: the profile keeps root",
        )
        return


def _forbidden_root(release: Release, table: View) -> None:
    for key in forbidden_root(table):
        release.report.breaks(
            "jobs are to run as root, and run_as_non_root forbids it",
            table.at(*key),
            "Kubernetes does not start such a container: CreateContainerConfigError",
            "Remove one of run_as_user: 0 and run_as_non_root: true from extra_config",
        )
        return


def _no_limits(release: Release, table: View) -> None:
    missing = [
        what
        for what, key in (("CPU", "cpu_limit"), ("memory", "memory_limit"))
        if not table.is_written("kubernetes", key)
        and not table.is_written("kubernetes", f"pod_{key}")
    ]
    is_kubernetes = str(table.get("executor") or "kubernetes") == "kubernetes"
    if missing and is_kubernetes and not release.unread_jobs:
        release.report.surprises(
            f"jobs have no limit of {' and '.join(missing)}",
            release.jobs_at(table, "kubernetes"),
            "one job can use up its node and get everything else on it evicted",
            "Write jobs.cpu.limit and jobs.memory.limit: the profile has null, which is no limit",
        )


def _moving_tags(release: Release, table: View) -> None:
    image = str(table.get("kubernetes", "image") or "")
    if not image or unread(image) or "@sha256:" in image or "$" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        release.report.tidy(
            f"the jobs' image {image} has a moving tag",
            table.at("kubernetes", "image"),
            "what it points to changes over time and, with if-not-present, from node to node",
            "Write a version in jobs.image",
        )


def _environment(release: Release, table: View) -> None:
    said = variables(table)
    for name, off in _NO_VERIFY.items():
        if said.get(name, "").lower() in off:
            release.report.opens(
                f"{name}: certificates are not checked",
                table.at("environment"),
                "every clone trusts any server that answers, which then sees the job's "
                "token and can change the code",
                "Give the private CA in gitlab.ca_file, and remove the variable from extra_config",
            )


def _files(release: Release, table: View) -> None:
    """Keys that name a file of the manager's container, which the profile's has not."""
    if release.values.is_written("certsSecretName"):
        return
    mounts = [
        str(one.get("mountPath"))
        for one in entries(release.values.get("volumeMounts"))
        if isinstance(one, Mapping)
    ]
    for key in _FILES:
        path = str(table.get(*key) or "")
        if path and not table.claimed(key) and not any(map(path.startswith, mounts)):
            release.report.breaks(
                f"{key[-1]} names a file in the old manager's container",
                table.at(*key),
                f"the profile's manager has no {path}, so it fails to start or to connect",
                "Give a CA in gitlab.ca_file, and remove the key from extra_config",
            )


_FILES: tuple[Key, ...] = (
    *(("tls-ca-file",), ("tls-cert-file",), ("tls-key-file",)),
    *(("kubernetes", "ca_file"), ("kubernetes", "cert_file"), ("kubernetes", "key_file")),
    ("cache", "gcs", "CredentialsFile"),
)


def _pull_policies(release: Release, table: View) -> None:
    wanted = {one.lower() for one in texts(table.get("kubernetes", "pull_policy"))}
    allowed = {one.lower() for one in texts(table.get("kubernetes", "allowed_pull_policies"))}
    if wanted and allowed and not wanted & allowed:
        release.report.breaks(
            "pull_policy is not among allowed_pull_policies",
            table.at("kubernetes", "allowed_pull_policies"),
            "every job fails: the configured pull policies are not allowed",
            "Make the two agree in extra_config.kubernetes",
        )


_ALL: tuple[Callable[[Release, View], None], ...] = (
    _executor,
    _account,
    _dangers,
    _leave_cluster_wide,
    _root,
    _forbidden_root,
    _no_limits,
    _moving_tags,
    _environment,
    _files,
    _pull_policies,
)
