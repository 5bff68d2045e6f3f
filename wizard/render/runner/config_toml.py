"""The runner's config.toml.

How many jobs run at once is one question, `jobs.concurrent`. The runner's managers share them, and
from the share N of each three keys follow:

* `concurrent = N`, the most jobs of the whole manager. It serves one `[[runners]]` entry, so this
  is the runner's own number.
* `limit = N`, the most jobs of that entry: the same, so that a second entry added by hand does not
  take its share unseen.
* `request_concurrency = max(2, min(N, 4))`, the most questions for a job under way at once. GitLab
  may hold a question for 50 s (long polling), and with 1 a second job waits that long although
  there is room for it; the runner warns of it, and advises 2 to 4 (`commands/multi.go`, 19.3.0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import tomli_w

from wizard.profile.labels import job_labels
from wizard.profile.model import Profile
from wizard.profile.runner import CpuShare, Jobs, MemoryShare, Runner, Toleration
from wizard.render.objects import without_empty
from wizard.render.runner import authority
from wizard.render.runner.images import ARCH_LABEL, LINUX, from_mirrors, job_architecture
from wizard.render.runner.job_environment import job_environment
from wizard.render.runner.job_volumes import volumes
from wizard.render.runner.pod_patches import FLAG, patches, pod_annotations
from wizard.render.runner.security import job_security
from wizard.render.tables.catalogue import runner_keys

METRICS_PORT = 9252
SHUTDOWN_TIMEOUT = 30
"""Seconds for a manager that is told to stop at once, as the runner's own default."""
TOKEN_PLACEHOLDER = "@RUNNER_TOKEN@"  # noqa: S105
"""Stands for the token, which the manager puts in when it starts; it never is in a file."""

_AUTOSCALER = "runners.kubernetes.autoscaler"
_POD_BUDGET = "runners.kubernetes.pod_disruption_budget"


def config(profile: Profile, runner: Runner) -> dict[str, Any]:
    """The whole config.toml of a runner as data, with `TOKEN_PLACEHOLDER` for its token."""
    manager = profile.manager
    return {
        "concurrent": jobs_of_each(profile, runner),
        "check_interval": manager.check_interval,
        "log_level": manager.log_level,
        "log_format": manager.log_format,
        "listen_address": f":{METRICS_PORT}",
        "shutdown_timeout": SHUTDOWN_TIMEOUT,
        "runners": [
            {
                "name": runner.name,
                "url": profile.gitlab.url,
                "token": TOKEN_PLACEHOLDER,
                "executor": "kubernetes",
                **runner_table(profile, runner),
            }
        ],
    }


def jobs_of_each(profile: Profile, runner: Runner) -> int:
    """How many jobs each of the runner's managers takes at once."""
    return runner.jobs.concurrent // profile.manager.replicas


def config_toml(profile: Profile, runner: Runner) -> str:
    """The whole config.toml of a runner, with `TOKEN_PLACEHOLDER` for its token."""
    return _toml(config(profile, runner))


def template_toml(profile: Profile, runner: Runner) -> str:
    """The `[[runners]]` part alone: what GitLab's chart merges into the registration it makes."""
    return _toml({"runners": [runner_table(profile, runner)]})


# Raw, they would be part of a block of YAML, whose readers take some of them for line ends.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _toml(data: Mapping[str, Any]) -> str:
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", tomli_w.dumps(data))


def runner_table(profile: Profile, runner: Runner) -> dict[str, Any]:
    """The `[[runners]]` table, without what registration knows: name, url, token, executor."""
    table: dict[str, Any] = {
        "limit": jobs_of_each(profile, runner),
        "request_concurrency": max(2, min(jobs_of_each(profile, runner), 4)),
    }
    if profile.gitlab.authority:
        table["tls-ca-file"] = authority.FILE
    if environment := job_environment(profile, runner):
        table["environment"] = environment
    table["feature_flags"] = {
        # From three quarters of a token's life on, a runner would reset the token by itself and
        # keep the new one in memory only: lost with the pod, and the stored one is dead.
        "FF_DISABLE_AUTOMATIC_TOKEN_ROTATION": True,
    }
    table["kubernetes"] = _kubernetes(profile, runner)
    if "pod_spec" in table["kubernetes"]:
        table["feature_flags"][FLAG] = True
    table = merged(table, runner.extra_config)
    _let_pause_pods_pull(profile, runner, table["kubernetes"])
    return from_mirrors(profile, table)


def _let_pause_pods_pull(profile: Profile, runner: Runner, kubernetes: dict[str, Any]) -> None:
    """Pods that keep nodes ready are the runner's own, and pull with the jobs' Secrets too."""
    secrets, key = runner.jobs.image_pull_secrets, "pause_pod_image_pull_secrets"
    knows = runner_keys(profile.manager.runner_version).knows(f"{_AUTOSCALER}.{key}")
    if secrets and knows and isinstance(kubernetes.get("autoscaler"), Mapping):
        kubernetes["autoscaler"] = {key: secrets, **kubernetes["autoscaler"]}


