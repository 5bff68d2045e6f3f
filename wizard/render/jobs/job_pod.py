"""The pod that the executor makes for an ordinary job, so that a cluster can be asked about it.

Follows `preparePodConfig` and what it calls (`executors/kubernetes/kubernetes.go`) and the
security contexts of `common/config.go`, at 19.3.0; it is read from the rendered configuration, so
`extra_config` counts. What a job itself brings (variables, labels, its script) is left out: no
admission rule that we know of looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from wizard.core.manifest import Manifest
from wizard.profile.labels import labels
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.jobs.patched_pod import PatchError, patched
from wizard.render.objects import manifest, without_empty
from wizard.render.runner.config_toml import runner_table
from wizard.render.runner.images import helper_image
from wizard.render.runner.manager import PULL_POLICIES

_Table = Mapping[str, Any]
_DEFAULT_DROP = "NET_RAW"
_SERVICE_IMAGE = "redis:8"


def job_pod(profile: Profile, runner: Runner) -> Manifest:
    """The pod of an ordinary job with one service, as the pinned runner would ask for it."""
    whole = runner_table(profile, runner)
    table, helper = whole["kubernetes"], helper_image(profile, whole)
    policy = _pull_policy(table)
    containers = [
        _container("build", table["image"], policy, table, "build", ""),
        _container("helper", helper, policy, table, "helper", "helper_"),
        _container("svc-0", _SERVICE_IMAGE, policy, table, "service", "service_"),
    ]
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "serviceAccountName": table["service_account"],
        "automountServiceAccountToken": table["automount_service_account_token"],
        "initContainers": [
            _container("init-permissions", helper, policy, table, "init_permissions", "helper_")
        ],
        "containers": containers,
        "volumes": [
            *_extra_volumes(table),
            *({"name": name, "emptyDir": {}} for name in ("repo", "scripts", "logs")),
        ],
        **_pod_settings(table),
    }
    name = f"{runner.release}-admission"[:63].rstrip("-")
    pod = manifest(
        "v1",
        "Pod",
        name,
        table["namespace"],
        labels(profile, runner) | table.get("pod_labels", {}),
        spec=_patched(spec, table),
    )
    if annotations := table.get("pod_annotations"):
        metadata = {**pod.body["metadata"], "annotations": annotations}
        return Manifest({**pod.body, "metadata": metadata})
    return pod


def _pull_policy(table: _Table) -> str:
    wanted = table["pull_policy"]  # of several, the runner tries the next where one fails
    first = wanted if isinstance(wanted, str) else next(iter(wanted), "")
    return PULL_POLICIES.get(first, "")


def _patched(spec: dict[str, Any], table: _Table) -> dict[str, Any]:
    for entry in table.get("pod_spec", ()):
        with suppress(PatchError):  # `check` says it; the runner does, in every job's log
            spec = patched(spec, entry)
    return spec


def _pod_settings(table: _Table) -> dict[str, Any]:
    tolerations = table.get("node_tolerations", {}).items()
    return without_empty(
        nodeSelector=table.get("node_selector"),
        tolerations=[_toleration(key, effect) for key, effect in tolerations],
        imagePullSecrets=[{"name": name} for name in table.get("image_pull_secrets", ())],
        securityContext=_pod_security(table.get("pod_security_context", {})),
        priorityClassName=table.get("priority_class_name"),
        runtimeClassName=table.get("runtime_class_name"),
        hostAliases=table.get("host_aliases"),
    )


def _toleration(key: str, effect: str) -> dict[str, str]:
    name, equals, value = key.partition("=")
    found = {"key": name, "operator": "Equal" if equals else "Exists"}
    if equals:
        found["value"] = value
    if effect:
        found["effect"] = effect
    return found


def _container(
    name: str, image: str, policy: str, table: _Table, kind: str, prefix: str
) -> dict[str, Any]:
    mounts = [
        {"name": "scripts", "mountPath": "/scripts"},
        {"name": "logs", "mountPath": "/logs"},
        *_extra_mounts(table),
        {"name": "repo", "mountPath": "/builds"},
    ]
    return {
        "name": name,
        "image": image,
        **without_empty(imagePullPolicy=policy),
        "resources": _resources(table, prefix),
        "volumeMounts": mounts,
        "securityContext": _security(table, kind),
    }


def _resources(table: _Table, prefix: str) -> dict[str, Any]:
    found: dict[str, dict[str, str]] = {}
    for kind, plural in (("request", "requests"), ("limit", "limits")):
        for resource in ("cpu", "memory", "ephemeral_storage"):
            if amount := table.get(f"{prefix}{resource}_{kind}"):
                found.setdefault(plural, {})[resource.replace("_", "-")] = amount
    return found


def _security(table: _Table, kind: str) -> dict[str, Any]:
    """A container's security context: its own table first, then the keys for all containers."""
    own: _Table = table.get(f"{kind}_container_security_context", {})
    found: dict[str, Any] = {"capabilities": _capabilities(table, own.get("capabilities", {}))}
    for key, name in (
        ("privileged", "privileged"),
        ("allow_privilege_escalation", "allowPrivilegeEscalation"),
    ):
        value = own.get(key, table.get(key))
        if value is not None:
            found[name] = value
    if kind != "init_permissions":
        # The user of the pod is said again in each container, so that no job overrides it.
        found |= _user(table.get("pod_security_context", {}))
    return found | _user(own) | _flags(own) | _profiles(own)


