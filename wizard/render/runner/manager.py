"""The runner manager, where no chart makes it: its ConfigMap, Deployment and disruption budget."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from wizard.core.manifest import Manifest
from wizard.core.shipped import asset
from wizard.profile.delivery import Manager
from wizard.profile.labels import TOKEN_REVISION, labels, manager_labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner, Toleration
from wizard.render.objects import manifest, without_empty
from wizard.render.runner import authority, proxy
from wizard.render.runner.config_toml import METRICS_PORT, config_toml
from wizard.render.runner.images import LINUX, manager_image, mirrored

CONFIG_FOLDER = "/home/gitlab-runner/.gitlab-runner"
# User and group of each image's own `gitlab-runner` (values.yaml of the chart, 0.86.0). Another
# user has no home in the image, and looks for its configuration in `/`.
IMAGE_USERS = {"alpine": (100, 65533), "ubuntu": (999, 999)}
# SIGQUIT lets a runner finish its jobs, SIGTERM ends them. GitLab's image asks for SIGQUIT; what
# other builds of it ask for is not known, so 15 becomes 3 whoever sends it.
_INIT = ("/usr/bin/dumb-init", "--rewrite", "15:3", "--")
_DISK = "ephemeral-storage"
PULL_POLICIES = {
    "auto": "IfNotPresent",
    "if-not-present": "IfNotPresent",
    "always": "Always",
    "never": "Never",
}


def config_map(profile: Profile, runner: Runner) -> Manifest:
    """The configuration without its token, and the script that puts it in."""
    return manifest(
        "v1",
        "ConfigMap",
        runner.release,
        profile.cluster.namespace,
        labels(profile, runner),
        data={
            "config.template.toml": config_toml(profile, runner),
            "entrypoint": _entrypoint(),
        },
    )


def deployment(profile: Profile, runner: Runner) -> Manifest:
    """The managers: while one is replaced, the old one finishes its jobs."""
    return manifest(
        "apps/v1",
        "Deployment",
        runner.release,
        profile.cluster.namespace,
        labels(profile, runner),
        spec={
            "replicas": profile.manager.replicas,
            "selector": {"matchLabels": manager_labels(profile, runner)},
            "strategy": STRATEGY,
            "template": {
                "metadata": {
                    "labels": labels(profile, runner),
                    "annotations": {
                        "checksum/config": _checksum(config_map(profile, runner)),
                        **pod_annotations(profile, runner),
                        "prometheus.io/scrape": "true",
                        "prometheus.io/port": str(METRICS_PORT),
                    },
                },
                "spec": _pod(profile, runner),
            },
        },
    )


def disruption_budget(profile: Profile, runner: Runner) -> Manifest:
    """Never two managers of a runner leave at once, but never a drain that cannot end.

    `maxUnavailable: 0` would protect an only manager for ever, and with it the node it is on. An
    evicted manager takes no new jobs and finishes those it has, for up to `manager.drain`.
    """
    return manifest(
        "policy/v1",
        "PodDisruptionBudget",
        runner.release,
        profile.cluster.namespace,
        labels(profile, runner),
        spec={
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": manager_labels(profile, runner)},
        },
    )


STRATEGY = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
CONTAINER_SECURITY: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}
TMP_VOLUME: dict[str, Any] = {"name": "tmp", "emptyDir": {}}
TMP_MOUNT = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108


def pod_security(profile: Profile) -> dict[str, Any]:
    """The manager pod's security context: it passes Pod Security `restricted`.

    OpenShift gives each namespace a range of users, and refuses a pod that names another.
    """
    user, group = IMAGE_USERS[profile.manager.flavor]
    users = {"runAsUser": user, "runAsGroup": group, "fsGroup": group}
    return {
        "runAsNonRoot": True,
        **({} if profile.cluster.platform == "openshift" else users),
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def pod_annotations(profile: Profile, runner: Runner) -> dict[str, str]:
    """A new token revision, or another CA, makes new pods, which read it."""
    revision = runner.token_revision
    found = {TOKEN_REVISION: str(revision) if revision else ""}
    found["runner-wizard/ca"] = authority.checksum(profile)
    return without_empty(**found)


def environment(profile: Profile) -> list[dict[str, str]]:
    """Variables of the manager's container."""
    variables = {**authority.manager_variables(profile), **proxy.manager_variables(profile)}
    if profile.cluster.platform == "openshift":
        variables["HOME"] = "/tmp"  # noqa: S108 - the user it is given has no home in the image
    return [{"name": name, "value": value} for name, value in variables.items()]


