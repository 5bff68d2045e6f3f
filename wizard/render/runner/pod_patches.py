"""What no key of config.toml can say about a job's pod: patches, which the runner lays over it.

The runner applies them where FF_USE_ADVANCED_POD_SPEC_CONFIGURATION is on (`applyPodSpecMerge` in
`executors/kubernetes/kubernetes.go`, 17.4.0 to 19.3.0).
"""

from __future__ import annotations

import json
from typing import Any

from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.render.runner.builds import STRATEGIES
from wizard.render.tables.catalogue import runner_keys

FLAG = "FF_USE_ADVANCED_POD_SPEC_CONFIGURATION"
_PROFILE = "runners.kubernetes.build_container_security_context.{}"
# Kubernetes turned this annotation into a field in 1.30, and still reads it.
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/build"


def patches(profile: Profile, runner: Runner) -> list[dict[str, str]]:
    """The entries of `[[runners.kubernetes.pod_spec]]`."""
    found = []
    if gpu := runner.jobs.gpu:
        limits = {"limits": {gpu.resource: str(gpu.count)}}
        found.append(_of_the_build("gpu", {"resources": limits}))
    if _cannot_say(profile, runner, "seccomp_profile"):
        context = {"seccompProfile": {"type": "Unconfined"}}
        found.append(_of_the_build("seccomp", {"securityContext": context}))
    return found


def pod_annotations(profile: Profile, runner: Runner) -> dict[str, str]:
    """`pod_annotations`: an AppArmor profile, where the pinned runner has no key for one."""
    says = _cannot_say(profile, runner, "app_armor_profile")
    return {_APP_ARMOR: "unconfined"} if says else {}


def _cannot_say(profile: Profile, runner: Runner, key: str) -> bool:
    wanted = key in STRATEGIES[runner.builds.strategy].build
    return wanted and not runner_keys(profile.manager.runner_version).knows(_PROFILE.format(key))


def _of_the_build(name: str, change: dict[str, Any]) -> dict[str, str]:
    patch = {"containers": [{"name": "build", **change}]}
    return {"name": name, "patch_type": "strategic", "patch": json.dumps(patch)}
