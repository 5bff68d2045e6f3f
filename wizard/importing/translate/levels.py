"""The Pod Security level that job pods need to run as they do today.

By the Pod Security Standards (Kubernetes 1.32), over the keys of `[runners.kubernetes]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.core.problems import Key
from wizard.importing.release import entries, section, texts
from wizard.importing.view import View
from wizard.profile.strategies import SecurityLevel

CONTEXTS = (
    *("build_container_security_context", "helper_container_security_context"),
    *("service_container_security_context", "init_permissions_container_security_context"),
)
_CONTAINERS = {
    "build_container_security_context": "build containers",
    "helper_container_security_context": "helper containers",
    "service_container_security_context": "services",
    "init_permissions_container_security_context": "init containers",
}
_OF_BASELINE = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_OF_RESTRICTED_VOLUMES = {"config_map", "csi", "empty_dir", "pvc", "secret"}
_HOST_WORDS = ("hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "privileged: true")


def needs_privileged(table: View) -> Iterator[tuple[Key, str]]:
    """Each key that only a privileged namespace admits, and what it is."""
    kubernetes = table.section("kubernetes")
    if kubernetes.get("privileged") is True:
        yield ("kubernetes", "privileged"), "privileged containers"
    for name in ("pod_security_context", *CONTEXTS):
        yield from _opened_by(name, section(kubernetes, name))
    for key in _added_capabilities(kubernetes):
        yield key, "capabilities beyond the default ones"
    if entries(section(kubernetes, "volumes").get("host_path")):
        yield ("kubernetes", "volumes", "host_path"), "host volumes"
    for index, patch in enumerate(entries(kubernetes.get("pod_spec"))):
        text = str(section({"patch": patch}, "patch").get("patch"))
        if any(word in text for word in _HOST_WORDS):
            yield ("kubernetes", "pod_spec", index), "a pod_spec patch that opens the node"
    for name, value in section(kubernetes, "pod_annotations").items():
        if name.startswith("container.apparmor.security") and value == "unconfined":
            yield ("kubernetes", "pod_annotations", name), "no AppArmor profile"


def _opened_by(name: str, context: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """What a security context has that only a privileged namespace admits."""
    if context.get("privileged") is True:
        yield (
            ("kubernetes", name, "privileged"),
            f"privileged {_CONTAINERS.get(name, 'containers')}",
        )
    if str(context.get("proc_mount") or "Default") != "Default":
        yield ("kubernetes", name, "proc_mount"), "an unmasked /proc"
    for profile in ("seccomp_profile", "app_armor_profile"):
        if section(context, profile).get("type") == "Unconfined":
            yield ("kubernetes", name, profile), "no seccomp or AppArmor profile"


def _added_capabilities(kubernetes: Mapping[str, Any]) -> Iterator[Key]:
    if _beyond(kubernetes.get("cap_add")):
        yield ("kubernetes", "cap_add")
    for name in CONTEXTS:
        if _beyond(section(kubernetes, name, "capabilities").get("add")):
            yield ("kubernetes", name, "capabilities", "add")


def _beyond(names: Any) -> bool:
    return any(name.upper().removeprefix("CAP_") not in _OF_BASELINE for name in texts(names))


def is_restricted(table: View) -> bool:
    """Whether the job pods fit `restricted` already: a normal user, nothing more."""
    kubernetes = table.section("kubernetes")
    pod = section(kubernetes, "pod_security_context")
    build = section(kubernetes, CONTEXTS[0])
    non_root = build.get("run_as_non_root", pod.get("run_as_non_root")) is True
    user = build.get("run_as_user", pod.get("run_as_user"))
    dropped = {
        *texts(kubernetes.get("cap_drop")),
        *texts(section(build, "capabilities").get("drop")),
    }
    escalation = build.get(
        "allow_privilege_escalation", kubernetes.get("allow_privilege_escalation")
    )
    kinds = {kind for kind, found in section(kubernetes, "volumes").items() if entries(found)}
    return (
        non_root
        and user != 0
        and "ALL" in {one.upper() for one in dropped}
        and escalation is False
        and kinds <= _OF_RESTRICTED_VOLUMES
    )


def level_of(table: View) -> SecurityLevel:
    """The strictest level that admits the pods as they are."""
    if any(True for _ in needs_privileged(table)):
        return "privileged"
    return "restricted" if is_restricted(table) else "baseline"


def user_of(table: View) -> int | None:
    """The user that build containers run as, where the table says it."""
    kubernetes = table.section("kubernetes")
    for name in (CONTEXTS[0], "pod_security_context"):
        user = section(kubernetes, name).get("run_as_user")
        if isinstance(user, int):
            return user
    return None


def forbidden_root(table: View) -> Iterator[Key]:
    """Keys that make containers run as root where the same table forbids it."""
    kubernetes = table.section("kubernetes")
    pod = section(kubernetes, "pod_security_context")
    for name in ("pod_security_context", *CONTEXTS):
        context = {**pod, **section(kubernetes, name)}
        said = section(kubernetes, name).keys() & {"run_as_user", "run_as_non_root"}
        if said and context.get("run_as_user") == 0 and context.get("run_as_non_root") is True:
            yield ("kubernetes", name, next(iter(sorted(said, reverse=True))))


def root_keys(table: View) -> Iterator[Key]:
    """Keys that make containers run as root."""
    kubernetes = table.section("kubernetes")
    for name in ("pod_security_context", *CONTEXTS):
        if section(kubernetes, name).get("run_as_user") == 0:
            yield ("kubernetes", name, "run_as_user")
