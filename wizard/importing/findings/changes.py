"""What changes for the jobs, what a file leaves unsaid, and what several tables share."""

from __future__ import annotations

from typing import Any

from wizard.core.problems import Key
from wizard.importing.findings.tokens import is_authenticated
from wizard.importing.ledger import Fate
from wizard.importing.release import Kind, Release, number, texts
from wizard.importing.translate.jobs import MOST_JOBS
from wizard.importing.translate.levels import level_of, root_keys, user_of
from wizard.importing.view import View

_SAID_ONCE: tuple[tuple[str, Key], ...] = (
    ("the GitLab they work for", ("url",)),
    ("their pull policy", ("kubernetes", "pull_policy")),
)
_OF_CONFIG = ("concurrent", "check_interval", "log_level", "log_format")
"""config.toml's own keys that a profile has."""


def tell_release(release: Release) -> None:
    """Findings about all tables of a release together."""
    _tell_globals(release)
    _tell_tables(release)
    _tell_concurrency(release)
    _tell_what_gitlab_keeps(release)


def tell_changes(release: Release, table: View) -> None:
    """What jobs of one table meet that they did not meet before."""
    if str(table.get("executor") or "kubernetes") != "kubernetes" or release.unread_jobs:
        return
    _tell_user(release, table)
    _tell_pull_policy(release, table)
    _tell_token(release, table)
    _tell_image(release, table)


def _tell_globals(release: Release) -> None:
    """Keys above [[runners]]: of a template they have no effect."""
    if not release.has_template:
        for key in release.top.data:
            if key in _OF_CONFIG:
                continue
            if key in {"listen_address", "shutdown_timeout"}:
                release.top.note((key,), Fate.OURS, "the wizard writes it itself")
            else:
                release.top.leave(key, why="a profile has no key for it")
        return
    for key in list(release.top.data):
        release.report.surprises(
            f"{key} has no effect where it is written",
            release.top.at(key),
            f"{release.config_name} is a template for [[runners]], and nothing else of it is read",
            _instead_of_global(key),
        )
        release.top.leave(key, why="a template's own keys are not read", told=True)
        release.top.blank((key,))


def _instead_of_global(key: str) -> str:
    """Where a profile says what a global key of config.toml does."""
    if key == "concurrent":
        return "Write jobs.concurrent, if you meant it"
    if key in _OF_CONFIG:
        return f"Write manager.{key}, if you meant it"
    return "Nothing to do: it was left out"


def _tell_tables(release: Release) -> None:
    tables = [table for table in release.tables if table.data]
    if len(tables) < 2:
        return
    if release.has_template:
        release.report.breaks(
            f"{release.config_name} has {len(tables)} [[runners]] tables, and may have only one",
            tables[1].at(),
            "registration fails with 'configuration template must contain exactly one "
            "[[runners]] entry', so this manager never starts",
            "Nothing to do: in the profile, each is a runner with its own manager",
        )
    else:
        together = number(release.top.get("concurrent"))
        if together:
            release.report.surprises(
                f"{len(tables)} tables shared a limit of {together} jobs at once",
                release.top.at("concurrent"),
                "in the profile, each is a runner with its own manager, so their limits add up",
                "Lower jobs.concurrent if that is more than the nodes can take",
            )
    for table in tables[1:]:
        for what, key in _SAID_ONCE:
            first, own = _shown(tables[0].get(*key)), _shown(table.get(*key))
            if own and own != first:
                release.report.surprises(
                    f"the tables differ in {what}: {own} here, {first or 'none'} in the first",
                    table.at(*key),
                    "a profile has one value for all its runners",
                    "Give this runner its own profile: here it gets the first table's value",
                )


def _shown(value: Any) -> str:
    return ", ".join(texts(value)).rstrip("/")


def _tell_concurrency(release: Release) -> None:
    replicas = release.replicas
    views = [] if release.whole_config else [release.values]
    if not release.has_template:
        views.append(release.top)
    written = any(one.is_written("concurrent") for one in views)
    for one in views:
        if one.is_written("concurrent"):
            _tell_wrong_count(release, one)
    times = f"; there are {replicas} managers" if replicas > 1 else ""
    if not written:
        if release.unread_values:
            return
        each, whose = release.default_concurrent
        release.report.tidy(
            f"the file does not set concurrent, so a manager runs {each} jobs at once, {whose}"
            f"{times}",
            release.as_whole(),
            "the profile keeps that number in jobs.concurrent",
            "Lower jobs.concurrent if it is more than the nodes can take",
        )
    elif replicas > 1 and (release.values.has("concurrent") or release.top.has("concurrent")):
        each = number(release.values.get("concurrent") or release.top.get("concurrent"))
        release.report.tidy(
            f"{replicas} managers run {each} jobs each: {replicas * each} at once",
            release.values.at("replicas"),
            "`concurrent` applies to each manager; jobs.concurrent in the profile is the total",
            "Nothing to do",
        )


