"""From one `[[runners]]` table to a runner of a profile: its jobs do what they did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from wizard.core.problems import Key, key_path
from wizard.importing.ledger import Fate
from wizard.importing.release import Release, number, texts
from wizard.importing.translate.builds import leave_docker, maintained, strategy_of
from wizard.importing.translate.levels import level_of
from wizard.importing.view import View, found_at, without_empty
from wizard.profile.strategies import STRATEGIES, SecurityLevel, Strategy

_SHARES = ("cpu", "memory", "ephemeral_storage")
_FIELDS = {
    "image": "image",
    "node_selector": "node_selector",
    "image_pull_secrets": "image_pull_secrets",
    "priority_class_name": "priority_class",
    "runtime_class_name": "runtime_class",
    "allowed_images": "allowed_images",
    "allowed_services": "allowed_services",
    "poll_timeout": "start_timeout",
}
_REGISTERED = {
    "executor": "the executor: the wizard writes kubernetes",
    "id": "the old runner's number in GitLab: adopt says it, if it is to be adopted",
    "token_obtained_at": "of the old runner's token",
    "token_expires_at": "of the old runner's token",
}
MOST_JOBS = 1000
PULL_POLICIES = {
    "always": "always",
    "if-not-present": "if-not-present",
    "ifnotpresent": "if-not-present",
    "never": "never",
}


def runner_of_table(release: Release, table: View, index: int, of_pipelines: str) -> dict[str, Any]:
    """A runner's data (jobs, builds, extra_config), without its name and scope.

    Args:
        index: its place among the profile's runners.
        of_pipelines: how the given pipelines build images; empty where they do not say.
    """
    at: Key = ("runners", index)
    strategy = strategy_of(table, of_pipelines)
    jobs: dict[str, Any] = {"concurrent": _concurrent(release, table, at)}
    for key, field in _FIELDS.items():
        value = maintained(table.get("kubernetes", key))
        if value not in (None, "", [], {}):
            table.take("kubernetes", key, to=(*at, "jobs", field))
            jobs[field] = value
        else:
            table.note(("kubernetes", key), Fate.ASIDE, "empty")
    if given := table.get("kubernetes", "node_tolerations"):
        table.take("kubernetes", "node_tolerations", to=(*at, "jobs", "tolerations"))
        jobs["tolerations"] = _tolerations(given)
    jobs |= _shares(table, "", (*at, "jobs"))
    for field, prefix in (("helper", "helper_"), ("services", "service_")):
        jobs[field] = _shares(table, prefix, (*at, "jobs", field))
    more = _pull(table, at)
    level = level_of(table)
    leave_docker(release, table, strategy)
    _registered(table)
    more |= _security(table, jobs, strategy, level, at)
    runner = {"jobs": jobs, "builds": strategy}
    if more:
        runner["extra_config"] = {"kubernetes": more}
    return runner


def with_rest(table: View, runner: dict[str, Any], index: int) -> dict[str, Any]:
    """The runner with what nobody took of its table, in `extra_config`."""
    rest = table.rest()
    for key in _leaves(rest):
        target: Key = ("runners", index, "extra_config", *key)
        if found_at(rest, key) == {}:  # a header with nothing below it says nothing
            table.note_if_open(key, Fate.ASIDE, "empty", ())
        else:
            table.note_if_open(key, Fate.KEPT, key_path(target), target)
    rest = without_empty(rest)
    extra = _merged(rest, runner.pop("extra_config", {}))
    return {**runner, **({"extra_config": extra} if extra else {})}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for key, value in other.items():
        inner = found.get(key)
        found[key] = (
            _merged(inner, value)
            if isinstance(inner, Mapping) and isinstance(value, Mapping)
            else value
        )
    return found


def _leaves(data: Mapping[str, Any], above: Key = ()) -> list[Key]:
    found: list[Key] = []
    for key, value in data.items():
        below = (*above, key)
        found += _leaves(value, below) if isinstance(value, Mapping) and value else [below]
    return found


def _concurrent(release: Release, table: View, at: Key) -> int:
    """How many jobs ran at once: the managers' own number, or the table's, times the managers."""
    target: Key = (*at, "jobs", "concurrent")
    of_manager = number(release.values.get("concurrent"))
    if not release.has_template:
        of_manager = number(release.top.get("concurrent")) or (
            of_manager if not release.whole_config else 0
        )
        release.top.take("concurrent", to=target)
        if release.whole_config and release.values.has("concurrent") and release.has_chart:
            release.values.leave("concurrent", why="runners.configOverride counts in its place")
    release.values.take("concurrent", to=target)
    release.values.note(("concurrent",), Fate.ASIDE, "empty")
    of_table = number(table.get("limit"))
    table.take("limit", to=target)
    each = of_manager if of_manager > 0 else release.default_concurrent[0]
    together = (min(each, of_table) if of_table else each) * release.replicas
    return max(1, min(together, MOST_JOBS))


def _shares(table: View, prefix: str, to: Key) -> dict[str, Any]:
    """Requests, limits and ceilings of one kind of container; a limit that was not, is none.

    A request without a limit, and a limit without a request (which Kubernetes then takes for both),
    stay what they were; where the file asks for nothing, the wizard's own request counts.
    """
    found: dict[str, Any] = {}
    for resource in _SHARES:
        name = f"{prefix}{resource}"
        given = {}
        for part, key in (
            ("request", f"{name}_request"),
            ("limit", f"{name}_limit"),
            ("ceiling", f"{name}_limit_overwrite_max_allowed"),
        ):
            if value := table.get("kubernetes", key):
                table.take("kubernetes", key, to=(*to, resource, part))
                given[part] = value
            else:
                table.note(("kubernetes", key), Fate.ASIDE, "empty")
        other = f"{name}_request_overwrite_max_allowed"
        if value := table.get("kubernetes", other):
            table.take("kubernetes", other, to=(*to, resource, "ceiling"))
            given.setdefault("ceiling", value)
        else:
            table.note(("kubernetes", other), Fate.ASIDE, "empty")
        if resource != "ephemeral_storage":
            given.setdefault("limit", None)
            if given["limit"]:
                given.setdefault("request", None)
        if given:
            found[resource] = given
    return found


def _tolerations(given: Any) -> list[dict[str, str]]:
    """The runner's map, `"key=value" = "Effect"`, as tolerations."""
    found = []
    for key, effect in given.items() if isinstance(given, Mapping) else ():
        name, equals, value = str(key).partition("=")
        operator = "Equal" if equals else "Exists"
        one = {"key": name, "operator": operator, "value": value, "effect": str(effect)}
        found.append({part: text for part, text in one.items() if text})
    return found