def merged(ours: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` over `ours`, mapping by mapping.

    Lists of mappings (volumes, patches), and `environment`, add up, because what we wrote is needed
    still; any other list is replaced as a whole.
    """
    result = dict(ours)
    for key, value in more.items():
        there = result.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            result[key] = merged(there, value)
        elif isinstance(value, list) and isinstance(there, list) and _adds_up(key, there):
            result[key] = [*there, *value]
        else:
            result[key] = value
    return result


def _adds_up(key: str, there: list[Any]) -> bool:
    return key == "environment" or any(isinstance(item, Mapping) for item in there)


def job_pull_policy(profile: Profile, runner: Runner) -> str:
    """When nodes pull the images of a runner's jobs.

    An image that is on the node already is not asked for again, so a job could use a private one
    that another project's job has pulled: where several projects meet, every job pulls.
    """
    if profile.images.pull_policy != "auto":
        return profile.images.pull_policy
    return "always" if profile.is_shared(runner) else "if-not-present"


def _kubernetes(profile: Profile, runner: Runner) -> dict[str, Any]:
    jobs = runner.jobs
    table: dict[str, Any] = {
        "namespace": profile.job_namespace(runner),
        "image": jobs.image,
        "pull_policy": [job_pull_policy(profile, runner)],
        "allowed_pull_policies": [job_pull_policy(profile, runner)],
        "service_account": runner.job_account,
        "automount_service_account_token": jobs.service_account.automount,
        "poll_timeout": jobs.start_timeout,
        **_resources(jobs),
        **_where(profile, runner),
        **job_security(profile, runner),
    }
    if runner_keys(profile.manager.runner_version).knows(_POD_BUDGET):
        # A node that is drained waits for its jobs, which end within their timeout.
        table["pod_disruption_budget"] = True
    return table | without_empty(
        allowed_images=jobs.allowed_images,
        allowed_services=jobs.allowed_services,
        image_pull_secrets=jobs.image_pull_secrets,
        priority_class_name=jobs.priority_class,
        runtime_class_name=jobs.runtime_class,
        pod_annotations=pod_annotations(profile, runner),
        pod_labels=job_labels(profile, runner),
        host_aliases=[one.model_dump() for one in profile.gitlab.host_aliases],
        pod_spec=patches(profile, runner),
        volumes=volumes(profile, runner),
    )


def _resources(jobs: Jobs) -> dict[str, str]:
    """Requests, limits and ceilings; the init container uses the helper's (19.3.0)."""
    keys: dict[str, str] = {}
    for prefix, group in (("", jobs), ("helper_", jobs.helper), ("service_", jobs.services)):
        keys |= _share(f"{prefix}cpu", group.cpu)
        keys |= _share(f"{prefix}memory", group.memory)
        keys |= _share(f"{prefix}ephemeral_storage", group.ephemeral_storage)
    return keys


def _share(name: str, share: CpuShare | MemoryShare) -> dict[str, str]:
    found = {
        f"{name}_request": share.request,
        f"{name}_limit": share.limit,
        f"{name}_request_overwrite_max_allowed": share.ceiling,
        f"{name}_limit_overwrite_max_allowed": share.ceiling,
    }
    return {key: value for key, value in found.items() if value is not None}


def _where(profile: Profile, runner: Runner) -> dict[str, Any]:
    """Which nodes take the jobs.

    The runner picks its helper's architecture by the node selector, else amd64
    (`retrieveHelperImageConfig` in `executors/kubernetes/kubernetes.go`, 19.3.0), so the selector
    is written wherever the jobs' architecture is another. Nodes of other systems never take them.
    """
    selector = {**LINUX, **runner.jobs.node_selector}
    architecture = job_architecture(profile, runner)
    if architecture != "amd64":
        selector.setdefault(ARCH_LABEL, architecture)
    found: dict[str, Any] = {"node_selector": selector}
    if runner.jobs.tolerations:
        found["node_tolerations"] = _tolerations(runner.jobs.tolerations)
    return found


def _tolerations(tolerations: list[Toleration]) -> dict[str, str]:
    """The map that the runner turns into tolerations again: `"key=value" = "Effect"`.

    A key without `=` means that any value is tolerated, an empty effect every effect. The map
    holds one effect for each key, so two effects of one taint become every effect.
    """
    found: dict[str, str] = {}
    for toleration in tolerations:
        key = toleration.key or ""
        if toleration.operator == "Equal":
            key += f"={toleration.value}"
        effect = toleration.effect or ""
        found[key] = effect if found.setdefault(key, effect) == effect else ""
    return found