def _tell_wrong_count(release: Release, view: View) -> None:
    """Numbers of jobs that the runner refuses, or a profile cannot hold."""
    value = view.get("concurrent")
    if number(value) < 1:
        if view.has("concurrent"):  # what is not filled in has been told
            release.report.breaks(
                f"concurrent is {value!r}, which is not a number of jobs",
                view.at("concurrent"),
                "the runner does not start with it",
                "Write the number into jobs.concurrent: the profile has "
                f"{release.default_concurrent[0] * release.replicas}",
            )
        return
    if number(value) * release.replicas > MOST_JOBS:
        release.report.surprises(
            f"{number(value) * release.replicas:,} jobs at once are more than a profile takes",
            view.at("concurrent"),
            f"jobs.concurrent is {MOST_JOBS:,} at most",
            "Make a second runner, if the nodes can take more",
        )


def _tell_what_gitlab_keeps(release: Release) -> None:
    registers = bool(release.values.get("runnerRegistrationToken")) and not is_authenticated(
        release
    )
    if (registers or release.kind is Kind.OPERATOR) and release.values.get("runners", "tags"):
        release.report.surprises(
            "the old runner's maximum job timeout may not be in the file",
            release.as_whole(),
            "GitLab stores it; without it, each project's own timeout applies",
            "Look it up in GitLab, and write runners[].maximum_timeout",
        )
        return
    release.report.surprises(
        "the old runner's settings in GitLab are not in the file",
        release.as_whole(),
        "GitLab stores its tags, its timeout, and whether it is protected, locked "
        "or runs untagged jobs; a job whose tags the new runner lacks stays "
        "pending",
        "Look it up in GitLab (Settings > CI/CD > Runners) and write its tags and "
        "the rest into runners[], or take it over with runners[].adopt",
    )


def _tell_user(release: Release, table: View) -> None:
    level = level_of(table)
    if level == "restricted" or any(True for _ in root_keys(table)):
        return
    if level == "baseline" and user_of(table) is None:
        release.report.tidy(
            "jobs run as their image's own user, which is root in most images",
            release.jobs_at(table, "kubernetes"),
            "the file asks for no other user and drops no capabilities",
            "Write jobs.pod_security: auto if jobs can run as user 1000 without "
            "capabilities (no apt-get install, no chown): the profile keeps baseline",
        )


def _tell_pull_policy(release: Release, table: View) -> None:
    if table.is_written("kubernetes", "pull_policy"):
        return
    release.report.surprises(
        "the file sets no pull policy; the profile sets if-not-present",
        release.jobs_at(table, "kubernetes"),
        "Kubernetes does the same, except that it pulls images without a tag or "
        "with :latest for every job; a job that asks for another policy fails",
        "Write images.pull_policy: always if projects that must not use each "
        "other's images share nodes",
    )


def _tell_token(release: Release, table: View) -> None:
    keys = ("service_account", "automount_service_account_token")
    if any(table.is_written("kubernetes", key) for key in keys):
        return
    release.report.surprises(
        "jobs lose the token of their namespace's ServiceAccount",
        release.jobs_at(table, "kubernetes"),
        "until now every job pod had one; only jobs that talk to the cluster need it",
        "Write extra_config.kubernetes.automount_service_account_token: true, if jobs need it",
    )


def _tell_image(release: Release, table: View) -> None:
    if table.is_written("kubernetes", "image"):
        return
    written = any(release.values.is_written("runners", key) for key in ("config", "configOverride"))
    of_chart = release.has_chart and not written
    release.report.tidy(
        "the file sets no image for jobs whose pipeline names none",
        release.jobs_at(table, "kubernetes"),
        "the chart's default is alpine, without a version" if of_chart else "such jobs fail",
        "Write jobs.image for another image than the profile's, alpine:3.22",
    )
