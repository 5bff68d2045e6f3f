"""What changes for the jobs, what a file leaves unsaid, and what several tables share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key
from wizard.importing.findings.tokens import is_authenticated
from wizard.importing.ledger import Fate
from wizard.importing.release import Kind, Release, number, texts
from wizard.importing.texts.templates import MARK, unread
from wizard.importing.translate.levels import level_of, root_keys
from wizard.importing.view import View

_SAID_ONCE: tuple[tuple[str, Key], ...] = (
    ("the GitLab they work for", ("url",)),
    ("their pull policy", ("kubernetes", "pull_policy")),
)
_OF_CONFIG = ("concurrent", "check_interval", "log_level", "log_format")
"""config.toml's own keys that a profile has."""
_BY_TEXT = ("pre_build_script", "post_build_script", "pre_get_sources_script")


def tell_release(release: Release) -> None:
    """Findings about all tables of a release together."""
    _tell_globals(release)
    _tell_tables(release)
    _tell_concurrency(release)
    _tell_what_gitlab_keeps(release)


def tell_changes(release: Release, table: View) -> None:
    """What jobs of one table meet that they did not meet before."""
    if str(table.get("executor") or "kubernetes") != "kubernetes":
        return
    _tell_user(release, table)
    _tell_pull_policy(release, table)
    _tell_token(release, table)
    _tell_image(release, table)


def _tell_globals(release: Release) -> None:
    """Keys above [[runners]]: of a template they have no effect."""
    if release.whole_config or not release.has_chart:
        for key in release.top.data:
            if key in _OF_CONFIG:
                continue
            if key in {"listen_address", "shutdown_timeout"}:
                release.top.note((key,), Fate.OURS, "the wizard writes it itself")
            else:
                release.top.leave(key, why="a profile has no key for it")
        return
    for key in list(release.top.data):
        value_key = {"check_interval": "checkInterval", "log_level": "logLevel"}.get(key, key)
        release.report.surprises(
            f"{key} in runners.config has no effect",
            release.top.at(key),
            "the text is a template for [[runners]]; what is above it is not read",
            f"Write the chart's value for it, {value_key}, if you meant it",
        )
        release.top.leave(key, why="a template's own keys are not read", told=True)


def _tell_tables(release: Release) -> None:
    tables = [table for table in release.tables if table.data]
    if len(tables) < 2:
        return
    if release.has_chart and not release.whole_config:
        release.report.breaks(
            f"runners.config has {len(tables)} [[runners]] tables, and may have one",
            tables[1].at(),
            "register stops: 'configuration template must contain exactly one [[runners]] entry', "
            "so this manager never starts",
            "Nothing to do: in the profile each is a runner with a manager of its own",
        )
    else:
        together = number(release.top.get("concurrent"))
        if together:
            release.report.surprises(
                f"{len(tables)} tables shared {together} jobs at once",
                release.top.at("concurrent"),
                "in the profile each is a runner with a manager of its own, so their numbers add "
                "up",
                "Lower jobs.concurrent where that is more than the nodes can take",
            )
    for table in tables[1:]:
        for what, key in _SAID_ONCE:
            first, own = _shown(tables[0].get(*key)), _shown(table.get(*key))
            if own and own != first:
                release.report.surprises(
                    f"the tables differ in {what}: {own} here, {first or 'none'} in the first",
                    table.at(*key),
                    "a profile says it once, for all its runners",
                    "Give this runner a profile of its own; the first table's is used",
                )


def _shown(value: Any) -> str:
    return ", ".join(texts(value)).rstrip("/")


def _tell_concurrency(release: Release) -> None:
    replicas = release.replicas
    if release.whole_config:
        written = release.top.is_written("concurrent")
    else:
        written = any(one.is_written("concurrent") for one in (release.values, release.top))
    times = f", times {replicas} managers" if replicas > 1 else ""
    if not written:
        default = (
            "10 a manager, the chart's default"
            if release.has_chart and not release.whole_config
            else "1, the runner's default"
        )
        release.report.tidy(
            f"concurrent is not in the file, so {default}, counts{times}",
            release.as_whole(),
            "that many jobs run at once, and the profile keeps it: jobs.concurrent",
            "Lower jobs.concurrent if that is more than the nodes can take",
        )
    elif replicas > 1 and (release.values.has("concurrent") or release.top.has("concurrent")):
        each = number(release.values.get("concurrent") or release.top.get("concurrent"))
        release.report.tidy(
            f"{replicas} managers run {each} jobs each: {replicas * each} at once",
            release.values.at("replicas"),
            "`concurrent` counts for each manager; the profile's jobs.concurrent is for all "
            "together",
            "Nothing to do",
        )