def _capabilities(table: _Table, own: _Table) -> dict[str, list[str]]:
    wanted = dict.fromkeys([_DEFAULT_DROP], False)
    wanted |= dict.fromkeys(table.get("cap_add", ()), True)
    wanted |= dict.fromkeys(table.get("cap_drop", ()), False)
    found = {
        "add": own.get("add") or [name for name, add in wanted.items() if add],
        "drop": own.get("drop") or [name for name, add in wanted.items() if not add],
    }
    return {key: names for key, names in found.items() if names}


def _pod_security(own: _Table) -> dict[str, Any]:
    names = {"fs_group": "fsGroup", "supplemental_groups": "supplementalGroups"}
    return _user(own) | _flags(own) | _profiles(own) | _renamed(own, names)


def _user(own: _Table) -> dict[str, Any]:
    return _renamed(own, {"run_as_user": "runAsUser", "run_as_group": "runAsGroup"})


def _flags(own: _Table) -> dict[str, Any]:
    names = {
        "run_as_non_root": "runAsNonRoot",
        "read_only_root_filesystem": "readOnlyRootFilesystem",
    }
    return _renamed(own, names) | _labelled(own)


def _labelled(own: _Table) -> dict[str, Any]:
    found = _renamed(own, {"proc_mount": "procMount"})
    if kind := own.get("selinux_type"):
        found["seLinuxOptions"] = {"type": kind}
    return found


def _renamed(own: _Table, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: own[key] for key, name in names.items() if key in own}


def _profiles(own: _Table) -> dict[str, Any]:
    found = {}
    names = {"seccomp_profile": "seccompProfile", "app_armor_profile": "appArmorProfile"}
    for key, name in names.items():
        if profile := own.get(key):
            found[name] = {"type": profile.get("type", "")}
            if local := profile.get("localhost_profile"):
                found[name]["localhostProfile"] = local
    return found


def _extra_mounts(table: _Table) -> list[dict[str, Any]]:
    return [
        {"name": volume.get("name", ""), "mountPath": volume.get("mount_path", "")}
        for _, volume in _volumes_of(table)
    ]


def _extra_volumes(table: _Table) -> list[dict[str, Any]]:
    """Volumes of the kinds that Pod Security tells apart: `hostPath`, `nfs`, and all others."""
    found = []
    for kind, volume in _volumes_of(table):
        source: dict[str, Any] = {"emptyDir": {}}
        if kind == "host_path":
            path = volume.get("host_path") or volume.get("mount_path", "")
            source = {"hostPath": {"path": path}}
        elif kind == "nfs":
            source = {"nfs": {"server": volume.get("server", ""), "path": volume.get("path", "")}}
        found.append({"name": volume.get("name", ""), **source})
    return found


def _volumes_of(table: _Table) -> Iterator[tuple[str, _Table]]:
    for kind, volumes in table.get("volumes", {}).items():
        for volume in volumes if isinstance(volumes, list) else [volumes]:
            yield kind, volume
