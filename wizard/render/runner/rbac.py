"""What the manager may do in the job namespace: each verb with its reason, nothing else.

The table follows "Configure runner API permissions" in the runner's documentation
(docs/executors/kubernetes, 19.4.0), which is made from the calls in its source. `secrets` has no
`list`, and `configmaps` is there for suspendable jobs only, because no ordinary job needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.core.manifest import Manifest
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.objects import manifest
from wizard.render.runner.config_toml import runner_table

_API = "rbac.authorization.k8s.io"


def _always(_table: Mapping[str, Any]) -> bool:
    return True


def _kubernetes_key(name: str, default: bool = False) -> Callable[[Mapping[str, Any]], bool]:
    return lambda table: bool(table["kubernetes"].get(name, default))


def _feature_flag(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda table: bool(table["feature_flags"].get(name))


@dataclass(frozen=True, slots=True)
class Grant:
    """Verbs on one resource, and why; `when` looks at the runner's `[[runners]]` table."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    why: str
    when: Callable[[Mapping[str, Any]], bool] = _always


GRANTS = (
    Grant("", "pods", ("create", "delete", "get"), "a pod for each job"),
    Grant("", "pods", ("list", "watch"), "to see pods change without asking again and again"),
    Grant("", "pods/attach", ("create", "delete", "get", "patch"), "to run the job's script"),
    Grant("", "pods/exec", ("create", "delete", "get", "patch"), "to read the job's output"),
    Grant("", "pods/log", ("get", "list"), "the output of services"),
    Grant(
        "",
        "secrets",
        ("create", "delete", "get", "update"),
        "a job's own registry credentials, which end with its pod",
    ),
    Grant("", "serviceaccounts", ("get",), "to see that the jobs' own is there"),
    Grant("", "services", ("create", "get"), "ports of a job's services"),
    Grant(
        "",
        "events",
        ("list",),
        "to show in the job's log why its pod does not start",
        _kubernetes_key("print_pod_warning_events", default=True),
    ),
    Grant(
        "",
        "events",
        ("watch",),
        "to show every event of the pod in the job's log",
        _feature_flag("FF_PRINT_POD_EVENTS"),
    ),
    Grant(
        "policy",
        "poddisruptionbudgets",
        ("create", "get"),
        "so that a drained node waits for its jobs; runner 18.11 and later",
        _kubernetes_key("pod_disruption_budget"),
    ),
    *(
        Grant(
            "",
            resource,
            verbs,
            "jobs that are suspended and resumed; runner 19.4 and later",
            _feature_flag("FF_SUSPENDABLE_ENVIRONMENTS"),
        )
        for resource, verbs in (
            ("configmaps", ("create", "delete", "get", "update")),
            ("namespaces", ("get",)),  # its own: a Role reaches no other
            ("persistentvolumeclaims", ("create", "delete")),
        )
    ),
    Grant(
        "apps",
        "deployments",
        ("create", "delete", "get", "list", "update"),
        "pause pods that keep nodes ready; runner 18.11 and later",
        _kubernetes_key("autoscaler"),
    ),
)


def rules(profile: Profile, runner: Runner) -> list[dict[str, Any]]:
    """The rules of the runner's Role: one a resource, in the table's order."""
    table = runner_table(profile, runner)
    verbs: dict[tuple[str, str], list[str]] = {}
    for grant in GRANTS:
        if grant.when(table):
            verbs.setdefault((grant.group, grant.resource), []).extend(grant.verbs)
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": sorted(granted)}
        for (group, resource), granted in verbs.items()
    ]


def role(profile: Profile, runner: Runner) -> Manifest:
    """The Role of the runner's manager, in the namespace of the jobs."""
    return manifest(
        f"{_API}/v1",
        "Role",
        runner.release,
        profile.job_namespace(runner),
        labels(profile, runner),
        rules=rules(profile, runner),
    )


def role_binding(profile: Profile, runner: Runner) -> Manifest:
    """The Role given to the manager's ServiceAccount, across the two namespaces."""
    return manifest(
        f"{_API}/v1",
        "RoleBinding",
        runner.release,
        profile.job_namespace(runner),
        labels(profile, runner),
        roleRef={"apiGroup": _API, "kind": "Role", "name": runner.release},
        subjects=[
            {
                "kind": "ServiceAccount",
                "name": runner.release,
                "namespace": profile.cluster.namespace,
            }
        ],
    )