def resources(manager: Manager) -> dict[str, Any]:
    """Requests and limits of the manager's container, as Kubernetes writes them."""
    cpu, memory, disk = manager.cpu, manager.memory, manager.ephemeral_storage
    requests = without_empty(cpu=cpu.request, memory=memory.request)
    limits = without_empty(cpu=cpu.limit, memory=memory.limit)
    return without_empty(
        requests=requests | without_empty(**{_DISK: disk.request}),
        limits=limits | without_empty(**{_DISK: disk.limit}),
    )


def pull_policy(profile: Profile) -> str:
    """When nodes pull the manager's image, as Kubernetes writes it; its tag is a version's own."""
    return PULL_POLICIES[profile.images.pull_policy]


def placement(profile: Profile, runner: Runner) -> dict[str, Any]:
    """Which nodes take the manager's pods, how their image is pulled, and which hosts they know."""
    manager = profile.manager
    return without_empty(
        nodeSelector={**LINUX, **manager.node_selector},
        tolerations=_tolerations(manager.tolerations),
        topologySpreadConstraints=_spread(profile, runner),
        priorityClassName=manager.priority_class,
        imagePullSecrets=[{"name": name} for name in manager.image_pull_secrets],
        hostAliases=[one.model_dump() for one in profile.gitlab.host_aliases],
    )


def _spread(profile: Profile, runner: Runner) -> list[dict[str, Any]]:
    """Several managers of a runner apart, by zone and by node, as far as there is room.

    Where there is none they share a node: a manager that is not there takes no jobs at all.
    """
    if profile.manager.replicas == 1:
        return []
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": manager_labels(profile, runner)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _tolerations(wanted: list[Toleration]) -> list[dict[str, str]]:
    found = []
    for toleration in wanted:
        entry = {"key": toleration.key, "operator": toleration.operator}
        if toleration.operator == "Equal":
            entry["value"] = toleration.value
        entry["effect"] = toleration.effect
        found.append({key: value for key, value in entry.items() if value is not None})
    return found


def _pod(profile: Profile, runner: Runner) -> dict[str, Any]:
    manager = profile.manager
    return {
        "serviceAccountName": runner.release,
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": manager.drain,
        "securityContext": pod_security(profile),
        "containers": [_container(profile)],
        "volumes": [
            {"name": "configmaps", "configMap": {"name": runner.release}},
            {"name": "projected-secrets", "projected": {"sources": [_token(runner)]}},
            # The configuration with the token in it: in memory, never on the node's disk.
            {"name": "etc-gitlab-runner", "emptyDir": {"medium": "Memory"}},
            TMP_VOLUME,
            *authority.manager_volume(profile),
        ],
        **placement(profile, runner),
    }


def _token(runner: Runner) -> dict[str, Any]:
    keys = ("runner-registration-token", "runner-token")
    items = [{"key": key, "path": key} for key in keys]
    return {"secret": {"name": runner.token_secret, "items": items}}


def _container(profile: Profile) -> dict[str, Any]:
    # Both probes ask the manager itself, never GitLab: whether its own server still answers.
    metrics = {"httpGet": {"path": "/metrics", "port": "metrics"}, "timeoutSeconds": 5}
    unregister = ["/entrypoint", "unregister", "--config", f"{CONFIG_FOLDER}/config.toml"]
    return {
        "name": "gitlab-runner",
        "image": mirrored(profile, manager_image(profile)),
        "imagePullPolicy": pull_policy(profile),
        "command": [*_INIT, "/bin/bash", "/configmaps/entrypoint"],
        **without_empty(env=environment(profile)),
        "ports": [{"name": "metrics", "containerPort": METRICS_PORT}],
        "livenessProbe": {**metrics, "periodSeconds": 30, "failureThreshold": 10},
        "readinessProbe": {**metrics, "periodSeconds": 10, "failureThreshold": 3},
        # Takes this manager, not the runner, off GitLab's list, before it is told to stop.
        "lifecycle": {"preStop": {"exec": {"command": [*unregister, "--all-runners"]}}},
        "resources": resources(profile.manager),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "configmaps", "mountPath": "/configmaps", "readOnly": True},
            {"name": "projected-secrets", "mountPath": "/secrets", "readOnly": True},
            {"name": "etc-gitlab-runner", "mountPath": CONFIG_FOLDER},
            TMP_MOUNT,
            *authority.manager_mount(profile),
        ],
    }


@cache
def _entrypoint() -> str:
    return asset("entrypoint.sh").read_text(encoding="utf-8")


def _checksum(manifest: Manifest) -> str:
    data = manifest.body["data"]
    return hashlib.sha256("".join(f"{key}\0{data[key]}\0" for key in data).encode()).hexdigest()