def pull_policies(given: Any) -> list[str]:
    """Pull policies in the runner's words; what is none of them stays as it is."""
    return [PULL_POLICIES.get(one.replace("_", "-").lower(), one) for one in texts(given) if one]


def _pull(table: View, at: Key) -> dict[str, Any]:
    """The policies: one goes to `images`, and what one cannot say stays in the table."""
    wanted = pull_policies(table.get("kubernetes", "pull_policy"))
    allowed = pull_policies(table.get("kubernetes", "allowed_pull_policies"))
    more: dict[str, Any] = {}
    keys = ("pull_policy", "allowed_pull_policies")
    if len(wanted) > 1 or (allowed and allowed != wanted):
        for key in keys:
            target: Key = (*at, "extra_config", "kubernetes", key)
            table.note(("kubernetes", key), Fate.KEPT, key_path(target), target)
        if wanted:
            more["pull_policy"] = wanted
        more["allowed_pull_policies"] = allowed or wanted
    else:
        for key in keys:
            table.note(
                ("kubernetes", key), Fate.CARRIED, "images.pull_policy", ("images", "pull_policy")
            )
    return more


def _registered(table: View) -> None:
    for key, why in _REGISTERED.items():
        table.note((key,), Fate.ASIDE, why)
    table.note(
        ("request_concurrency",), Fate.CARRIED, "runners[].jobs.concurrent, which it follows"
    )
    if table.get("shell") in ("bash", "sh", ""):
        table.note(("shell",), Fate.ASIDE, "the runner's own default")


def _security(
    table: View, jobs: dict[str, Any], strategy: Strategy, level: SecurityLevel, at: Key
) -> dict[str, Any]:
    """The level that lets jobs run as they do, and what has to be said besides."""
    more: dict[str, Any] = {}
    target: Key = (*at, "jobs", "pod_security")
    kubernetes = table.section("kubernetes")
    least, levels = STRATEGIES[strategy].level, get_args(SecurityLevel)
    wanted = max(level, least, key=levels.index)
    if strategy == "dind":
        table.note(("kubernetes", "privileged"), Fate.CARRIED, "runners[].builds: dind")
        wanted = least
    else:
        table.note(("kubernetes", "privileged"), Fate.CARRIED, key_path(target), target)
    if wanted != least:
        jobs["pod_security"] = wanted
        if wanted == "privileged" and kubernetes.get("privileged") is not True:
            # The profile's `privileged` makes every container so, and these were not.
            more["privileged"] = False
    if wanted == "restricted":
        for name in ("cap_drop", "allow_privilege_escalation"):
            table.note(("kubernetes", name), Fate.CARRIED, "what restricted asks for")
    if kubernetes.get("pod_disruption_budget") is True:
        table.note(("kubernetes", "pod_disruption_budget"), Fate.CARRIED, "the wizard writes it")
    if kubernetes.get("automount_service_account_token") is False:
        key = ("kubernetes", "automount_service_account_token")
        table.note(key, Fate.CARRIED, "jobs of the wizard have no token")
    return more
