"""From one `[[runners]]` table to a runner of a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.operations.importing.pile import Pile
from wizard.operations.importing.setup import Values, section
from wizard.operations.importing.table_findings import ARCHIVED, is_for_docker
from wizard.render.builds import STRATEGIES

_SHARES = ("cpu", "memory", "ephemeral_storage")
# What registration knows, what the wizard writes itself, and what other executors read.
_OURS = (
    *("name", "url", "token", "executor", "id", "token_obtained_at", "token_expires_at", "shell"),
    *("limit", "request_concurrency"),
)
_OURS_BELOW = (
    *("namespace", "service_account", "automount_service_account_token", "helper_image"),
    *("allowed_pull_policies", "bearer_token", "pod_disruption_budget"),
)
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


def runner_of_table(
    table: Values, concurrent: Any, managers: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A runner's data (jobs, builds, extra_config), and what it says about images.

    Args:
        concurrent: the most jobs of a whole manager; None where the file does not say.
        managers: how many of them there are, each with as many jobs.
    """
    pile = Pile(table)
    limits = [one for one in (concurrent, table.get("limit")) if isinstance(one, int) and one > 0]
    builds = _builds(table)
    jobs: dict[str, Any] = {"concurrent": min(limits) * managers} if limits else {}
    for key, field in _FIELDS.items():
        if value := _maintained(pile.take("kubernetes", key)):
            jobs[field] = value
    if tolerations := pile.take("kubernetes", "node_tolerations"):
        jobs["tolerations"] = _tolerations(tolerations)
    jobs |= _shares(pile, "")
    for field, prefix in (("helper", "helper_"), ("services", "service_")):
        if shares := _shares(pile, prefix):
            jobs[field] = shares
    images = _pull_policy(pile.take("kubernetes", "pull_policy"))
    for key in _OURS:
        pile.take(key)
    for key in _OURS_BELOW:
        pile.take("kubernetes", key)
    if builds == "dind" or not section(table, "kubernetes").get("privileged"):
        pile.take("kubernetes", "privileged")
    _drop_docker_volumes(pile)
    runner = {"jobs": jobs, "builds": builds, "extra_config": pile.rest()}
    return {key: value for key, value in runner.items() if value}, images


def _maintained(value: Any) -> Any:
    """The value with the builder that we know in the place of the archived one."""
    if isinstance(value, list):
        return [_maintained(one) for one in value]
    archived = isinstance(value, str) and ARCHIVED.fullmatch(value)
    return STRATEGIES["kaniko"].builder if archived else value


def _builds(table: Values) -> str:
    kubernetes = section(table, "kubernetes")
    if kubernetes.get("privileged"):
        return "dind"
    images = f"{kubernetes.get('image')} {kubernetes.get('allowed_images')}"
    return "kaniko" if "kaniko" in images else "none"


def _shares(pile: Pile, prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for resource in _SHARES:
        name = f"{prefix}{resource}"
        share = {
            "request": pile.take("kubernetes", f"{name}_request"),
            "limit": pile.take("kubernetes", f"{name}_limit"),
            "ceiling": pile.take("kubernetes", f"{name}_limit_overwrite_max_allowed"),
        }
        requests = pile.take("kubernetes", f"{name}_request_overwrite_max_allowed")
        share["ceiling"] = share["ceiling"] or requests
        if given := {key: value for key, value in share.items() if value}:
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


def _pull_policy(given: Any) -> dict[str, Any]:
    """The first policy, in the profile's words: it is the one that the runner tries first."""
    first = given[0] if isinstance(given, list) and given else given
    return {"pull_policy": _dashed(str(first))} if first else {}


def _dashed(word: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", word).lower()


def _drop_docker_volumes(pile: Pile) -> None:
    """Take out the volumes for Docker in Docker: the wizard writes them where they are of use."""
    volumes = pile.take("kubernetes", "volumes")
    if not isinstance(volumes, Mapping):
        return
    kept = {
        kind: [one for one in found if not is_for_docker(one)]
        for kind, found in volumes.items()
        if isinstance(found, list)
    }
    if left := {kind: found for kind, found in kept.items() if found}:
        pile.put(left, "kubernetes", "volumes")