def _tell_what_gitlab_keeps(release: Release) -> None:
    registers = bool(release.values.get("runnerRegistrationToken")) and not is_authenticated(
        release
    )
    if (registers or release.kind is Kind.OPERATOR) and release.values.get("runners", "tags"):
        release.report.surprises(
            "the old runner's longest job time may not be in the file",
            release.as_whole(),
            "GitLab keeps it; the profile leaves it to each project",
            "Look it up in GitLab, and write runners[].maximum_timeout",
        )
        return
    release.report.surprises(
        "what GitLab keeps for the old runner is not in the file",
        release.as_whole(),
        "its tags, protected, locked, run untagged and maximum timeout are in GitLab: a job whose "
        "tags the new runner lacks stays "
        ""
        "pending",
        "Look the old runner up in GitLab, under Settings > CI/CD > Runners, and write its tags "
        "and "
        "the rest into runners[]; or take it over with runners[].adopt",
    )


def _tell_user(release: Release, table: View) -> None:
    level = level_of(table)
    if level == "restricted" or any(True for _ in root_keys(table)):
        return
    if level == "baseline":
        release.report.tidy(
            "jobs run as the user of their image, which is root in most",
            release.jobs_at(table, "kubernetes"),
            "the file asks for no other, nor for fewer capabilities",
            "Write jobs.pod_security: auto if jobs need neither root nor capabilities (no apt-get "
            "install, no chown): they run as user 1000 then; the profile keeps baseline",
        )


def _tell_pull_policy(release: Release, table: View) -> None:
    if table.get("kubernetes", "pull_policy"):
        return
    release.report.surprises(
        "the file sets no pull policy, and the profile does: if-not-present",
        release.jobs_at(table, "kubernetes"),
        "Kubernetes' own is the same, save for images without a tag or with :latest, which were "
        "pulled at every job; a job that asks for another policy fails",
        "Write images.pull_policy: always where projects that may not see each other share nodes",
    )


def _tell_token(release: Release, table: View) -> None:
    account = table.get("kubernetes", "service_account")
    if account or table.get("kubernetes", "automount_service_account_token") is not None:
        return
    release.report.surprises(
        "jobs lose the token of their namespace's ServiceAccount",
        release.jobs_at(table, "kubernetes"),
        "until now each job's pod had one; it matters only to jobs that talk to the cluster",
        "Write extra_config.kubernetes.automount_service_account_token: true, if jobs need it",
    )


def _tell_image(release: Release, table: View) -> None:
    if table.get("kubernetes", "image"):
        return
    release.report.tidy(
        "the file names no image for jobs that name none",
        release.jobs_at(table, "kubernetes"),
        "the chart's own is alpine, without a version" if release.has_chart else "such jobs fail",
        "Write jobs.image for another image than the profile's, alpine:3.22",
    )


def leave_unread(release: Release) -> None:
    """Leave out every value that is still to be filled in by a tool that did not run here."""
    for view in (release.values, release.top, *release.tables):
        for key, template in _unread_in(view.data, ()):
            if view.claimed(key) or key in (("gitlabUrl",), ("url",), ("token",)):
                continue
            if key in (
                ("runnerToken",),
                ("runnerRegistrationToken",),
                ("name",),
                ("runners", "name"),
            ):
                view.note(key, Fate.LEFT, "it is not filled in", told=True)
                continue
            if view is release.values and key[:2] in {
                ("runners", "config"),
                ("runners", "configOverride"),
            }:
                continue
            view.leave(*key, why="it is not filled in", told=True)
            release.report.surprises(
                f"{key[-1] if isinstance(key[-1], str) else key[-2]} is not filled in: {template}",
                view.at(*key),
                "what it comes to is not in the file, and a profile holds no templates",
                "Write what it comes to into the profile",
            )
            view.blank(key)


def _unread_in(data: Any, path: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _unread_in(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _unread_in(value, (*path, index))
    elif isinstance(data, str):
        template = unread(data)
        if template and (MARK in data or (template == data.strip() and path[-1] not in _BY_TEXT)):
            yield path, template
