"""Pod Security: what job pods are made to fit, and the level that their namespace enforces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.profile.strategies import SecurityLevel
from wizard.render.objects import without_empty
from wizard.render.runner.builds import STRATEGIES
from wizard.render.tables.catalogue import runner_keys

BUILD_HOME = "/build-home"
_BUILD = "runners.kubernetes.build_container_security_context"
_SECCOMP = "runners.kubernetes.pod_security_context.seccomp_profile"
_NORMAL_USER = {
    "run_as_non_root": True,
    "run_as_user": 1000,
    "run_as_group": 1000,
    "fs_group": 1000,
}
_BESIDE_THE_BUILD = ("helper", "service", "init_permissions")
# Where jobs are root, so are the containers beside the build, but they need less. The helper reads
# and removes files of whatever user the job's image has; a service's entrypoint hands its data to a
# user of its own and becomes that user, as those of Postgres, MySQL and Redis do.
_NO_CAPABILITY = {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}}
_HELPER_KEEPS = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
_SERVICE_KEEPS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_BIND_SERVICE", "SETGID", "SETUID")


def enforced_level(profile: Profile, runner: Runner) -> SecurityLevel:
    """The level that the job namespace can enforce for this runner.

    `restricted` asks for a seccomp profile in the pod, which a runner can write since 18.11
    (`common/config.go` at each tag); older ones make the same pods without it, and these pass
    `baseline` only.
    """
    wanted = runner.security_level
    if wanted == "restricted" and not runner_keys(profile.manager.runner_version).knows(_SECCOMP):
        return "baseline"
    return wanted


def pod_security_level(profile: Profile, namespace: str = "") -> SecurityLevel:
    """The level that a namespace enforces: the loosest that any of its pods needs.

    Managers fit `restricted`, so where no job runs that is the level.

    Args:
        namespace: one of the profile's; empty for all of them together.
    """
    levels = [
        enforced_level(profile, runner)
        for runner in profile.runners
        if namespace in ("", profile.job_namespace(runner))
    ]
    return loosest(levels)


def loosest(levels: Iterable[SecurityLevel]) -> SecurityLevel:
    """The level under which pods of all these levels run; of none, the strictest."""
    return max(levels, key=get_args(SecurityLevel).index, default="restricted")


def job_security(profile: Profile, runner: Runner) -> dict[str, Any]:
    """The keys of `[runners.kubernetes]` that make job pods fit the wanted level.

    The top keys count for the build, helper, service and init containers alike, unless one has its
    own (`GetContainerSecurityContext` in `common/config.go`).
    """
    strategy = STRATEGIES[runner.builds.strategy]
    pod: dict[str, Any] = {}
    if _is_normal_user(runner):
        pod |= _normal_user(profile, rootless=strategy.rootless)
    if runner.jobs.pod_security == "privileged":
        return {"privileged": True, **without_empty(pod_security_context=pod)}
    keys: dict[str, Any] = {"privileged": False}
    seccomp = _default_seccomp(profile)
    if strategy.rootless:
        beside = {**_NO_CAPABILITY, **seccomp}
        keys |= {f"{kind}_container_security_context": beside for kind in _BESIDE_THE_BUILD}
        keys |= without_empty(build_container_security_context=_known(profile, strategy.build))
    else:
        pod |= seccomp
        if runner.security_level != "restricted":
            keys |= _beside_root()
        if strategy.services:
            keys["service_container_security_context"] = dict(strategy.services)
    if runner.security_level == "restricted":
        keys |= {"allow_privilege_escalation": False, "cap_drop": ["ALL"]}
    return keys | without_empty(pod_security_context=pod)


def _normal_user(profile: Profile, *, rootless: bool) -> dict[str, Any]:
    """User 1000; on OpenShift whom the namespace gives, but for builders that are made for 1000."""
    if profile.cluster.platform == "openshift" and not rootless:
        return {"run_as_non_root": True}
    return _NORMAL_USER


def _beside_root() -> dict[str, Any]:
    keeps = {"helper": _HELPER_KEEPS, "service": _SERVICE_KEEPS, "init_permissions": ()}
    return {
        f"{kind}_container_security_context": {
            **_NO_CAPABILITY,
            "capabilities": {**without_empty(add=list(kept)), "drop": ["ALL"]},
        }
        for kind, kept in keeps.items()
    }


def job_home(runner: Runner) -> str:
    """The home of the jobs' user, where it is not the image's own business; else empty.

    User 1000 is in few images' passwd, so its HOME would be `/`, where it cannot write; git and
    most tools want to.
    """
    if not _is_normal_user(runner):
        return ""
    return BUILD_HOME if STRATEGIES[runner.builds.strategy].rootless else "/tmp"  # noqa: S108


def _is_normal_user(runner: Runner) -> bool:
    rootless = STRATEGIES[runner.builds.strategy].rootless
    return rootless or runner.security_level == "restricted"


def _default_seccomp(profile: Profile) -> dict[str, Any]:
    return _known(profile, {"seccomp_profile": {"type": "RuntimeDefault"}})


def _known(profile: Profile, context: Mapping[str, Any]) -> dict[str, Any]:
    """What of a build container's security context the pinned runner knows."""
    keys = runner_keys(profile.manager.runner_version)
    return {key: value for key, value in context.items() if keys.knows(f"{_BUILD}.{key}")}
