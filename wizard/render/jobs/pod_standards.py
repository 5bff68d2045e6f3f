"""The Pod Security Standards, as the API server's admission enforces them (Kubernetes 1.32).

Asked offline of the pods that come out of a profile, so that what a namespace would refuse is known
before it is. See "Pod Security Standards" in Kubernetes' documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from wizard.profile.strategies import SecurityLevel

_Spec = Mapping[str, Any]
_BASELINE_CAPABILITIES = frozenset(
    {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"}
    | {"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
)
_SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
    }
    | {"net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"}
    | {"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout"}
    | {"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"}
)
_SELINUX_TYPES = frozenset(
    {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
)
_RESTRICTED_VOLUMES = frozenset(
    {"name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"}
    | {"persistentVolumeClaim", "projected", "secret"}
)
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_NO_PROFILE = "Unconfined"


class Violation(NamedTuple):
    """What a level forbids, and where it is: a container's name, or `pod`."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def violations(
    spec: _Spec, level: SecurityLevel, annotations: Mapping[str, Any] | None = None
) -> list[Violation]:
    """Everything in a pod that a level forbids, each once, in the order of the standard.

    Args:
        spec: of a pod, its containers and volumes lists of mappings.
        level: that its namespace enforces.
        annotations: of the pod.
    """
    if level == "privileged":
        return []
    found = [*_baseline_pod(spec, annotations or {}), *_baseline_containers(spec)]
    if level == "restricted":
        found += _restricted(spec)
    return list(dict.fromkeys(found))


def containers(spec: _Spec) -> Iterator[tuple[str, _Spec]]:
    """Every container of a pod, by its name."""
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            yield str(container.get("name", "")), container


def _contexts(spec: _Spec) -> Iterator[tuple[str, _Spec]]:
    """The security contexts of a pod and of each of its containers."""
    yield "pod", spec.get("securityContext") or {}
    for name, container in containers(spec):
        yield name, container.get("securityContext") or {}


def _baseline_pod(spec: _Spec, annotations: Mapping[str, Any]) -> Iterator[Violation]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield Violation("pod", key)
    for volume in spec.get("volumes") or ():
        if "hostPath" in volume:
            yield Violation("pod", f"the hostPath volume {volume.get('name', '')}")
    for sysctl in (spec.get("securityContext") or {}).get("sysctls") or ():
        if sysctl.get("name") not in _SAFE_SYSCTLS:
            yield Violation("pod", f"the sysctl {sysctl.get('name', '')}")
    for key, value in annotations.items():
        if key.startswith(_APP_ARMOR) and value == "unconfined":
            yield Violation(key.removeprefix(_APP_ARMOR), "AppArmor unconfined")


def _baseline_containers(spec: _Spec) -> Iterator[Violation]:
    for name, container in containers(spec):
        if any(port.get("hostPort") for port in container.get("ports") or ()):
            yield Violation(name, "hostPort")
    for name, context in _contexts(spec):
        yield from (Violation(name, what) for what in _baseline_context(context))


def _baseline_context(context: _Spec) -> Iterator[str]:
    if context.get("privileged"):
        yield "privileged"
    added = set((context.get("capabilities") or {}).get("add") or ())
    if beyond := sorted(added - _BASELINE_CAPABILITIES):
        yield f"the capabilities {', '.join(beyond)}"
    for key, words in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        if (context.get(key) or {}).get("type") == _NO_PROFILE:
            yield f"{words} unconfined"
    if context.get("procMount", "Default") != "Default":
        yield f"procMount {context['procMount']}"
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in _SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "SELinux options of its own"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield "hostProcess"


def _restricted(spec: _Spec) -> Iterator[Violation]:
    for volume in spec.get("volumes") or ():
        for kind in sorted(volume.keys() - _RESTRICTED_VOLUMES - {"hostPath"}):
            yield Violation("pod", f"the {kind} volume {volume.get('name', '')}")
    pod = spec.get("securityContext") or {}
    for name, context in _contexts(spec):
        if context.get("runAsUser") == 0:
            yield Violation(name, "runs as root (user 0)")
    for name, container in containers(spec):
        own = container.get("securityContext") or {}
        yield from (Violation(name, what) for what in _restricted_container(own, pod))


def _restricted_container(own: _Spec, pod: _Spec) -> Iterator[str]:
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may escalate its privileges"
    if (own.get("runAsNonRoot", pod.get("runAsNonRoot"))) is not True:
        yield "may run as root"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or ()):
        yield "keeps capabilities"
    if beyond := sorted(set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}):
        yield f"the capabilities {', '.join(beyond)}"
    seccomp = (own.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type")
    if seccomp not in {"RuntimeDefault", "Localhost"} and seccomp != _NO_PROFILE:
        yield "no seccomp profile"
