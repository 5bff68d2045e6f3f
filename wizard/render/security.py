"""Pod Security: what job pods are made to fit, and the level that their namespace enforces."""

from __future__ import annotations

from typing import Any, get_args

from wizard.profile.model import Profile
from wizard.profile.runner import LEAST_SECURITY, Runner, SecurityLevel
from wizard.render.catalogue import runner_keys

_JOB_USER = 1000
_SECCOMP = "runners.kubernetes.pod_security_context.seccomp_profile"


def wanted_level(runner: Runner) -> SecurityLevel:
    """The level that a runner's job pods are made to fit."""
    if runner.jobs.pod_security != "auto":
        return runner.jobs.pod_security
    return LEAST_SECURITY[runner.builds.strategy]


def enforced_level(profile: Profile, runner: Runner) -> SecurityLevel:
    """The level that the job namespace can enforce for this runner.

    `restricted` asks for a seccomp profile in the pod, which a runner can write since 18.11
    (`common/config.go` at each tag); older ones make the same pods without it, and these pass
    `baseline` only.
    """
    wanted = wanted_level(runner)
    if wanted == "restricted" and not runner_keys(profile.manager.runner_version).knows(_SECCOMP):
        return "baseline"
    return wanted


def pod_security_level(profile: Profile) -> SecurityLevel:
    """The level that the job namespace enforces: the loosest that any of its runners needs."""
    levels = (enforced_level(profile, runner) for runner in profile.runners)
    return max(levels, key=get_args(SecurityLevel).index)


def job_security(profile: Profile, runner: Runner) -> dict[str, Any]:
    """The keys of `[runners.kubernetes]` that make job pods fit the wanted level.

    The top keys count for the build, helper, service and init containers alike
    (`GetContainerSecurityContext` in `common/config.go`).
    """
    level = wanted_level(runner)
    keys: dict[str, Any] = {"privileged": level == "privileged"}
    pod: dict[str, Any] = {}
    if level == "restricted":
        keys |= {"allow_privilege_escalation": False, "cap_drop": ["ALL"]}
        pod |= {
            "run_as_non_root": True,
            "run_as_user": _JOB_USER,
            "run_as_group": _JOB_USER,
            "fs_group": _JOB_USER,
        }
    if level != "privileged" and runner_keys(profile.manager.runner_version).knows(_SECCOMP):
        pod["seccomp_profile"] = {"type": "RuntimeDefault"}
    if pod:
        keys["pod_security_context"] = pod
    return keys


def job_environment(runner: Runner) -> list[str]:
    """Variables of every job container.

    User 1000 is in no image's passwd, so its HOME would be `/`, where it cannot write; git and
    most tools want to.
    """
    return ["HOME=/tmp"] if wanted_level(runner) == "restricted" else []
